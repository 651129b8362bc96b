"""What a person says about a port: the few lines of a port file.

    def port() -> Port:
        model = BertModel(config).eval()
        return Port(
            reference=model,
            candidate=lambda device, dtype: MaxBert(config, dtype, device),
            inputs={"input_ids": ids, "attention_mask": mask},
        )

Which layer of one side is which of the other is found by the weights that they hold, see
`debug.port.alignment`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import torch
from max.dtype import DType
from max.graph import DeviceRef
from torch import Tensor

Weights = Mapping[str, Any]


@dataclass(frozen=True)
class Port:
    """A PyTorch module and its port to MAX. Only the first three are always needed."""

    reference: torch.nn.Module
    """In float32 on the CPU; it runs in evaluation mode."""
    candidate: Callable[[DeviceRef, DType], Any]
    """Builds the port: a `max.nn.Module` or a `max.experimental.nn.Module`."""
    inputs: Mapping[str, Any]
    """What the reference is called with, by its parameters' names: tensors of any dtype,
    tuples, lists and dictionaries of them, or plain values."""
    _: KW_ONLY
    candidate_inputs: Mapping[str, Any] | Sequence[Any] | None = None
    """What the port is called with, where that is something else; tensors, in order."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Of the dimensions that the port's code names, such as ``seq_len``, where it has no
    ``input_types`` that say it."""
    weights: Weights | Callable[[Weights], Weights] | None = None
    """The port's weights by its names, or what makes them of the reference's state. One of
    Modular's ``convert_safetensor_state_dict`` will do."""
    layers: Mapping[str, str] = field(default_factory=dict)
    """Pairs that are to be taken as they are: the reference's name, then the port's."""
    ignore: Sequence[str] = ()
    """Layers of the reference that are not to be compared, with all within them."""
    output: Callable[[Any], Tensor] | None = None
    """Which tensor of what the reference returns is the result; the first, if left out."""
    outcome: Callable[[Tensor, Tensor], tuple[str, str]] | None = None
    """What follows from either side's result, such as the words that it stands for."""
    title: str = ""
    """What the screen calls the model; the reference's class, if left out."""
