"""How often each tap and the bias are in a convolution."""

import torch.nn.functional as F
from recordings import causes_of, numbers
from torch import Tensor

X = numbers(1, 4, 12)
WEIGHT, BIAS = numbers(6, 4, 3, seed=1), numbers(6, seed=2)


def right(layer, x: Tensor) -> Tensor:
    return F.conv1d(x, layer.weight, layer.bias, padding=1)


def counted(*taps: float, bias: float = 1.0):
    def wrong(layer, x: Tensor) -> Tensor:
        padded = F.pad(x, (1, 1))
        y = bias * layer.bias[:, None]
        for tap, times in enumerate(taps):
            y = y + times * (layer.weight[..., tap] @ padded[..., tap : tap + x.shape[-1]])
        return y

    return wrong


def causes(wrong) -> list[str]:
    return causes_of(right, wrong, X, weight=WEIGHT, bias=BIAS)


def test_a_wrong_sign_is_said_of_its_tap():
    assert causes(counted(1, 1, -1))[0] == "tap 2 of the kernel is subtracted"


def test_two_terms_of_one_sum_are_told_together():
    said = "tap 2 of the kernel is subtracted, and bias is added twice"
    assert causes(counted(1, 1, -1, bias=2))[0] == said


def test_a_factor_of_a_tap_is_told_as_it_is():
    assert causes(counted(1, 0.5, 1))[0] == "tap 1 of the kernel is multiplied by 0.5"


def test_a_tap_that_is_left_out_keeps_its_name():
    assert causes(counted(1, 0, 1))[0] == "tap 1 of the kernel is left out"
