"""Files of sound as people have them, in every format alike: whole, cut, broken, odd."""

import io
import os
import random
import wave
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import av
import numpy as np

from core.model.audio import load_audio
from scripts.torture.attempts import Case, Write

SECONDS, RATE = 4.0, 48_000
FORMATS = {
    "wav": "pcm_s16le",
    "aiff": "pcm_s16be",
    "flac": "flac",
    "mp3": "mp3",
    "ogg": "flac",
    "opus": "libopus",
    "m4a": "aac",
    "aac": "aac",
    "mkv": "flac",
    "webm": "libopus",
    "ac3": "ac3",
    "mov": "pcm_s16le",
    "ts": "mp2",
    "avi": "mp3",
    "caf": "pcm_s16be",
    "au": "pcm_s16be",
    "mka": "pcm_f32le",
}
"""What a file's name ends in, and what its sound is encoded with."""
WITHOUT_CHECKS = ("wav", "aiff", "caf", "au", "mka")
"""Any bytes in these are samples."""
AT_THE_END = ("m4a", "mov")
"""What says how these are to be read comes last: without it no part can be used."""
WITHOUT_LENGTH = ("aac", "ac3", "ts")
"""Nothing in these says how long they are: what ends between two packets may be whole."""


@cache
def sound(name: str, *, channels: str = "speech", tracks: int = 1, tag: str = "") -> bytes:
    """A file of four seconds."""
    buffer = io.BytesIO()
    container_format = {
        "ts": "mpegts",
        "m4a": "mp4",
        "aac": "adts",
        "mka": "matroska",
        "mkv": "matroska",
    }.get(name, name)
    with av.open(buffer, "w", format=container_format) as container:
        if tag:
            container.metadata["title"] = tag
        streams = [container.add_stream(FORMATS[name], rate=RATE) for _ in range(tracks)]
        for stream in streams:
            assert isinstance(stream, av.AudioStream)
            stream.layout = "stereo"
        for number, stream in enumerate(streams):
            assert isinstance(stream, av.AudioStream)
            frame = av.AudioFrame.from_ndarray(_samples(channels, number), "flt", "stereo")
            frame.sample_rate = RATE
            fit = av.AudioResampler(
                stream.format.name, "stereo", RATE, stream.frame_size or 1024
            )
            for part in [*fit.resample(frame), *fit.resample(None)]:
                container.mux(stream.encode(part))
            last = stream.encode(None)
            container.mux(
                [each for each in last if each.size or name not in ("ogg", "mkv")]
            )
    return buffer.getvalue()


def _samples(channels: str, track: int) -> np.ndarray:
    """Float32, packed: (1, n * 2)."""
    n = int(SECONDS * RATE)
    time = np.arange(n) / RATE
    noise = np.random.default_rng(track).standard_normal(n)
    left = 0.2 * np.sin(2 * np.pi * 300 * time) * (1 + np.sin(7 * time)) + 0.02 * noise
    both = {
        "speech": (left, left),
        "antiphase": (left, -left),
        "silence": (0 * left, 0 * left),
        "one side": (left, 0 * left),
        "first track silent": (left * track, left * track),
    }[channels]
    return np.stack(both, axis=1).astype(np.float32).reshape(1, -1)


def file(data: bytes | Callable[[], bytes], name: str) -> Write:
    def write(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(data() if callable(data) else data)
        return path

    return write


def whole() -> Iterator[Case]:
    for name in FORMATS:
        write = file(lambda n=name: sound(n), f"a.{name}")
        yield Case("whole", name, write, None, notes=())
        for channels, says in {
            "one side": (),
            "antiphase": ("channels cancel",),
            "silence": ("is silent",),
        }.items():
            write = file(lambda n=name, c=channels: sound(n, channels=c), f"a.{name}")
            yield Case("levels", f"{name}: {channels}", write, None, notes=says)


def cut() -> Iterator[Case]:
    for name in FORMATS:
        for share in (0.3, 0.5, 0.77, 0.9):
            write = file(lambda n=name, s=share: _head(sound(n), s), f"a.{name}")
            says = None if name in WITHOUT_LENGTH else ("damaged",)
            refused = name in AT_THE_END
            kind = Case("cut", f"{name} at {share:.0%}", write, None, says, refused)
            yield kind
        for size in (0, 1, 10, 40):
            write = file(lambda n=name, s=size: sound(n)[:s], f"a.{name}")
            yield Case("cut", f"{name}: {size} bytes", write, ("can't decode", "no sound"))


def _head(data: bytes, share: float) -> bytes:
    return data[: int(len(data) * share)]


def broken() -> Iterator[Case]:
    for name in FORMATS:
        for damage, make in {
            "zeros": _zeros,
            "noise": _noise,
            "a hole": _hole,
            "flips": _flips,
        }.items():
            for seed in range(3):
                write = file(lambda n=name, m=make, s=seed: m(sound(n), s), f"a.{name}")
                case = f"{name}: {damage} {seed}"
                yield Case(
                    "broken", case, write, None, None, may_be_refused=name in AT_THE_END
                )


def _middle(data: bytes, seed: int) -> tuple[int, int]:
    start = int(len(data) * random.Random(seed).uniform(0.3, 0.7))
    return start, start + max(len(data) // 20, 200)


def _zeros(data: bytes, seed: int) -> bytes:
    start, end = _middle(data, seed)
    return data[:start] + bytes(end - start) + data[end:]


def _noise(data: bytes, seed: int) -> bytes:
    start, end = _middle(data, seed)
    return data[:start] + random.Random(seed).randbytes(end - start) + data[end:]


def _hole(data: bytes, seed: int) -> bytes:
    start, end = _middle(data, seed)
    return data[:start] + data[end:]


def _flips(data: bytes, seed: int) -> bytes:
    damaged, drawn = bytearray(data), random.Random(seed)
    for _ in range(20):
        damaged[drawn.randrange(len(data) // 4, len(data))] ^= 1 << drawn.randrange(8)
    return bytes(damaged)


def odd() -> Iterator[Case]:
    for name, value in {"NaN": np.nan, "Inf": np.inf, "minus Inf": -np.inf}.items():
        for share in (1e-5, 0.1, 1.0):
            write = file(lambda v=value, s=share: _floats(v, s), "a.wav")
            yield Case("samples", f"{name}, {share:.3%}", write, None, notes=("NaN, Inf",))
    for tracks, channels, says in (
        (2, "speech", "2 tracks: 1,"),
        (2, "first track silent", "2, the first that is not silent"),
        (3, "silence", "is silent"),
    ):
        write = file(
            lambda t=tracks, c=channels: sound("mkv", tracks=t, channels=c), "a.mkv"
        )
        yield Case("tracks", f"{tracks}: {channels}", write, None, notes=(says,))
    for encoding in ("latin-1", "shift-jis", "utf-16", "cp1251"):
        for where in (_info_tag, _id3_tag):
            write = file(
                lambda w=where, e=encoding: w(e), "a.wav" if where is _info_tag else "a.mp3"
            )
            yield Case("tags", f"{where.__name__} in {encoding}", write, None, notes=())
    for name in (
        "a:b.flac",
        "http:.flac",
        "\x1b[31mred\n.flac",
        "n\udcff.flac",
        "-.flac",
        "%d.flac",
        "[bold].flac",
        " .flac",
        "x" * 250 + ".flac",
    ):
        yield Case("names", repr(name[:30]), file(sound("flac"), name), None, notes=())
    for name, says in {
        "x" * 5000: "long",
        "": "folder",
        "a\0b.wav": "b.wav",
        "/dev/zero": "device",
        "https://example.org/a.mp3": "download",
        "~none/a.wav": "no file",
    }.items():
        yield Case("names", repr(name[:30]), lambda _, n=name: n, (says,))
    for text in (
        "#EXTM3U\n/etc/passwd\n",
        "ffconcat version 1.0\nfile /etc/passwd\n",
        "<?xml version='1.0'?><MPD/>",
        "v=0\no=- 0 0\n",
        "just text\n",
        "{}",
        "RIFF",
    ):
        write = file(text.encode(), "a.wav")
        yield Case(
            "no sound", repr(text[:20]), write, ("playlist", "can't decode", "no sound")
        )
    for name, make in {
        "nothing": b"",
        "a video": _video,
        "1,000 zeros": bytes(1000),
    }.items():
        yield Case("no sound", name, file(make, "a.mp4"), ("can't decode", "no sound"))
    yield Case("no sound", "a pipe", _pipe, ("pipe",))


def _floats(value: float, share: float) -> bytes:
    samples = _samples("speech", 0).copy()
    count = max(1, int(samples.size * share))
    samples[0, :: samples.size // count] = value
    data = samples.astype("<f4").tobytes()
    head = (
        b"RIFF" + (36 + len(data)).to_bytes(4, "little") + b"WAVEfmt \x10\0\0\0\x03\0\x02\0"
    )
    head += (
        RATE.to_bytes(4, "little") + (RATE * 8).to_bytes(4, "little") + b"\x08\0\x20\0data"
    )
    return head + len(data).to_bytes(4, "little") + data


def _info_tag(encoding: str) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes((np.sin(np.arange(16_000) / 9) * 9000).astype("<i2").tobytes())
    text = _tag(encoding) + b"\0"
    text += b"\0" * (len(text) % 2)
    info = b"INFOINAM" + len(text).to_bytes(4, "little") + text
    data = buffer.getvalue() + b"LIST" + len(info).to_bytes(4, "little") + info
    return data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:]


def _id3_tag(encoding: str) -> bytes:
    text = b"\x03" + _tag(encoding)  # it says UTF-8, and is something else
    frame = b"TIT2" + len(text).to_bytes(4, "big") + b"\0\0" + text
    size = bytes((len(frame) >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\0\0" + size + frame + sound("mp3")


def _tag(encoding: str) -> bytes:
    return {"shift-jis": "音声", "cp1251": "речь"}.get(encoding, "é\x1b[31mü").encode(
        encoding
    )


def _video() -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=24)
        assert isinstance(stream, av.VideoStream)
        stream.width = stream.height = 32
        for _ in range(5):
            frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def _pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.wav")
    return folder / "pipe.wav"


def cases() -> list[Case]:
    return [each for part in (whole, cut, broken, odd) for each in part()]


def opens(name: str) -> list[str]:
    """Decodes a file, and holds what comes out to what is promised of it."""
    heard = load_audio(Path(name))
    assert heard.samples.dtype == np.float32
    assert heard.samples.ndim == 1
    assert np.isfinite(heard.samples).all()
    assert len(heard.samples) < 60 * 16_000
    return heard.notes
