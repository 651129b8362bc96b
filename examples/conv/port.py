"""A convolutional network with channels last beside one with channels first."""

from collections.abc import Mapping

import torch
from model import Network
from torch import Tensor, nn

from maxwhisper import Port

NAMES = {
    **{"running_mean": "mean", "running_var": "variance"},
    **{"0.": "first.", "1.": "first_norm."},
    **{"3.": "second.", "4.": "second_norm.", "8.": "head."},
}


def adapted(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    weights = {}
    for name, value in state.items():
        for theirs, ours in NAMES.items():
            name = name.replace(theirs, ours)
        weights[name] = value.permute(2, 3, 1, 0) if value.ndim == 4 else value
    return weights


def port() -> Port:
    torch.manual_seed(0)
    first = nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU()
    second = nn.Conv2d(8, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()
    head = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 5)
    reference, images = nn.Sequential(*first, *second, *head), torch.randn(2, 3, 12, 12)
    for weight in reference.parameters():  # as if trained: no norm is all ones
        weight.data += 0.1 * torch.randn_like(weight)
    reference(images)  # gives the norms a mean and a variance
    candidate = lambda device, dtype: Network(8, 5, dtype, device)  # noqa: E731
    inputs, channels_last = {"input": images}, [images.permute(0, 2, 3, 1)]
    return Port(
        reference, candidate, inputs, candidate_inputs=channels_last, weights=adapted
    )
