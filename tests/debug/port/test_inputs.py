"""What a port's inputs say of its values."""

import pytest
import torch

from debug.port.inputs import Inputs

IDS = Inputs({"ids": torch.zeros(2, 12, dtype=torch.int64), "scale": torch.ones(2, 7)})


@pytest.mark.parametrize(
    ("shape", "row"),
    [
        ([2, 12, 8], "token"),
        ([24, 8], "token"),  # batch and tokens are joined
        ([2, 4, 12, 12], "token"),
        ([2, 8], "position"),  # a pooled value: a row each of the batch
        ([2, 7, 8], "position"),
        ([8], "position"),
    ],
)
def test_a_row_is_a_token_where_an_input_has_a_whole_number_for_it(shape, row):
    assert IDS.row(shape) == row
