"""How long a file of sound says that it is: what is missing of it, was lost.

Many files have no such number, and FFmpeg then guesses one from the size of the file, which
must not be taken for a promise. So only those are asked that write it down: FLAC, MP4,
Matroska and their like, and MP3 with a header of its encoder's. Others show that their end
is missing: chunks of WAV, AVI and CAF reach beyond it, and the last page of Ogg is not
marked as the last.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import av
from av.container import InputContainer

TELLING = frozenset(
    (
        "wav",
        "w64",
        "aiff",
        "au",
        "caf",
        "flac",
        "mov",
        "matroska",
        "avi",
        "asf",
        "tta",
        "wv",
    )
)
"""FFmpeg's names of formats that have their length in a header."""
MP3_HEADERS = (b"Xing", b"Info", b"VBRI")
"""One of them is in the first frame, if the encoder wrote how many there are."""
BEGINNING = 2**18
"""Bytes in which that frame is, after a picture of the cover."""


def promised_seconds(path: Path, container: InputContainer, number: int) -> float | None:
    """What the file says of its track ``number``, from 1; None if it says nothing."""
    names = set(container.format.name.split(","))
    if not names & TELLING and not ("mp3" in names and _has_mp3_header(path)):
        return None
    stream = container.streams.audio[number - 1]
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    if container.duration is None or len(container.streams) > 1:
        return None  # the longest track's
    start = max(container.start_time or 0, 0)
    return (container.duration - start) / av.time_base


def _has_mp3_header(path: Path) -> bool:
    with path.open("rb") as file:
        beginning = file.read(BEGINNING)
    return any(each in beginning for each in MP3_HEADERS)


def lacks_its_end(path: Path, container: InputContainer) -> bool:
    """Whether the file shows that more should follow."""
    names = set(container.format.name.split(","))
    if "ogg" in names:
        return not _ends_as_ogg(path)
    size = path.stat().st_size
    chunks = _caf_chunks(path) if "caf" in names else _riff_chunks(path)
    if names & {"wav", "avi", "caf"}:
        return any(end > size for end in chunks)
    return False


OGG_PAGE = 2**16 + 512
"""Bytes, at most."""
UNKNOWN = (0, 0xFFFFFFFF)
"""Sizes that stand for none, as a program writes them that can't go back."""


def _ends_as_ogg(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-min(OGG_PAGE, path.stat().st_size), os.SEEK_END)
        end = file.read()
    page = end[end.rfind(b"OggS") :]
    if not page.startswith(b"OggS") or len(page) < 27 or not page[5] & 4:
        return False
    return len(page) >= 27 + page[26] + sum(page[27 : 27 + page[26]])


def _riff_chunks(path: Path) -> Iterator[int]:
    """Where the chunks with the sound end."""
    with path.open("rb") as file:
        if file.read(4) != b"RIFF":
            return
        file.seek(12)
        while len(head := file.read(8)) == 8:
            size = int.from_bytes(head[4:], "little")
            end = file.tell() + size
            if head[:4] == b"data" or (head[:4] == b"LIST" and file.read(4) == b"movi"):
                if size not in UNKNOWN:
                    yield end
                return
            file.seek(end + size % 2)


def _caf_chunks(path: Path) -> Iterator[int]:
    with path.open("rb") as file:
        file.seek(8)
        while len(head := file.read(12)) == 12:
            size = int.from_bytes(head[4:], "big", signed=True)
            if head[:4] == b"data" or size < 0:
                yield file.tell() + max(size, 0)
                return
            file.seek(size, os.SEEK_CUR)
