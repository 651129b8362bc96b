"""What TF32 keeps of a number."""

import torch

from debug.measure.products import Operands, Products, coarsest

FINE = torch.tensor([1 + 2.0**-11 + 2.0**-12, -1 - 2.0**-11, 3.0, 0.0])


def test_tf32_keeps_ten_bits_rounded_or_cut():
    assert Operands.ROUNDED.of(FINE).tolist() == [1 + 2.0**-10, -1 - 2.0**-10, 3.0, 0.0]
    assert Operands.CUT.of(FINE).tolist() == [1.0, -1.0, 3.0, 0.0]
    assert Operands.EXACT.of(FINE) is FINE


def test_no_number_is_further_off_than_a_unit_of_the_last_bit():
    numbers = torch.randn(1000, generator=torch.Generator().manual_seed(0))
    for operands, most in ((Operands.ROUNDED, 2.0**-11), (Operands.CUT, 2.0**-10)):
        error = ((operands.of(numbers) - numbers) / numbers).abs().max()
        assert 0 < error <= most


def test_the_coarser_way_counts():
    assert coarsest(Operands.EXACT, Operands.CUT, Operands.ROUNDED) is Operands.CUT
    assert coarsest(Operands.EXACT, Operands.ROUNDED) is Operands.ROUNDED


def test_what_a_person_is_told_names_the_products_that_are_coarse():
    told = Products(matrices=Operands.CUT).said
    assert told.startswith("this device computes products of float32 in TF32")
    assert "--device cpu" in told
    assert Products().exact


def test_a_convolution_written_as_products_rounds_as_they_do():
    device = Products(matrices=Operands.ROUNDED)
    assert device.used_by(has_convolutions=True).convolutions is Operands.EXACT
    assert device.used_by(has_convolutions=False).convolutions is Operands.ROUNDED
