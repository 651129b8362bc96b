"""Reads a file of ``torch.save`` without running any code that it brings.

Such a file is a pickle, which is a program. PyTorch's ``weights_only`` runs none of it but
what makes tensors; what else it asks for is named. Since 2019 the pickle is within a zip,
which has a checksum for each tensor. PyTorch does not look at them, so it is done here: a
byte that was lost on the way would be a weight that is subtly wrong.
"""

import re
import warnings
import zipfile
from pathlib import Path
from zlib import error as DeflateError

import torch

from debug.protocol.diagnostic import Problem, cut

PICKLE, ZIP = b"\x80", b"PK"
"""How either begins."""
CALL = re.compile(r"GLOBAL ([\w.]+)")
"""What a pickle asks for, in PyTorch's words."""
MOST_PACKED = 100
"""Times its own size is what a zip may claim to hold; weights hardly get smaller."""
PIECE = 2**20


def read_pytorch(path: Path) -> object:
    """What the file holds: tensors, and numbers, texts, lists and dictionaries of them.

    Raises:
        Problem: it can't be read, or would run code; the message says why.
    """
    _check_archive(path)
    try:
        with warnings.catch_warnings():  # of what no reader of a message can change
            warnings.simplefilter("ignore")
            mapped = _can_be_mapped(path)
            return torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    except Exception as error:  # whatever a file makes of PyTorch's reader
        message = f"{path.name} {_reason(path, error)}"
        raise Problem("model", message, detail=str(error)) from error


def _can_be_mapped(path: Path) -> bool:
    """Whether the file's tensors can be read when they are used, as the system sees fit:
    neither those of PyTorch's format of before 2020 nor compressed ones can, nor those of a
    file whose name is no UTF-8."""
    if not zipfile.is_zipfile(path) or not str(path).isprintable():
        return False
    with zipfile.ZipFile(path) as archive:
        kinds = {each.compress_type for each in archive.infolist()}
    return kinds == {zipfile.ZIP_STORED}


def _check_archive(path: Path) -> None:
    """
    Raises:
        Problem: it is a zip that is damaged, a program, or larger than its file allows.
    """
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            claimed = sum(each.file_size for each in members)
            if claimed > MOST_PACKED * path.stat().st_size:
                message = f"{path.name} claims to hold {claimed:,} bytes, far more than it"
                raise Problem("model", f"{message} can; download it again")
            if any(each.filename.endswith("constants.pkl") for each in members):
                message = f"{path.name} is a program of TorchScript"
                raise Problem("model", f"{message}; save model.state_dict()")
            for member in members:
                if member.CRC:  # 0 where it was saved without checksums
                    _read_through(archive, member)
    except (zipfile.BadZipFile, DeflateError, EOFError, NotImplementedError) as error:
        message = f"{path.name} is damaged: a part of it does not fit its checksum"
        raise Problem(
            "model", f"{message}; download it again", detail=str(error)
        ) from error


def _read_through(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Python compares the checksum when it has read the last byte."""
    with archive.open(member) as stream:
        while stream.read(PIECE):
            pass


def _reason(path: Path, error: Exception) -> str:
    """Why PyTorch can't read a file, and what to do."""
    with path.open("rb") as file:
        start = file.read(2)
    if not start:
        return "is empty; download it again"
    if start == ZIP and not zipfile.is_zipfile(path):
        return "breaks off: its end is missing; download it again"
    if not start.startswith((PICKLE, ZIP)):
        return "is no file of PyTorch's; give a .pt file, or --model micro"
    if isinstance(error, MemoryError):
        return "asks for more memory than there is; give a .pt file, or --model micro"
    if found := CALL.search(str(error)):
        what = f"asks for {cut(found[1], 80)}, which is no weight, and was not run"
        return f"{what}; save model.state_dict()"
    return "is no checkpoint that PyTorch can read; give a .pt file, or --model micro"
