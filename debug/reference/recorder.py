"""Records PyTorch's functions in a layer's own code while the model runs.

A `TorchFunctionMode` sees every function that the source calls (``linear``, ``softmax``,
``view``), with its arguments. Hooks switch it on when the layer is entered and off inside
the layers within it, whose results come in as given values.

Two things bite. Functions may write into their argument, so a value is copied before it
is written over. And tensors are known by their ``id``, so each is held until the
recording is done: an id that is free may be given to another tensor.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves, tree_map

from debug.reference.attention import is_attention, written_out
from debug.reference.call_sites import PASSED_OVER, reference_place
from debug.reference.hooks import first_tensor, named_tensors
from debug.reference.other_precision import Weights
from debug.reference.recording import (
    Call,
    Element,
    Recording,
    Ref,
    Step,
    ValueId,
    writes,
)
from debug.reference.variable_names import Bindings


class Recorder(TorchFunctionMode):
    """Notes every function that returns tensors, while it is switched on."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.recording = Recording()
        self.on = False
        self._index: dict[int, ValueId] = {}
        self._further: dict[int, str] = {}
        self._kept: list[Any] = []
        self.bindings = Bindings(lambda value: self._index.get(id(value)), PASSED_OVER)
        self.recording.bound = self.bindings.found
        self._weights = self.recording.all_weights = Weights(module)

    def __torch_function__(
        self, func: Callable, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        if not self.on:
            return func(*args, **(kwargs or {}))
        self.bindings.look()
        if is_attention(func):
            with self:  # it is off while it handles a function
                return written_out(args, kwargs or {}, self._named)
        written = writes(func, args, kwargs or {})
        if written:
            self._set_apart(args[0])
        result = func(*args, **(kwargs or {}))
        if isinstance(result, Tensor) and (written or not self._is_given(result, args)):
            self._note(func, args, kwargs, result)
        elif isinstance(result, tuple | list):
            for number, each in enumerate(result):
                if isinstance(each, Tensor):
                    self._note(Element(func, number), args, kwargs, each)
        return result

    def _note(self, func: Callable, args: Any, kwargs: Any, result: Tensor) -> None:
        refs = tree_map(self._reference, [list(args), kwargs or {}])
        index = self.add(result)
        place = reference_place(sys._getframe(1))
        step = Step(func, tuple(refs[0]), refs[1], index, place)
        self.recording.steps.append(step)

    def _named(self, name: str, value: Tensor) -> Tensor:
        self.recording.names[self.index(value)] = name
        return value

    @staticmethod
    def _is_given(result: Tensor, args: Any) -> bool:
        """Whether nothing was done, as in ``x.to(x.dtype)``."""
        return any(leaf is result for leaf in tree_leaves(list(args)))

    def _set_apart(self, written: Tensor) -> None:
        """Copies what was recorded of a tensor that is about to be written into."""
        values = self.recording.values
        memory = written.untyped_storage().data_ptr()
        for index, value in enumerate(values):
            if value.untyped_storage().data_ptr() == memory:
                values[index] = value.clone()

    def _reference(self, leaf: Any) -> Any:
        return Ref(self.index(leaf)) if isinstance(leaf, Tensor) else leaf

    def index(self, tensor: Tensor) -> ValueId:
        """The place of a tensor that may have come from anywhere."""
        if id(tensor) not in self._index:
            index = self.add(tensor)
            if (layer := self._further.get(id(tensor))) is not None:
                self.recording.further.add(layer)
            if name := self._weights.name_of(tensor):
                self.recording.names[index] = name
                self.recording.weights.add(index)
        return self._index[id(tensor)]

    def beside(self, layer: str, tensor: Tensor) -> None:
        """What a layer within returns besides its first result."""
        self._further[id(tensor)] = layer
        self._kept.append(tensor)

    def add(self, tensor: Tensor, name: str | None = None) -> ValueId:
        index = ValueId(len(self.recording.values))
        self._index[id(tensor)] = index
        self._kept.append(tensor)  # its id is not given to another one
        self.recording.values.append(tensor.detach())
        if name is not None:
            self.recording.names[index] = name
        return index


@contextmanager
def recorded(
    module: nn.Module,
    layer: nn.Module,
    within: Mapping[str, nn.Module],
    call: int = 1,
    opened: Mapping[str, nn.Module] | None = None,
    calls_of: Mapping[str, int] | None = None,
) -> Iterator[Recording]:
    """Records one layer's own code while the model runs.

    Args:
        module: the model, which gives weights their names.
        layer: whose code it is.
        within: the layers that it calls; what they do is not recorded.
        call: which of the layer's calls is meant.
        opened: layers within whose code counts as the layer's own.
        calls_of: which of its module's calls a layer within is, where not the first.
    """
    recorder = Recorder(module)
    recording, handles, calls = recorder.recording, [], 0

    def enter(_: nn.Module, args: Any, kwargs: Any) -> None:
        nonlocal calls
        calls += 1
        if calls != call:
            return
        argument = first_tensor([*args, *kwargs.values()])
        if argument is not None:
            recording.argument = recorder.add(argument, "the argument")
        for name, tensor in named_tensors(layer, args, kwargs):
            if tensor is not argument:
                recording.aside[name] = recorder.add(tensor, name)
        recorder.bindings.enter()
        recorder.on = True

    def leave(_: nn.Module, args: Any, output: Any) -> None:
        if not recorder.on:
            return
        recorder.on = False
        recorder.bindings.leave()
        value = first_tensor(output)
        recording.result = None if value is None else recorder.index(value)

    handles.append(layer.register_forward_pre_hook(enter, with_kwargs=True))
    handles.append(layer.register_forward_hook(leave))
    for name, child in within.items():
        handles += _watch_child(recorder, name, child, (calls_of or {}).get(name, 1))
    for name, child in (opened or {}).items():
        handles.append(_watch_opened(recorder, name, child))
    try:
        with recorder:
            yield recording
    finally:
        for handle in handles:
            handle.remove()


def _watch_opened(recorder: Recorder, name: str, child: nn.Module) -> Any:
    def leave(_: nn.Module, args: Any, output: Any) -> None:
        value = first_tensor(output) if recorder.on else None
        if value is not None:
            recorder.recording.opened[name] = recorder.index(value)

    return child.register_forward_hook(leave)


def _watch_child(recorder: Recorder, name: str, child: nn.Module, call: int) -> list[Any]:
    """One call of a layer within: a module that is called several times is several."""
    recording, inside, calls = recorder.recording, False, 0

    def enter(_: nn.Module, args: Any, kwargs: Any) -> None:
        nonlocal inside, calls
        calls += 1
        if calls != call:
            return
        argument = first_tensor([*args, *kwargs.values()])
        if argument is not None and recorder.on:
            recording.inputs[name] = recorder.index(argument)
            recording.calls[name] = Call(child, args, kwargs)
        if not recorder.on:
            return
        recorder.bindings.look()
        recorder.on, inside = False, True

    def leave(_: nn.Module, args: Any, output: Any) -> None:
        nonlocal inside
        if not inside:
            return
        value = first_tensor(output)
        if value is not None:
            recording.results[name] = recorder.add(value, f"{name}'s result")
        for each in tree_leaves(output):
            if isinstance(each, Tensor) and each is not value:
                recorder.beside(name, each)
        recorder.on, inside = True, False

    return [
        child.register_forward_pre_hook(enter, with_kwargs=True),
        child.register_forward_hook(leave),
    ]
