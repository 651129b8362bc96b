"""Checkpoints whose files, settings, shards or names are odd; see `checkpoints`."""

import io
import json
import os
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save as safetensors_bytes

from scripts.torture.attempts import Case, Write
from scripts.torture.checkpoint_base import (
    CONFIG,
    contents,
    file,
    folder_with,
    hugging_faces,
    pytorch,
    right_state,
    saved,
    state,
)

# -- Files -----------------------------------------------------------------------------


class Hostile:
    """Unpickles as a call, as a virus does."""

    def __init__(self, call: Any, *arguments: Any) -> None:
        self.call, self.arguments = call, arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call, self.arguments


def files() -> Iterator[Case]:
    whole = saved(contents())
    for share in (0.0, 0.001, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.999):
        cut = whole[: int(len(whole) * share)]
        yield Case("files", f"{share:.1%} of it", file(cut), ("mine.pt",))
    for place in range(1, 10):
        damaged = bytearray(whole)
        damaged[len(whole) * place // 10] ^= 0x55
        yield Case(
            "files", f"a byte at {place}/10 is flipped", file(bytes(damaged)), ("damaged",)
        )
    for name, data in {
        "text": b"weights are in the other file\n",
        "text with escapes": b"\x1b[31mred\x1b]0;title\x07",
        "UTF-16": "weights".encode("utf-16"),
        "JSON": b'{"dims": {}}',
        "nothing": b"",
        "zeros": bytes(100_000),
        "0xff": b"\xff" * 100_000,
        "the start of a zip": b"PK\x03\x04broken",
        "an empty zip": b"PK\x05\x06" + bytes(18),
        "a picture": b"\x89PNG\r\n\x1a\n" + bytes(100),
        "a tar": b"data.pkl".ljust(512, b"\0") + bytes(1024),
        "a pickle of nesting": b"\x80\x02" + b"(" * 100_000,
        "a pickle of lists": b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b".",
        "a pickle without an end": b"\x80\x02}q\x00",
        "a pickle of a huge number": b"\x80\x02\x8b\xff\xff\xff\x7f",
        "a pickle of a large integer": b"I" + b"9" * 100_000 + b"\n.",
    }.items():
        yield Case("files", name, file(data), ("mine.pt",))
    for name, what in {
        "print": Hostile(print, "run"),
        "exit": Hostile(exit, 3),
        "eval": Hostile(eval, "1/0"),
        "a path": Path("x"),
        "a module": torch.nn.Linear(2, 2),
        "memory": Hostile(bytearray, 10**13),
    }.items():
        yield Case(
            "files", f"a pickle that calls {name}", pytorch(lambda w=what: w), ("mine.pt",)
        )
    yield Case(
        "files",
        "a zip of something else",
        file(lambda: _zip({"a.txt": b"x"})),
        ("mine.pt",),
    )
    yield Case(
        "files", "a packed zip", file(lambda: _zip(_members(whole), packed=True)), None
    )
    bomb = {**_members(whole), "archive/data/x": bytes(400_000_000)}
    yield Case(
        "files", "a zip of zeros", file(lambda: _zip(bomb, packed=True)), ("mine.pt",)
    )
    yield Case("files", "a script of TorchScript", _script, ("mine.pt",))
    yield Case("files", "the old format", _old_format, None)
    yield Case("files", "without checksums", _without_checksums, None)


def _zip(members: dict[str, bytes], packed: bool = False) -> bytes:
    buffer, kind = io.BytesIO(), zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(buffer, "w", kind) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _script(folder: Path) -> Path:
    torch.jit.script(torch.nn.Linear(2, 2)).save(str(folder / "mine.pt"))
    return folder / "mine.pt"


def _old_format(folder: Path) -> Path:
    path = folder / "mine.pt"
    torch.save(contents(), path, _use_new_zipfile_serialization=False)
    return path


def _without_checksums(folder: Path) -> Path | str:
    torch.serialization.set_crc32_options(False)
    try:
        return file(saved(contents()))(folder)
    finally:
        torch.serialization.set_crc32_options(True)


# -- Hugging Face's --------------------------------------------------------------------


def safetensors() -> Iterator[Case]:
    whole = safetensors_bytes(hugging_faces())
    length = struct.unpack("<Q", whole[:8])[0]
    header = json.loads(whole[8 : 8 + length])
    first = next(iter(header))

    def lying(**entry: Any) -> bytes:
        head = json.dumps({**header, first: {**header[first], **entry}}).encode()
        return struct.pack("<Q", len(head)) + head + whole[8 + length :]

    for name, data in {
        "empty": b"",
        "seven bytes": whole[:7],
        "only a header": whole[: 8 + length],
        "cut short": whole[:-1000],
        "longer than it says": whole + b"more",
        "a header of 2**63": struct.pack("<Q", 2**63) + whole[8:],
        "a header of nothing": bytes(8),
        "a header that is text": struct.pack("<Q", 5) + b"hello",
        "a header that is a list": struct.pack("<Q", 2) + b"[]",
        "a huge shape": lying(shape=[2**40, 2**20]),
        "a negative shape": lying(shape=[-1, 64]),
        "a shape of text": lying(shape="64"),
        "a dtype that is none": lying(dtype="Q4_K"),
        "another dtype": lying(dtype="F64"),
        "offsets the wrong way": lying(data_offsets=[100, 0]),
        "offsets beyond the end": lying(data_offsets=[0, 2**50]),
        "offsets that are text": lying(data_offsets=["a", "b"]),
        "pytorch's own": saved(state()),
    }.items():
        write = folder_with(model__safetensors=data)
        yield Case("safetensors", name, write, ("model.safetensors",))
    ints = lambda: safetensors_bytes(  # noqa: E731
        {n: t.to(torch.int8) for n, t in hugging_faces().items()}
    )
    write = folder_with(model__safetensors=ints)
    yield Case("safetensors", "int8", write, ("quantised",))
    yield Case("safetensors", "a right one", folder_with(model__safetensors=whole), None)
    head = safetensors_bytes(
        {
            **hugging_faces(),
            "proj_out.weight": right_state()["decoder.token_embedding.weight"].half(),
        }
    )
    yield Case(
        "safetensors",
        "a last layer in half",
        folder_with(model__safetensors=head),
        ("proj_out",),
    )


def configs() -> Iterator[Case]:
    wrong = [0, -1, 2**40, 64.5, None, "64", [64], {}, True]
    for setting in list(CONFIG)[1:]:
        for value in wrong:
            text = json.dumps({**CONFIG, setting: value}).encode()
            write = folder_with(config__json=text)
            yield Case("config.json", f"{setting} is {value!r}", write, (setting,))
    for name, data in {
        "empty": b"",
        "cut": b'{"model_type": "whis',
        "a list": b"[]",
        "text": b'"whisper"',
        "a number": b"5",
        "null": b"null",
        "not UTF-8": b'{"model_type": "\xff\xfe"}',
        "nested 100,000 deep": b"[" * 100_000,
        "a number of 10,000 digits": b'{"d_model": ' + b"9" * 10_000 + b"}",
        "escapes": b'{"model_type": "\\u001b[31mred\\nline"}',
    }.items():
        says = ("config.json", "type")
        yield Case("config.json", name, folder_with(config__json=data), says)
    for setting, value in {
        "model_type": 5,
        "quantization_config": {"quant_method": ["\x1b[31m"]},
        "activation_function": {"name": "gelu"},
        "scale_embedding": "no",
    }.items():
        text = json.dumps({**CONFIG, setting: value}).encode()
        says = ("type", "quantised", setting)
        write = folder_with(config__json=text)
        yield Case("config.json", f"{setting} is {value!r}", write, says)
    for heads in (
        5,
        "x",
        [[0]],
        [[0, 1, 2]],
        [["a", 0]],
        [[None, 0]],
        [[-1, 0]],
        [[True, 0]],
        [[0.5, 0]],
        {"a": 1},
        [[[0], 0]],
        [[0, 10**30]],
    ):
        text = json.dumps({"alignment_heads": heads}).encode()
        write = folder_with(generation_config__json=text)
        yield Case("config.json", f"alignment_heads {heads}", write, ("alignment_heads",))


def shards() -> Iterator[Case]:
    def index(weight_map: Any) -> Write:
        text = json.dumps({"weight_map": weight_map}).encode()
        return folder_with(model__safetensors__index__json=text)

    for name, weight_map in {
        "no map": None,
        "a list": ["a"],
        "a number for a file": {"a": 5},
        "nothing for a file": {"a": None, "b": "c"},
        "itself": {"a": "model.safetensors.index.json"},
        "a file elsewhere": {"a": "../../etc/passwd"},
        "a file at the root": {"a": "/etc/passwd"},
        "an empty name": {"a": ""},
        "the folder": {"a": "."},
        "a name of 5,000": {"a": "x" * 5000},
        "a name with NUL": {"a": "x\0y"},
        "a name with escapes": {"a": "\x1b[31mx"},
        "a file that is not there": {"a": "model-1.safetensors"},
        "nothing at all": {},
    }.items():
        yield Case("shards", name, index(weight_map), ("index.json",))


# -- Names -----------------------------------------------------------------------------


def names() -> Iterator[Case]:
    for name, says in {
        "": "--model",
        " ": "--model",
        ".": "folder",
        "/": "folder",
        "~no-such-person/model.pt": "~no-such-person",
        "~no-such-person": "~no-such-person",
        "x" * 5000: "long",
        "x" * 5000 + ".pt": "long",
        "a\0b.pt": "a",
        "\x1b[31mred.pt": "red.pt",
        "\udcff.pt": ".pt",
        "none\n.pt": "none",
        "random:": "size",
        "random:tiny:-1": "seed",
        "random:tiny:" + "9" * 5000: "seed",
        "random:tiny:٣": "seed",
        "/dev/null": "/dev/null",
        "/dev/zero": "/dev/zero",
        "https://example.org/tiny.pt": "download",
    }.items():
        yield Case("names", repr(name[:40]), lambda _, n=name: n, (says,))
    yield Case("names", "a pipe", _pipe, ("pipe",))
    yield Case("names", "a link to itself", _loop, ("loop.pt",))
    yield Case("names", "a name that is no UTF-8", _bytes, None)


def _pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.pt")
    return folder / "pipe.pt"


def _loop(folder: Path) -> Path:
    (folder / "loop.pt").symlink_to(folder / "loop.pt")
    return folder / "loop.pt"


def _bytes(folder: Path) -> Path | str:
    return file(saved(contents()), "n\udcff\udcfe.pt")(folder)


def cases() -> list[Case]:
    return [
        each for part in (files, safetensors, configs, shards, names) for each in part()
    ]
