import os
import wave
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from core.model.audio import (
    BUNDLED_CLIP,
    load_audio,
    log_mel,
    log_mel_float64,
    why_silent,
    window,
)
from debug.protocol.diagnostic import Problem

RATE = 16_000


def tone(seconds: float, rate: int, hertz: float = 440.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)


def write(path: Path, samples: np.ndarray, rate: int, codec: str) -> Path:
    """Samples of shape (n,) or (n, channels) in a container that the name implies."""
    pcm = np.round(samples * 32767).astype(np.int16)
    channels = 1 if pcm.ndim == 1 else pcm.shape[1]
    layout = "mono" if channels == 1 else "stereo"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        assert isinstance(stream, av.AudioStream)
        stream.layout = layout
        frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout=layout)
        frame.sample_rate = rate
        resampler = av.AudioResampler(
            stream.format.name, layout, rate, stream.frame_size or None
        )
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            for packet in stream.encode(part):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return path


def problem_of(path: Path) -> str:
    with pytest.raises(Problem) as raised:
        load_audio(path)
    message = str(raised.value.diagnostic)
    assert "\n" not in message
    return message


def test_a_wav_at_16_khz_comes_back_sample_for_sample(tmp_path):
    samples = tone(0.5, RATE)
    pcm = np.round(samples * 32767).astype("<i2")
    with wave.open(str(tmp_path / "tone.wav"), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(pcm.tobytes())
    assert np.array_equal(
        load_audio(tmp_path / "tone.wav").samples, pcm / np.float32(32768)
    )


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.wav", "pcm_s16le"), ("a.flac", "flac"), ("a.mp3", "mp3"), ("a.ogg", "libopus")],
)
def test_other_formats_and_rates_become_16_khz_mono(tmp_path, name, codec):
    rate = 48_000 if codec == "libopus" else 44_100
    stereo = np.stack([tone(1.0, rate)] * 2, axis=1)
    samples = load_audio(write(tmp_path / name, stereo, rate, codec)).samples
    assert samples.dtype == np.float32
    assert len(samples) == pytest.approx(RATE, abs=RATE * 0.1)
    spectrum = np.abs(np.fft.rfft(samples))
    peak = spectrum.argmax() * RATE / len(samples)
    assert peak == pytest.approx(440, abs=5)


def test_a_window_is_30_seconds_from_the_start_padded_with_silence():
    samples = np.arange(3 * RATE, dtype=np.float32)
    part = window(samples, start=1.0)
    assert part.shape == (30 * RATE,)
    assert part[0] == RATE
    assert part[2 * RATE :].abs().max() == 0


@pytest.mark.parametrize("start", [-1.0, 3.0, 1e9])
def test_a_start_outside_the_clip_is_a_problem(start):
    with pytest.raises(Problem, match="lies outside the clip"):
        window(np.zeros(3 * RATE, dtype=np.float32), start)


@pytest.mark.parametrize("n_mels", [80, 128])
def test_the_float64_mel_is_whispers_to_rounding(n_mels):
    samples = window(load_audio(BUNDLED_CLIP).samples, 0.0)
    narrow, wide = log_mel(samples, n_mels), log_mel_float64(samples, n_mels)
    assert narrow.shape == wide.shape == (1, n_mels, 3000)
    assert (narrow.dtype, wide.dtype) == (torch.float32, torch.float64)
    assert ((narrow - wide).norm() / wide.norm()).item() < 5e-6


def test_a_file_that_is_not_there_is_a_problem(tmp_path):
    assert "there is no file" in problem_of(tmp_path / "none.wav")


def test_a_folder_is_a_problem(tmp_path):
    assert "is a folder" in problem_of(tmp_path)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"not audio at all" * 100])
def test_a_file_that_is_no_audio_is_a_problem(tmp_path, content):
    path = tmp_path / "bad.wav"
    path.write_bytes(content)
    assert "bad.wav" in problem_of(path)


def test_a_clip_without_samples_is_a_problem(tmp_path):
    with wave.open(str(tmp_path / "empty.wav"), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
    assert "empty.wav" in problem_of(tmp_path / "empty.wav")


def test_a_window_that_is_silent_in_a_clip_that_is_not_is_said():
    samples = torch.from_numpy(np.concatenate([tone(1, RATE), np.zeros(2 * RATE)]))
    assert why_silent("a.wav", samples) is None
    assert "a.wav is silent here" in (why_silent("a.wav", samples[RATE:]) or "")


DATA = Path(__file__).resolve().parents[2] / "data"


def test_a_rate_that_changes_within_a_file_is_followed():
    samples = load_audio(DATA / "mixed.aac").samples
    assert len(samples) / RATE > 3
    assert np.isfinite(samples).all()


def test_a_pipe_that_nobody_writes_to_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(Problem, match="is a pipe or a device; write - in its place"):
        load_audio(tmp_path / "pipe.wav")


@pytest.mark.parametrize("address", ["https://example.org/a.mp3", "rtmp://host/live"])
def test_an_address_is_refused_with_what_to_do(address: str):
    with pytest.raises(Problem, match="is an address; download it first"):
        load_audio(Path(address))


@pytest.mark.parametrize(
    "text",
    ["#EXTM3U\nclip.wav\n", "ffconcat version 1.0\nfile clip.wav\n", "\ufeff#EXTM3U\n"],
)
def test_a_playlist_is_not_followed(tmp_path, text: str):
    path = tmp_path / "list.m3u8"
    path.write_text(text)
    with pytest.raises(Problem, match="is a playlist; give one of the files"):
        load_audio(path)
