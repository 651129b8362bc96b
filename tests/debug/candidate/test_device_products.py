"""How a device multiplies is measured with numbers that tell."""

import pytest
import torch
from max.driver import CPU
from max.dtype import DType

from debug.candidate import device_products
from debug.candidate.device_products import COARSE, FINE, operands_of, products_of
from debug.measure.products import EXACT, Operands


def rows(fine: float, coarse: float) -> torch.Tensor:
    return torch.tensor([fine, coarse]).reshape(1, 2, 1).expand(1, 2, 4)


@pytest.mark.parametrize(
    ("fine", "coarse", "operands"),
    [
        (FINE, COARSE, Operands.EXACT),
        (COARSE, COARSE, Operands.ROUNDED),
        (1.0, COARSE, Operands.CUT),
        (1.0, 1.0, Operands.EXACT),  # coarser than TF32: that is for the verdict to say
    ],
)
def test_what_comes_back_tells_what_became_of_the_bits(fine, coarse, operands):
    assert operands_of(rows(fine, coarse)) is operands


@pytest.mark.max
def test_a_cpu_multiplies_exactly_in_every_way_that_is_tried():
    """The way in which a GPU is asked, on this machine's CPU."""
    made = device_products._run(CPU())
    assert [operands_of(each) for each in made] == [Operands.EXACT] * 3
    assert all(set(each.flatten().tolist()) >= {FINE, COARSE} for each in made)


def test_only_float32_on_a_gpu_has_to_be_asked():
    assert products_of(CPU(), DType.float32) is EXACT
    assert products_of(CPU(), DType.float16) is EXACT
