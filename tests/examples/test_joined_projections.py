"""Projections that one side joins into one product and the other has apart."""

from pathlib import Path

import pytest
from ports import Debugged, debugged

pytestmark = pytest.mark.max

PORT = """
import torch
from max.graph import ops
from max.nn import Linear, Module
from torch import nn
from maxwhisper import Port

WIDTH, HEADS, SIZE = 16, 2, 8


class Apart(nn.Module):
    def __init__(self):
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.out = nn.Linear(WIDTH, WIDTH)

    def projected(self, x):
        return self.q(x), self.k(x), self.v(x)

    def forward(self, x):
        shape = (*x.shape[:-1], HEADS, SIZE)
        q, k, v = (part.view(shape).transpose(1, 2) for part in self.projected(x))
        mixed = nn.functional.scaled_dot_product_attention(q, k, v)
        return self.out(mixed.transpose(1, 2).flatten(2))


class Joined(Apart):
    def __init__(self):
        super().__init__()
        del self.q, self.k, self.v
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)

    def projected(self, x):
        return self.qkv(x).chunk(3, -1)


class Attention(Module):
    def attend(self, q, k, v):
        q, k, v = (self.by_head(part) for part in (q, k, v))
        scores = ops.softmax(q @ k.transpose(2, 3) * SIZE**-0.5)
        return (scores @ v).transpose(1, 2).reshape((2, 5, WIDTH))

    def by_head(self, x):
        return x.reshape((2, 5, HEADS, SIZE)).transpose(1, 2)


def linear(outputs, device, dtype):
    return Linear(WIDTH, outputs, dtype, device, has_bias=True)


class MaxApart(Attention):
    def __init__(self, device, dtype):
        super().__init__()
        self.wq, self.wk, self.wv, self.wo = (
            linear(WIDTH, device, dtype) for _ in range(4)
        )

    def __call__(self, x):
        return self.wo(self.attend(self.wq(x), self.wk(x), self.wv(x)))


class MaxJoined(Attention):
    def __init__(self, device, dtype):
        super().__init__()
        self.joined = linear(3 * WIDTH, device, dtype)
        self.wo = linear(WIDTH, device, dtype)

    def __call__(self, x):
        y = self.joined(x)
        q, k, v = (y[..., n * WIDTH : (n + 1) * WIDTH] for n in range(3))
        return self.wo(self.attend(q, k, v))


def apart(state):
    weights = {f"wo.{n}": state[f"out.{n}"] for n in ("weight", "bias")}
    for n in ("weight", "bias"):
        parts = state[f"qkv.{n}"].chunk(3)
        weights.update({f"w{name}.{n}": part for name, part in zip("qkv", parts)})
    return weights


def joined(state):
    weights = {f"wo.{n}": state[f"out.{n}"] for n in ("weight", "bias")}
    for n in ("weight", "bias"):
        weights[f"joined.{n}"] = torch.cat([state[f"{name}.{n}"] for name in "qkv"])
    return weights


def port():
    torch.manual_seed(0)
    x = torch.randn(2, 5, WIDTH)
    reference, candidate, weights = SIDES
    return Port(reference(), candidate, {"x": x}, weights=weights)
"""
JOINED_IN_PYTORCH = PORT + "\nSIDES = Joined, MaxApart, apart\n"
JOINED_IN_MAX = PORT + "\nSIDES = Apart, MaxJoined, joined\n"


def checked(text: str, folder: Path) -> Debugged:
    port = folder / "port.py"
    port.write_text(text)
    return debugged(port)


def test_a_product_that_the_port_has_in_three_is_one_layer(tmp_path: Path):
    found = checked(JOINED_IN_PYTORCH, tmp_path)
    assert found.wrong == []
    assert found.aligned.doubts == []
    assert found.module_of("qkv") == "wq + wk + wv"


def test_three_products_that_the_port_joined_are_compared_slice_by_slice(tmp_path: Path):
    found = checked(JOINED_IN_MAX, tmp_path)
    assert found.wrong == []
    assert found.aligned.doubts == []
    assert [layer.name for layer in found.run.layers if layer.name in "qkv"] == [*"qkv"]


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        (JOINED_IN_PYTORCH, "self.wk(x), self.wv(x)", "self.wv(x), self.wk(x)"),
        (JOINED_IN_MAX, "q, k, v = (y", "q, v, k = (y"),
    ],
    ids=["joined in PyTorch", "joined in MAX"],
)
def test_keys_taken_for_values_are_named(tmp_path: Path, text: str, old: str, new: str):
    assert old in text
    found = checked(text.replace(old, new), tmp_path)
    run = found.run
    culprit = run.culprit()
    assert culprit is not None
    assert run.layers[culprit].name == "model"
    finding = run.finding(culprit)
    assert finding is not None
    said = [cause.hypothesis for cause in finding.causes[:3]]
    assert any("change places" in each or "read in the order" in each for each in said)
