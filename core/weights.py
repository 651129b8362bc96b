"""From openai's checkpoint to MAX's layout: the names stay, two layouts change."""

from collections.abc import Mapping

import torch
from max.driver import Buffer, Device
from max.dtype import DType
from max.graph import Weight
from torch import Tensor

from debug.diagnostic import Problem


def to_max_layout(name: str, tensor: Tensor) -> Tensor:
    """One tensor as `core.encoder` declares it.

    A convolution's (n_out, n_in, kernel) becomes MAX's RSCF (1, kernel, n_in, n_out).
    """
    if name in ("conv1.weight", "conv2.weight"):
        return tensor.permute(2, 1, 0)[None]
    return tensor


def to_buffer(name: str, tensor: Tensor, dtype: DType, device: Device) -> Buffer:
    """A tensor of the checkpoint as a weight on its device."""
    narrowed = to_max_layout(name, tensor).to(getattr(torch, dtype.name))
    return Buffer.from_dlpack(narrowed.contiguous()).to(device)


def check_weights(
    declared: Mapping[str, Weight], state: Mapping[str, Tensor], graph: str
) -> None:
    """Accounts for every tensor, on both sides.

    Raises:
        Problem: the encoder declares a weight that the checkpoint lacks, leaves one out,
            or declares one in another shape; the message names it.
    """
    for name, weight in declared.items():
        if name not in state:
            message = f"the encoder declares the weight {name}, the checkpoint has none"
            raise Problem("weights", f"{message}: name it as openai does", graph)
        shape = [int(dim) for dim in weight.shape]
        actual = list(to_max_layout(name, state[name]).shape)
        if shape != actual:
            message = f"the encoder declares {name} as {shape}, the checkpoint has {actual}"
            raise Problem("weights", f"{message}: see core/weights.py for layouts", graph)
    if unused := [name for name in state if name not in declared]:
        names = ", ".join(unused[:3]) + (", ..." if len(unused) > 3 else "")
        message = (
            f"the encoder leaves {len(unused)} of the checkpoint's weights out: {names}"
        )
        raise Problem("weights", f"{message}: declare them as openai does", graph)
