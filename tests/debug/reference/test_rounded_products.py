"""PyTorch multiplies as a device with TF32 does, whatever its code looks like."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from debug.measure.products import Operands, Products
from debug.reference.rounded_products import multiplied_as

ALL = Products(*[Operands.ROUNDED] * 3)
GENERATOR = torch.Generator().manual_seed(0)


def numbers(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=GENERATOR)


X, W = numbers(2, 6, 8), numbers(8, 8)
KERNEL = numbers(4, 6, 3)
HEADS = numbers(1, 2, 6, 4)
WAYS = {
    "linear": lambda x: F.linear(x, W, W[0]),
    "matmul": lambda x: x @ W,
    "a batch": lambda x: x @ x.mT,
    "einsum": lambda x: torch.einsum("bij,kj->bik", x, W),
    "convolution": lambda x: F.conv1d(x, KERNEL),
    "a module": nn.Linear(8, 8).requires_grad_(requires_grad=False),
}


def tf32(value: Tensor) -> Tensor:
    return Operands.ROUNDED.of(value)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("mode", [torch.inference_mode, torch.no_grad])
def test_every_product_is_one_of_rounded_operands(way: str, mode):
    product = WAYS[way]
    with mode(), multiplied_as(ALL):
        made = product(X)
    error = (made - product(X)).norm() / product(X).norm()
    assert 2.0**-15 < error < 2.0**-10


def test_a_product_is_that_of_its_rounded_operands():
    with torch.inference_mode(), multiplied_as(ALL):
        made = X @ W
    assert torch.allclose(made, tf32(X) @ tf32(W), rtol=1e-6, atol=1e-6)


def test_attention_as_one_function_is_taken_apart():
    with torch.inference_mode():
        exact = F.scaled_dot_product_attention(HEADS, HEADS, HEADS)
        with multiplied_as(ALL):
            made = F.scaled_dot_product_attention(HEADS, HEADS, HEADS)
        layer = nn.TransformerEncoderLayer(8, 2, batch_first=True).eval()
        whole = layer(X)
        with multiplied_as(ALL):
            rounded = layer(X)
    assert (made - exact).norm() / exact.norm() > 2.0**-15
    assert (rounded - whole).norm() / whole.norm() > 2.0**-15


def test_each_kind_of_product_has_its_own():
    with torch.inference_mode(), multiplied_as(Products(batches=Operands.CUT)):
        assert torch.equal(X @ W, WAYS["matmul"](X))
        assert not torch.equal(F.conv1d(X, KERNEL), X @ X.mT)
    with torch.inference_mode():
        plain = X @ X.mT
        with multiplied_as(Products(batches=Operands.CUT)):
            assert not torch.equal(X @ X.mT, plain)


def test_what_is_not_in_float32_stays_as_it_is():
    with torch.inference_mode(), multiplied_as(ALL):
        assert torch.equal(X.double() @ W.double(), X.double() @ W.double())
        made = X.double() @ W.double()
    assert torch.equal(made, X.double() @ W.double())


def test_a_device_that_is_exact_changes_nothing():
    with torch.inference_mode(), multiplied_as(Products()):
        made = X @ W
    assert torch.equal(made, X @ W)
