"""Products of groups of rows, which PyTorch has in no float64."""

import torch

from debug.reference.grouped_products import grouped_product
from debug.reference.hooks import StayInFloat64

X, WEIGHTS = torch.randn(6, 8), torch.randn(3, 8, 16)
ENDS = torch.tensor([2, 2, 6], dtype=torch.int32)


def test_each_group_has_its_own_weights_and_may_be_empty():
    found = grouped_product(X, WEIGHTS, ENDS)
    assert torch.allclose(found[:2], X[:2] @ WEIGHTS[0])
    assert torch.allclose(found[2:], X[2:] @ WEIGHTS[2])


def test_a_router_s_experts_run_in_float64():
    with StayInFloat64():
        found = torch.nn.functional.grouped_mm(X.double(), WEIGHTS.double(), offs=ENDS)
    assert found.dtype == torch.float64
    assert torch.allclose(found.float(), grouped_product(X, WEIGHTS, ENDS), atol=1e-5)


def test_numbers_that_are_made_in_float32_are_in_float64_there():
    with StayInFloat64():
        assert torch.arange(3, dtype=torch.float32).dtype == torch.float64
