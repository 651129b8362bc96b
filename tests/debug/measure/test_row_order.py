"""Whether a value has another one's rows in another order."""

import torch

from debug.measure.row_order import order_of_rows

VALUE = torch.randn(6, 3, 4, generator=torch.manual_seed(0)).double()


def test_rows_in_another_order_are_found_by_their_numbers():
    turned = VALUE.reshape(2, 3, 3, 4).transpose(0, 1).reshape(6, 3, 4)
    rounded = turned.float() * (1 + 1e-6)
    order = order_of_rows(rounded, VALUE)
    assert order is not None
    assert torch.allclose(rounded[order].double(), VALUE, atol=1e-4)


def test_rows_in_the_same_order_are_no_other():
    assert order_of_rows(VALUE.float(), VALUE) is None


def test_a_row_that_is_there_twice_is_no_order():
    assert order_of_rows(VALUE[[0, 0, 2, 3, 4, 5]], VALUE) is None


def test_another_shape_has_no_rows_to_put_in_order():
    assert order_of_rows(VALUE[:5], VALUE) is None
    assert order_of_rows(VALUE[:1], VALUE[:1]) is None
