"""A model in another precision that has no weights of its own.

A copy of a large model in float64 takes twice its memory, and each weight of it is used
once in a run. So a copy here has the model's own weights, and converts each when it is
read, wherever in the code that is::

    copy.blocks[3].mlp[0].weight  # float64, made now, and gone when nobody holds it

Buffers are converted once and for all, for a model may write into them. So are the weights
of modules that keep theirs in a way of their own, such as PyTorch's LSTM.
"""

import copy
import weakref
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

CONVERTER = "_converter_of_weights"


class _Converter:
    """Converts weights; one that somebody holds is not made twice."""

    def __init__(self, dtype: torch.dtype) -> None:
        self.dtype = dtype
        self._made = weakref.WeakValueDictionary[int, Tensor]()
        self._originals: dict[int, int] = {}

    def of(self, weight: Tensor) -> Tensor:
        if not weight.is_floating_point() or weight.dtype == self.dtype:
            return weight
        made = self._made.get(id(weight))
        if made is None:
            with torch._C.DisableTorchFunction():  # no function of the model's
                converted = weight.detach().to(self.dtype)
                made = nn.Parameter(converted, requires_grad=False)
            self._made[id(weight)] = made
            self._originals[id(made)] = id(weight)
        return made

    def original(self, weight: Tensor) -> int:
        """The ``id`` of what a weight was made of; its own, if of nothing."""
        original = self._originals.get(id(weight), id(weight))
        return original if self._made.get(original) is weight else id(weight)


class _Converted(dict[str, nn.Parameter | None]):
    """A module's parameters, which are converted as they are read."""

    def __init__(self, given: Mapping[str, nn.Parameter | None], by: _Converter) -> None:
        super().__init__(given)
        self._by = by

    def __getitem__(self, name: str) -> Any:
        weight = super().__getitem__(name)
        return None if weight is None else self._by.of(weight)


def in_other_precision(module: nn.Module, dtype: torch.dtype) -> nn.Module:
    """A copy that computes in a precision, without weights of its own."""
    apart = [each for each in module.modules() if _keeps_its_own(each)]
    own = {id(weight) for each in apart for weight in each.parameters()}
    shared = {id(w): w for w in module.parameters() if id(w) not in own}
    made = copy.deepcopy(module, shared)
    apart = [each.to(dtype) for each in made.modules() if _keeps_its_own(each)]
    inner = {each for part in apart for each in part.modules()}
    converter = _Converter(dtype)
    for each in made.modules():
        if each not in inner:
            each._parameters = _Converted(each._parameters, converter)
            for name, buffer in each._buffers.items():
                if buffer is not None and buffer.is_floating_point():
                    each._buffers[name] = buffer.to(dtype)
    object.__setattr__(made, CONVERTER, converter)
    return made


def _keeps_its_own(module: nn.Module) -> bool:
    """Whether a module holds weights in more places than PyTorch's modules do."""
    return type(module)._apply is not nn.Module._apply


class Weights(Mapping[str, Tensor]):
    """A model's weights and buffers by name, in the precision in which it computes."""

    def __init__(self, module: nn.Module) -> None:
        self._given = {**dict(module.named_parameters()), **dict(module.named_buffers())}
        self._converter: _Converter | None = vars(module).get(CONVERTER)
        self._names = {id(weight): name for name, weight in self._given.items()}

    def __getitem__(self, name: str) -> Tensor:
        weight = self._given[name]
        return weight if self._converter is None else self._converter.of(weight)

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)

    def shape(self, name: str) -> torch.Size:
        """Of a weight, without converting it."""
        return self._given[name].shape

    def name_of(self, weight: Tensor) -> str | None:
        """Of a tensor that was read of the model, if it is one of its weights."""
        converter = self._converter
        original = id(weight) if converter is None else converter.original(weight)
        return self._names.get(original)
