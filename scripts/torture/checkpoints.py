"""Checkpoints that are odd: damaged, mistaken, hostile, or only unusual.

Each is written into a folder of its own and opened as ``--model``. One that is no Whisper
must be refused in one line that says what is wrong, where, and what to do; one that is a
Whisper all the same must open.
"""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import torch

from core.model.checkpoint import load_checkpoint
from debug.protocol.plain import plain
from scripts.torture import checkpoint_files
from scripts.torture.attempts import Case
from scripts.torture.checkpoint_base import (
    CONV,
    SMALL,
    contents,
    pytorch,
    right_state,
    state,
)

# -- Sizes -----------------------------------------------------------------------------

NO_SIZES = [
    *(0, -1, 2**40, 10**30, 80.0, float("nan"), float("inf"), True, None, "80", "", [80]),
    *({}, (80,), b"80", 1j),
]


def sizes() -> Iterator[Case]:
    for field in (each.name for each in dataclasses.fields(SMALL)):
        for value in NO_SIZES:
            write = pytorch(lambda f=field, v=value: contents(**{f: v}))
            yield Case("sizes", f"{field} is {value!r}", write, (field, "dims"))
    for field in ("n_audio_layer", "n_text_layer"):
        for value in (2, 1000, 1_000_000):
            write = pytorch(lambda f=field, v=value: contents(**{f: v}))
            yield Case("sizes", f"{field} is {value}", write, (field, "lacks"))
    for field, value in {"n_audio_head": 7, "n_text_head": 65, "n_mels": 81}.items():
        write = pytorch(lambda f=field, v=value: contents(**{f: v}))
        yield Case("sizes", f"{field} is {value}", write, ("head", "mels"))
    for name, dims in {
        "a tensor": torch.ones(10),
        "a list": [80] * 10,
        "text": "tiny",
        "a number": 5,
        "empty": {},
        "one too many": {**asdict(SMALL), "n_extra": 1},
        "keys that are no text": {1: 2},
    }.items():
        write = pytorch(lambda d=dims: {**contents(), "dims": d})
        yield Case("sizes", f"dims are {name}", write, ("dims",))
    half = pytorch(lambda: {**contents(n_text_state=32), "model_state_dict": state()})
    yield Case("sizes", "the decoder is narrower", half, ("n_text_state",))


# -- States ----------------------------------------------------------------------------


def states() -> Iterator[Case]:
    for name, what in {
        "a list": [1, 2],
        "text": "weights",
        "a tensor": torch.ones(3),
        "a number": 3,
        "nothing": None,
        "true": True,
        "empty": {},
    }.items():
        whole = pytorch(lambda w=what: {"dims": asdict(SMALL), "model_state_dict": w})
        yield Case("states", f"the state is {name}", whole, ("model_state_dict", "nothing"))
        yield Case("states", f"the file is {name}", pytorch(lambda w=what: w), ("mine.pt",))
    for key in (1, None, ("encoder", 1), 2.5, b"encoder", True):
        write = pytorch(lambda k=key: state() | {k: torch.ones(1)})
        yield Case("states", f"a key is {key!r}", write, ("name",))
    for key, words in {
        "": "no Whisper has",
        "encoder.\x1b[31mred": "no Whisper has",
        "encoder.two\nlines": "no Whisper has",
        "encoder.\x00": "no Whisper has",
        "encoder." + "x" * 1_000_000: "no Whisper has",
        "encoder.blocks.999999999999.mlp.0.weight": "n_audio_layer",
        "encoder.blocks.1.mlp.0.weight": "lacks",
        "[/bold]": "no Whisper has",
    }.items():
        write = pytorch(lambda k=key: state() | {k: torch.ones(1)})
        yield Case("states", f"a name is {key[:40]!r}", write, (words,))
    for value in (None, 3, "x", [1.0], {}, b"x"):
        write = pytorch(lambda v=value: {**state(), CONV: v})
        yield Case("states", f"a tensor is {value!r}", write, (CONV,))
    for name in sorted(right_state())[:12]:
        write = pytorch(lambda n=name: {"dims": asdict(SMALL)} | _nested(without=n))
        yield Case("states", f"{name} is missing", write, (name,))
    many = {f"encoder.x{n}": torch.ones(0) for n in range(30_000)}
    yield Case("states", "30,000 names", pytorch(lambda: state() | many), ("tensors",))
    twice = pytorch(lambda: state() | {f"module.{CONV}": torch.ones(64, 80, 3)})
    yield Case("states", "a name twice", twice, (CONV,))
    alone = pytorch(lambda: {"encoder.conv1.weight": torch.ones(64, 80, 3)})
    yield Case("states", "one tensor", alone, ("no Whisper",))
    note = pytorch(lambda: {**contents(), "note": "\x1b[31m\n" * 100_000})
    yield Case("states", "a note of colours", note, None)
    yield Case("states", "a note that is a list", pytorch(_noted), None)


def _noted() -> dict[str, Any]:
    return {**contents(), "note": [1, "x"]}


def _nested(without: str) -> dict[str, Any]:
    return {"model_state_dict": {n: t for n, t in state().items() if n != without}}


# -- Tensors ---------------------------------------------------------------------------


def tensors() -> Iterator[Case]:
    weight = right_state()[CONV]
    odd: dict[str, Callable[[], Any]] = {
        "sparse": weight.to_sparse,
        "sparse in rows": lambda: weight[0].to_sparse_csr(),
        "quantised": lambda: torch.quantize_per_tensor(weight, 0.1, 0, torch.qint8),
        "on meta": lambda: weight.to("meta"),
        "complex": lambda: weight.to(torch.complex64),
        "int8": lambda: weight.to(torch.int8),
        "uint8": lambda: weight.to(torch.uint8),
        "int64": lambda: weight.long(),
        "bool": lambda: weight > 0,
        "one NaN": lambda: weight.clone().index_fill_(0, torch.tensor([3]), float("nan")),
        "Inf": lambda: torch.full_like(weight, float("inf")),
        "minus Inf in half": lambda: torch.full_like(weight, -float("inf")).half(),
        "transposed": lambda: weight.permute(2, 1, 0).contiguous(),
        "flat": weight.flatten,
        "without axes": lambda: torch.tensor(1.0),
        "empty": lambda: weight[:0],
        "of too many axes": lambda: weight[None, None, None],
        "one number that is repeated": lambda: torch.ones(1).expand(64, 80, 3),
    }
    for name, make in odd.items():
        for key in (CONV, "decoder.token_embedding.weight"):
            if key == CONV or name in ("sparse", "quantised", "on meta", "complex", "int8"):
                write = pytorch(
                    lambda k=key, m=make: {
                        **contents(),
                        "model_state_dict": {**state(), k: m()},
                    }
                )
                yield Case("tensors", f"{key} is {name}", write, (key,))
    huge = lambda: torch.ones(1).expand(100_000_000, 64)  # noqa: E731
    write = pytorch(
        lambda: {
            "dims": asdict(SMALL) | {"n_vocab": 100_000_000},
            "model_state_dict": {**state(), "decoder.token_embedding.weight": huge()},
        }
    )
    yield Case("tensors", "an embedding of 24 GB in one number", write, ("claims",))
    for name, change in {
        "float64": torch.Tensor.double,
        "bfloat16": torch.Tensor.bfloat16,
        "float16": torch.Tensor.half,
        "float8": lambda each: each.to(torch.float8_e5m2),
        "with gradients": lambda each: each.clone().requires_grad_(),
        "parameters": torch.nn.Parameter,
        "not contiguous": lambda each: each.repeat_interleave(2, -1)[..., ::2],
    }.items():
        write = pytorch(
            lambda c=change: {
                **contents(),
                "model_state_dict": {n: c(t) for n, t in state().items()},
            }
        )
        yield Case("tensors", f"all {name}", write, None)


def cases() -> list[Case]:
    """All of them."""
    own = [each for part in (sizes, states, tensors) for each in part()]
    return own + checkpoint_files.cases()


def opens(name: str) -> list[str]:
    """Loads a checkpoint as far as whoever transcribes or compares needs it."""
    checkpoint = load_checkpoint(name)
    assert {each.dtype for each in checkpoint.encoder_state().values()} == {torch.float32}
    model = checkpoint.shortened(10).build()
    with torch.no_grad():
        features = model.encoder(torch.zeros(1, checkpoint.dims.n_mels, 20))
        model.logits(torch.tensor([[1, 2]]), features)
    assert "\n" not in checkpoint.title
    assert plain(checkpoint.title) == checkpoint.title
    assert len(checkpoint.title) < 200
    return []
