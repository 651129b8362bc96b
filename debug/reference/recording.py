"""PyTorch's operations in a layer's own code, recorded so that they can be run again.

A layer's own code is what happens between its input, what the layers within it return,
and what it returns. For ``attn`` that is ``view, permute, mul, matmul, softmax, ...``,
while ``query`` and ``out`` are layers within: their results are given values, and their
inputs are where the code leads. Functions are recorded as the model's source calls them,
each with its line.

A recording is a small program in single assignment: `Recording.values` holds every value
in float64, and a step refers to them by `ValueId`. So a question such as "what if softmax
had run over another axis?" is a replay with one step replaced, which costs milliseconds
and no source.

A function that returns several tensors (``chunk``, ``split``) is a step for each of them.
"""

import inspect
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NewType

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves, tree_map

from debug.measure.products import EXACT, Products
from debug.protocol.values import Place
from debug.reference.pytorch_functions import LAYOUTS
from debug.reference.rounded_products import multiplied_as
from debug.subject import in_precision

ValueId = NewType("ValueId", int)
"""The place of a value in its recording."""
DOES_NOT_RUN = (RuntimeError, IndexError, TypeError, ValueError, OverflowError)
"""What a replay raises where shapes do not fit."""


@dataclass(frozen=True)
class Ref:
    """Stands for a value in a step's arguments."""

    index: ValueId


@dataclass(frozen=True)
class Step:
    """One call of a PyTorch function, with one tensor that it returned."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    result: ValueId
    place: Place | None

    @property
    def name(self) -> str:
        """Of the function; of an attribute such as ``x.mT`` the attribute's."""
        function = self.function
        if function.__name__ == "__get__":
            function = getattr(function, "__self__", function)
        return function.__name__.strip("_")

    @property
    def in_place(self) -> bool:
        return writes(self.function, self.args, self.kwargs)

    @property
    def operands(self) -> list[ValueId]:
        leaves = tree_leaves([self.args, dict(self.kwargs)])
        return [leaf.index for leaf in leaves if isinstance(leaf, Ref)]


def writes(
    function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> bool:
    """Whether a call puts its result in the place of its argument."""
    name = function.__name__
    if name.startswith("__i") or (name.endswith("_") and not name.endswith("__")):
        return True
    if kwargs.get("inplace") is True or not any(arg is True for arg in args):
        return kwargs.get("inplace") is True
    try:
        given = inspect.signature(function).bind(*args, **kwargs).arguments
    except (TypeError, ValueError):  # PyTorch's own functions in C have no signature
        return False
    return given.get("inplace") is True


class Element:
    """A function that returns several values, known by one of them."""

    def __init__(self, function: Callable[..., Any], number: int) -> None:
        self.__name__ = function.__name__
        self.number, self._function = number, function

    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        return self.all_of(*args, **kwargs)[self.number]

    def all_of(self, *args: Any, **kwargs: Any) -> Sequence[Tensor]:
        return self._function(*args, **kwargs)


@dataclass(frozen=True)
class Call:
    """How a layer within was called."""

    module: nn.Module
    args: Sequence[Any]
    kwargs: Mapping[str, Any]

    def with_input(self, value: Tensor, module: nn.Module | None = None) -> Tensor | None:
        """What it returns for another first tensor, or what another module does."""
        given = tree_leaves([self.args, self.kwargs])
        first = next(leaf for leaf in given if isinstance(leaf, Tensor))
        args, kwargs = tree_map(
            lambda leaf: value if leaf is first else leaf,
            (list(self.args), dict(self.kwargs)),
        )
        returned = tree_leaves((module or self.module)(*args, **kwargs))
        return next((leaf for leaf in returned if isinstance(leaf, Tensor)), None)


Replacement = Callable[[Sequence[Any], Mapping[str, Any]], Tensor]
"""What to do in place of a step, with the step's arguments."""


@dataclass
class Recording:
    """The values of a layer's own code, the steps between them, and where they lead."""

    values: list[Tensor] = field(default_factory=list)
    """In float64 and the reference's layout."""
    names: dict[ValueId, str] = field(default_factory=dict)
    """Of the argument, weights, what layers return, and of what no source names."""
    bound: list[tuple[str, ValueId]] = field(default_factory=list)
    """The source's own names, each with a value that it stood for, in order."""
    weights: set[ValueId] = field(default_factory=set)
    all_weights: Mapping[str, Tensor] = field(default_factory=dict)
    """The model's, used or not."""
    steps: list[Step] = field(default_factory=list)
    argument: ValueId | None = None
    """The layer's own input."""
    aside: dict[str, ValueId] = field(default_factory=dict)
    """What else it is called with, such as a residual, by the parameter's name."""
    results: dict[str, ValueId] = field(default_factory=dict)
    """What each layer within returns."""
    inputs: dict[str, ValueId] = field(default_factory=dict)
    """The input of each layer within."""
    calls: dict[str, Call] = field(default_factory=dict)
    """Of each layer within."""
    further: set[str] = field(default_factory=set)
    """Layers within of whose results more than the first is used, as a router's weights
    and choice of experts are."""
    opened: dict[str, ValueId] = field(default_factory=dict)
    """What each layer within returns whose code is recorded as the layer's own."""
    result: ValueId | None = None
    """What the layer itself returns."""
    products: Products = EXACT
    """How the candidate's device multiplies what is in float32."""

    @property
    def variables(self) -> dict[str, list[ValueId]]:
        """By the source's own names, the values that each stood for."""
        found: dict[str, list[ValueId]] = {}
        for name, value in self.bound:
            found.setdefault(name, []).append(value)
        return found

    @property
    def given(self) -> set[ValueId]:
        """What the code gets from outside, but for weights and constants."""
        given = {*self.results.values(), *self.aside.values()}
        return given if self.argument is None else given | {self.argument}

    @property
    def of_numbers(self) -> set[ValueId]:
        """What the code makes of numbers alone, such as the frequencies of positions."""
        from_outside, found = {*self.given, *self.weights}, set[ValueId]()
        for step in self.steps:
            of_numbers = from_outside.isdisjoint(step.operands)
            (found if of_numbers else from_outside).add(step.result)
        return found

    def maker(self, value: ValueId) -> Step | None:
        """The step that made a value; None for one that is given."""
        return next((step for step in self.steps if step.result == value), None)

    def origin(self, value: ValueId) -> ValueId:
        """The value that another one is, in another layout."""
        step = self.maker(value)
        if step is None or not (_lays_out(step) or self._takes_all(step)):
            return value
        return self.origin(step.operands[0])

    def _takes_all(self, step: Step) -> bool:
        """Whether a slice has all that it is of, as ``x[0:8]`` of eight has."""
        if step.name != "getitem" or len(step.operands) != 1:
            return False
        taken, whole = (self.values[i] for i in (step.result, step.operands[0]))
        return taken.shape == whole.shape and torch.equal(taken, whole)

    def leading_to(self, value: ValueId) -> list[Step]:
        """The steps that a value is made by, in order."""
        needed, steps = {value}, []
        for step in reversed(self.steps):
            if step.result in needed:
                needed.update(step.operands)
                steps.append(step)
        return steps[::-1]

    def made_of(self, values: Collection[ValueId]) -> set[ValueId]:
        """All that is computed of some values; not these themselves."""
        found: set[ValueId] = set()
        for step in self.steps:
            if not {*values, *found}.isdisjoint(step.operands):
                found.add(step.result)
        return found

    def name(self, value: ValueId) -> str:
        """What a person would call a value."""
        if value in self.names:
            return self.names[value]
        step = self.maker(value)
        where = f" (line {step.place.line})" if step and step.place else ""
        variable = next((name for name, index in self.bound if index == value), None)
        if variable is not None:
            return variable + (where if len(self.variables[variable]) > 1 else "")
        if step is None:
            return "a constant"
        if _lays_out(step):
            return self.name(self.origin(value))
        return f"the result of {step.name}{where}"

    def starting_from(
        self,
        given: Mapping[ValueId, Tensor],
        replaced_steps: Mapping[ValueId, Replacement] | None = None,
    ) -> "Recording":
        """The same code run again on other given values, or with other steps."""
        replaced_steps = replaced_steps or {}
        steps = [
            replace(step, function=_in_place_of(replaced_steps[step.result], step))
            if step.result in replaced_steps
            else step
            for step in self.steps
        ]
        return replace(self, steps=steps, values=self._run(given, replaced_steps, None))

    def in_precision(
        self, dtype: torch.dtype, given: Mapping[ValueId, Tensor] | None = None
    ) -> list[Tensor]:
        """All values, computed in another precision throughout.

        Args:
            dtype: the precision.
            given: values that go in unchanged; all others are rounded.
        """
        start = {ValueId(i): in_precision(v, dtype) for i, v in enumerate(self.values)}
        made = {step.result for step in self.steps if step.operands}
        rounded = {i: v for i, v in start.items() if i not in made}
        narrow = replace(self, steps=[_narrowed_step(each, dtype) for each in self.steps])
        with multiplied_as(self.products):
            return narrow._run({**rounded, **(given or {})}, {}, None)

    def replay(
        self,
        target: ValueId,
        replaced_steps: Mapping[ValueId, Replacement],
        given: Mapping[ValueId, Tensor] | None = None,
    ) -> Tensor:
        """The target's value if some steps, by result, or given values were others."""
        return self._run(given or {}, replaced_steps, target)[target]

    def _run(
        self,
        given: Mapping[ValueId, Tensor],
        replaced_steps: Mapping[ValueId, Replacement],
        target: ValueId | None,
    ) -> list[Tensor]:
        values = list(self.values)
        for index, tensor in given.items():
            values[index] = tensor
        changed = set(given)
        for step in self.steps if target is None else self.leading_to(target):
            if step.result in replaced_steps or not changed.isdisjoint(step.operands):
                call = replaced_steps.get(step.result)
                values[step.result] = run_step(step, values, call)
                changed.add(step.result)
        return values


def _lays_out(step: Step) -> bool:
    """Whether a step leaves the numbers as they are: `LAYOUTS`, and ``x[:, None]``."""
    if step.name != "getitem" or len(step.args) != 2:
        return step.name in LAYOUTS
    index = step.args[1] if isinstance(step.args[1], tuple) else (step.args[1],)
    return all(part is None or part is ... or part == slice(None) for part in index)


def run_step(
    step: Step, values: Sequence[Tensor], call: Replacement | None = None
) -> Tensor:
    """A step on the values that are given, or what is to be done in its place."""

    def filled(leaf: Any) -> Any:
        return values[leaf.index] if isinstance(leaf, Ref) else leaf

    args, kwargs = tree_map(filled, [step.args, dict(step.kwargs)])
    if step.in_place:
        args = tree_map(lambda a: a.clone() if isinstance(a, Tensor) else a, args)
    return step.function(*args, **kwargs) if call is None else call(args, kwargs)


def made_by(
    step: Step, values: Sequence[Tensor], call: Replacement | None = None
) -> Tensor | None:
    """What a step would make, without axes of one; None where the shapes do not fit."""
    try:
        return run_step(step, values, call).squeeze()
    except DOES_NOT_RUN:
        return None


def _in_place_of(call: Replacement, step: Step) -> Callable[..., Tensor]:
    """A function by the name of the step's own that does something else, in the precision
    of its arguments. A mistake may hold values in float64, which don't mix with others."""

    def function(*args: Any, **kwargs: Any) -> Tensor:
        given = [leaf for leaf in tree_leaves([args, kwargs]) if _is_float(leaf)]
        try:
            made = call(args, kwargs)
        except RuntimeError:
            made = call(*tree_map(_widened, [args, kwargs]))
        return made.to(given[0].dtype) if given else made

    function.__name__ = step.function.__name__
    return function


def _is_float(leaf: Any) -> bool:
    return isinstance(leaf, Tensor) and leaf.is_floating_point()


def _widened(leaf: Any) -> Any:
    return leaf.double() if _is_float(leaf) else leaf


def _narrowed_step(step: Step, dtype: torch.dtype) -> Step:
    """The same in another precision where it names its own, as ``x.to(y.dtype)`` does, or
    its lowest number, as masks do."""
    largest = torch.finfo(dtype).max if dtype.is_floating_point else math.inf

    def other(leaf: Any) -> Any:
        if leaf is torch.float64:
            return dtype
        if isinstance(leaf, float) and math.isfinite(leaf):
            return min(max(leaf, -largest), largest)
        return leaf

    args, kwargs = tree_map(other, [step.args, dict(step.kwargs)])
    return replace(step, args=args, kwargs=kwargs)
