"""A U-Net with channels last beside one with channels first: ``maxwhisper-tui port.py``."""

from collections.abc import Mapping

import model
import original
import torch
from torch import Tensor

from maxwhisper import Port

CHANNELS, HEADS = 8, 2


def adapted(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    weights = {}
    for name, value in state.items():
        name = name.replace("time_embed.0", "time1").replace("time_embed.2", "time2")
        weights[name] = value.permute(2, 3, 1, 0) if value.ndim == 4 else value
    return weights


def port() -> Port:
    torch.manual_seed(0)
    reference = original.UNet(CHANNELS, HEADS).eval()
    for weight in reference.parameters():  # as if trained: no norm is all ones
        weight.data += 0.1 * torch.randn_like(weight)
    images, steps = torch.randn(2, 3, 12, 10), torch.tensor([3.0, 20.0])
    return Port(
        reference,
        lambda device, dtype: model.UNet(CHANNELS, HEADS, dtype, device),
        inputs={"x": images, "t": steps},
        candidate_inputs=[images.permute(0, 2, 3, 1), steps],
        weights=adapted,
    )
