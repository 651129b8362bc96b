"""Sound out of files as people have them: damaged, of several tracks, with odd samples.

What can be decoded is used, in every format alike, and what a person should know of the
rest is a note: how much is lost and where, which of several tracks was taken, that channels
cancel each other. A piece that is lost in the middle is silence, so that what comes after
it keeps its time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
from av import AudioFrame
from av.audio.resampler import AudioResampler
from av.container import InputContainer
from av.error import FFmpegError
from whisper.audio import SAMPLE_RATE

from core.messages import MAX_SECONDS
from core.model.lengths import lacks_its_end, promised_seconds
from core.model.loudness import LARGEST, SILENT, Loudness
from debug.protocol.diagnostic import Problem, cut

Report = Callable[[float, float | None], None]
"""Is told how many seconds of audio are decoded, and of how many if the file tells."""

REPORT_SECONDS = 60.0
"""Of audio: decoding is some hundred times faster than listening."""
LOST_SECONDS = 0.15
"""Less is what encoders add at both ends, and files count in or not."""


@dataclass(frozen=True)
class Sound:
    name: str
    """What to call it."""
    samples: np.ndarray
    """float32 in [-1, 1], shape (n,), mono at 16 kHz, all of them finite."""
    notes: list[str] = field(default_factory=list)
    """What a person should know of it, a line each."""
    inaudible: bool = False
    """Whether one of them says that there is nothing to hear."""


def read_sound(
    path: Path,
    track: int | None = None,
    max_seconds: float = MAX_SECONDS,
    report: Report = lambda done, total: None,
) -> Sound:
    """Decodes a track of a file: the one that is asked for, or else the first that is not
    silent.

    Raises:
        Problem: there is no such track, no track at all, or no sound in it.
        FFmpegError, OSError: the file can't be opened.
    """
    name = name_of(path)
    with _opened(path) as container:
        count = len(container.streams.audio)
    if count == 0:
        raise Problem("audio", f"{name} holds no sound; give a file with an audio track")
    if track is not None and not 1 <= track <= count:
        tracks = "1 audio track" if count == 1 else f"{count} audio tracks"
        raise Problem("audio", f"{name} has {tracks}; --track {track} is none of them")
    tried: list[_Decoded] = []
    for number in [track] if track is not None else range(1, count + 1):
        decoded = _decode(path, number, max_seconds, report)
        tried.append(decoded)
        if decoded.loudness.largest > SILENT:
            break
    chosen = max(
        tried, key=lambda each: each.loudness.largest
    )  # the first of several silent ones
    if not chosen.pieces:
        raise Problem("audio", _nothing(name, chosen))
    notes = []
    if count > 1 and track is None:
        silent = ", the first that is not silent" if chosen.number > 1 else ""
        notes.append(
            f"{name} has {count} tracks: {chosen.number}{silent}, is used; see --track"
        )
    samples = np.concatenate(chosen.pieces)
    limit = round(max_seconds * SAMPLE_RATE)
    if chosen.cut or len(samples) > limit:
        samples = samples[:limit]
        notes.append(
            f"only the first {max_seconds:g} s of {name} are used; see --max-seconds"
        )
    samples, odd = _finite(samples, name)
    notes += [*chosen.loss(name), *odd]
    remark = chosen.loudness.remark(path, name, chosen.number, samples)
    said = [] if remark is None else [remark]
    return Sound(name, samples, notes + said, inaudible=remark is not None)


def name_of(path: Path) -> str:
    """What to call a file: what comes through a pipe has only a number."""
    piped = path.parts[:2] == ("/", "proc") and "fd" in path.parts
    return "stdin" if piped else cut(path.name, 80)


@dataclass
class _Decoded:
    """What became of one track."""

    number: int
    promised: float | None
    """Seconds, where the file says how long it is."""
    lacks_end: bool
    """Whether the file shows that more should follow."""
    pieces: list[np.ndarray] = field(default_factory=list)
    seconds: float = 0.0
    """That came out of the decoder."""
    silence: float = 0.0
    """Seconds that stand for packets that did not."""
    first_lost: float | None = None
    """When the first of those was to be heard."""
    loudness: Loudness = field(default_factory=Loudness)
    cut: bool = False
    """Whether there was more than was asked for."""
    error: str | None = None
    """Why the last packet that did not decode did not."""

    def loss(self, name: str) -> list[str]:
        """What could not be decoded, in one line."""
        end = self.seconds + self.silence
        missing = 0.0 if self.cut or self.promised is None else self.promised - end
        lost = self.silence + (missing if missing > LOST_SECONDS else 0.0)
        if lost > 0:
            whole = f"of {self.promised:.1f} s" if self.promised else "s"
            first = (
                "" if self.first_lost is None else f", the first at {self.first_lost:.1f} s"
            )
            return [f"{name} is damaged: {max(lost, 0.01):.2f} {whole} are lost{first}"]
        if not self.cut and (self.lacks_end or self.error):
            return [f"{name} is damaged: its end, after {end:.1f} s, is missing"]
        return []


def _nothing(name: str, decoded: _Decoded) -> str:
    if decoded.error is None:
        return f"{name} holds no sound; give a file with an audio track"
    why = f"can't decode {name}: {decoded.error}"
    return f"{why}; play the file to see whether it is whole"


def _opened(path: Path) -> InputContainer:
    """Tags may be in any encoding, and nobody reads them."""
    return av.open(str(path), metadata_errors="replace")


def _decode(path: Path, number: int, max_seconds: float, report: Report) -> _Decoded:
    with _opened(path) as container:
        promised = promised_seconds(path, container, number)
        decoded = _Decoded(number, promised, lacks_its_end(path, container))
        reported, resampler, before = 0.0, _resampler(), None
        for frame in _frames(container, decoded):
            kind = frame.format.name, frame.layout.name, frame.sample_rate
            if before not in (None, kind):  # such as recordings that were put together
                decoded.pieces += _arrays(resampler, None)
                resampler = _resampler()
            before = kind
            decoded.pieces += _arrays(resampler, frame)
            decoded.loudness.add(frame)
            decoded.seconds += frame.samples / frame.sample_rate
            so_far = decoded.seconds + decoded.silence
            if so_far > reported + REPORT_SECONDS:
                reported = so_far
                report(so_far, decoded.promised)
            if so_far > max_seconds:
                decoded.cut = True
                break
        decoded.pieces += _arrays(resampler, None)
    return decoded


def _frames(container: InputContainer, decoded: _Decoded) -> Iterator[AudioFrame]:
    """A track's frames; what can't be decoded is noted, and silence put in its place."""
    stream = container.streams.audio[decoded.number - 1]
    lost = 0.0
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except FFmpegError as error:  # the file's own order is broken: it ends here
            decoded.error = _reason(error)
            return
        if packet is None:
            return
        try:
            frames = packet.decode()
        except FFmpegError as error:
            decoded.error = _reason(error)
            lost += float((packet.duration or 0) * (packet.time_base or 0))
            continue
        for frame in frames:
            if not isinstance(frame, AudioFrame) or not frame.samples:
                continue
            if lost:
                _put_silence(decoded, lost)
                lost = 0.0
            yield frame


def _put_silence(decoded: _Decoded, seconds: float) -> None:
    if decoded.first_lost is None:
        decoded.first_lost = decoded.seconds
    decoded.silence += seconds
    decoded.pieces.append(np.zeros(round(seconds * SAMPLE_RATE), np.float32))


def _arrays(resampler: AudioResampler, frame: AudioFrame | None) -> list[np.ndarray]:
    parts = (part.to_ndarray()[0] for part in resampler.resample(frame))
    return [part for part in parts if part.size]


def _resampler() -> AudioResampler:
    """For frames of one kind."""
    return AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)


def _finite(samples: np.ndarray, name: str) -> tuple[np.ndarray, list[str]]:
    """The samples with silence for what is none, and what to say of that."""
    good = np.abs(samples) <= LARGEST
    odd = np.flatnonzero(~good)
    if not len(odd):
        return samples, []
    count = "1 sample that is" if len(odd) == 1 else f"{len(odd):,} samples that are"
    first = f"the first at {odd[0] / SAMPLE_RATE:.2f} s"
    note = f"{name} holds {count} NaN, Inf or far too large, {first}: silence here"
    return np.where(good, samples, np.float32(0)), [note]


def _reason(error: FFmpegError) -> str:
    return error.strerror or type(error).__name__
