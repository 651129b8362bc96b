"""Makes the clips of audio_samples/: needs the program espeak-ng for the speech."""

import subprocess
import tempfile
from pathlib import Path

import av
import numpy as np

RATE = 16_000
FOLDER = Path(__file__).resolve().parent.parent / "audio_samples"
SENTENCE = (
    "The quick brown fox jumps over the lazy dog. "
    "Somewhere in forty four layers, a number is wrong."
)


def write(name: str, samples: np.ndarray, codec: str) -> None:
    """Writes float samples in [-1, 1] as 16-bit mono."""
    pcm = np.round(np.clip(samples, -1, 1) * 32767).astype(np.int16)[None]
    with av.open(str(FOLDER / name), "w") as container:
        stream = container.add_stream(codec, rate=RATE)
        assert isinstance(stream, av.AudioStream)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
        frame.sample_rate = RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)


def speech() -> np.ndarray:
    from core.audio import load_audio

    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "speech.wav"
        command = ["espeak-ng", "-v", "en-us", "-s", "150", "-w", str(wav), SENTENCE]
        subprocess.run(command, check=True)
        return load_audio(wav)


def sweep(seconds: float = 5.0, low: float = 50.0, high: float = 7500.0) -> np.ndarray:
    """A sine whose frequency rises exponentially: every mel band sounds in turn."""
    t = np.arange(int(seconds * RATE)) / RATE
    rate = np.log(high / low) / seconds
    return 0.5 * np.sin(2 * np.pi * low * np.expm1(rate * t) / rate)


if __name__ == "__main__":
    write("speech.flac", speech(), "flac")
    write("silence.wav", np.zeros(3 * RATE), "pcm_s16le")
    write("sweep.wav", sweep(), "pcm_s16le")
