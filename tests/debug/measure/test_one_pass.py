"""One pass says what the careful way says, or leaves it to that."""

import math

import pytest
import torch
from msgspec import structs

from debug.measure import divergence
from debug.measure.divergence import compare
from debug.measure.one_pass import PIECE, sums
from debug.measure.truth import measure_reference

SHAPES = [(5,), (1, 7, 3), (2, 300, 130), (PIECE // 10, 33)]


def values(shape: tuple[int, ...]) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    exact = torch.randn(shape, dtype=torch.float64, generator=generator)
    rounded = exact.float() + 1e-6 * torch.randn(shape, generator=generator)
    return exact, rounded


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_both_ways_say_the_same(shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch):
    exact, value = values(shape)
    truth = measure_reference(exact, exact.float())
    quick = compare(value, truth, "float32")
    monkeypatch.setattr(divergence, "sums", lambda *_: None)
    careful = compare(value, truth, "float32")
    for one, other in zip(quick, careful, strict=True):
        assert numbers(one) == pytest.approx(numbers(other), rel=1e-9, abs=1e-12)
    assert quick[1].verdict == careful[1].verdict
    assert quick[1].max_abs_at == careful[1].max_abs_at


def numbers(struct: object) -> list[float]:
    """All that a struct holds, however deep."""
    if isinstance(struct, float | int):
        return [float(struct)]
    if isinstance(struct, list):
        return [number for each in struct for number in numbers(each)]
    if hasattr(struct, "__struct_fields__"):
        return numbers(list(structs.asdict(struct).values()))  # pyright: ignore
    return []


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 1e200])
def test_numbers_that_need_care_are_left_to_the_careful_way(number: float):
    exact, _ = values((2, 300, 130))
    value = exact.clone()
    value[1, 299, 7] = number
    assert sums(value, exact) is None
    assert sums(exact.float(), value) is None


def test_squares_that_vanish_are_left_to_the_careful_way():
    exact = torch.full((4, 5), 1e-200, dtype=torch.float64)
    assert sums(exact, exact * 2) is None
    assert sums(exact * 1e200, exact * 1e200 + exact) is not None


def test_an_exact_copy_has_no_error_and_zeros_are_ordinary():
    zeros = torch.zeros(4, 5, dtype=torch.float64)
    found = sums(zeros, zeros)
    assert found is not None
    assert (found.norm, found.errors.total, found.largest) == (0, 0, 0)


def test_nothing_is_left_to_the_careful_way():
    assert sums(torch.empty(0, 4), torch.empty(0, 4, dtype=torch.float64)) is None
