"""LSTMs and GRUs that are unrolled otherwise."""

import pytest
import torch
from recordings import causes_of, numbers
from torch import Tensor, nn

STEPS, BATCH, WIDTH = 4, 2, 3


def gru(m, x: Tensor) -> Tensor:
    h = torch.zeros(1, BATCH, WIDTH, dtype=x.dtype)
    weights = [m.w_ih, m.w_hh, m.b_ih, m.b_hh]
    return torch.gru(x, h, weights, True, 1, 0.0, False, False, False)[0]


def unrolled(order: str = "rzn", kept: str = "old"):
    """A GRU as a port writes it, with its gates in an order."""

    def code(m, x: Tensor) -> Tensor:
        h, found = torch.zeros(BATCH, WIDTH, dtype=x.dtype), []
        for row in x:
            of_input = dict(zip(order, (row @ m.w_ih.T + m.b_ih).chunk(3, -1), strict=True))
            of_state = dict(zip(order, (h @ m.w_hh.T + m.b_hh).chunk(3, -1), strict=True))
            r, z = ((of_input[g] + of_state[g]).sigmoid() for g in "rz")
            n = (of_input["n"] + r * of_state["n"]).tanh()
            h = (1 - z) * n + z * h if kept == "old" else z * n + (1 - z) * h
            found.append(h)
        return torch.stack(found)

    return code


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (unrolled("zrn"), "the gates are in the order update, reset, new"),
        (unrolled(kept="new"), "the update gate keeps the new state"),
    ],
)
def test_what_is_wrong_within_a_recurrence_is_named(wrong, said: str):
    weights = {
        "w_ih": numbers(3 * WIDTH, 5, seed=1),
        "w_hh": numbers(3 * WIDTH, WIDTH, seed=2),
        "b_ih": numbers(3 * WIDTH, seed=3),
        "b_hh": numbers(3 * WIDTH, seed=4),
    }
    found = causes_of(gru, wrong, numbers(STEPS, BATCH, 5), **weights)
    assert found[0].startswith(said), found


def test_directions_that_are_joined_the_other_way_round_are_named():
    torch.manual_seed(0)
    lstm = nn.LSTM(5, WIDTH, bidirectional=True).double()
    flat = dict(lstm.named_parameters())
    weights = {name: value.detach() for name, value in flat.items()}

    def right(m, x: Tensor) -> Tensor:
        h = torch.zeros(2, BATCH, WIDTH, dtype=x.dtype)
        given = [getattr(m, name) for name in flat]
        return torch.lstm(x, (h, h), given, True, 1, 0.0, False, True, False)[0]

    def wrong(m, x: Tensor) -> Tensor:
        return right(m, x).roll(WIDTH, -1)

    found = causes_of(right, wrong, numbers(STEPS, BATCH, 5), **weights)
    assert any("the directions are joined in the other order" in each for each in found)
