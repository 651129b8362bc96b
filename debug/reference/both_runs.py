"""Runs the reference in PyTorch, in float64 and in the candidate's precision together.

The run in float64 is the truth, the other one says how much rounding alone costs at each
layer. Both are needed of every layer twice: in the run of the whole model, and in
isolation, which is the layer alone on its input from the float64 run. Where the device
multiplies in less than float32, a third run with exact products says what rounding costs
a layer that has none.

The two runs take turns (`debug.reference.turns`): one goes as far as the next layer, then
the other does, and the layer is measured and put away. So memory holds what one layer
needs, however many there are.
"""

import contextlib
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor, nn

from debug.measure.products import EXACT, Products
from debug.measure.shelf import Shelf
from debug.measure.truth import Truth, measure_isolated, measure_reference, put_away
from debug.memory import give_back
from debug.reference.call_sites import reference_definition
from debug.reference.hooks import (
    LayerCall,
    StayInFloat64,
    hooked,
    layer_modules,
    narrowed,
    rounding,
    weights_precision,
)
from debug.reference.other_precision import in_other_precision
from debug.reference.preconditions import check_inputs, check_repeats, check_weights
from debug.reference.rounded_products import multiplied_as
from debug.reference.turns import turns
from debug.reference.without_value import check_value
from debug.subject import LayerName, Subject, arguments_in, in_precision

Calls = Generator[tuple[LayerName, LayerCall], None, None]
"""A run of the reference, as far as its layers were called."""


def run_reference(
    subject: Subject, dtype: str, products: Products = EXACT, shelf: Shelf | None = None
) -> dict[str, Truth]:
    """The truth about every input and layer, in order of computation.

    Args:
        subject: whose reference runs.
        dtype: what the candidate computes in.
        products: how its device multiplies.
        shelf: where the values are kept.

    Raises:
        Problem: nothing can be compared with this reference, or there is no room for what
            it computes.
    """
    shelf = shelf or Shelf()
    truths = {
        value.name: measure_reference(value.exact, value.reference)
        for value in subject.inputs
    }
    check_inputs(subject.inputs)
    for name, truth in _layers(subject, dtype, products):
        check_value(name, truth)
        truths[name] = put_away(truth, shelf)
        give_back()
    inputs = [value.name for value in subject.inputs if value.compared]
    return {name: truths[name] for name in [*inputs, *(x.name for x in subject.layers)]}


def _layers(
    subject: Subject, dtype: str, products: Products
) -> Generator[tuple[str, Truth], None, None]:
    """The layers as they return."""
    module, precision = subject.reference(), rounding(dtype)
    check_weights(module)
    narrow = narrowed(subject, module, precision)
    wide = in_other_precision(module, torch.float64)
    ruler = _Ruler(subject, dtype, products, narrow)
    begins = [
        LayerName(name, parent="", call=layer.call)
        for layer in subject.layers
        if (name := layer.begins) is not None
    ]
    run = partial(_run, subject)
    near = run(narrow, subject.layers, precision, multiplied_as(products))
    whole = None
    if not products.exact:
        copy = in_other_precision(module, weights_precision(subject, precision))
        whole = run(copy, subject.layers, precision, contextlib.nullcontext())
    exact = run(wide, [*begins, *subject.layers], torch.float64, StayInFloat64())
    # Each may change PyTorch's settings for as long as it runs, and puts back what it
    # found: the first to begin is the last to end.
    with contextlib.ExitStack() as closing:
        for each in filter(None, (near, whole, exact)):
            closing.enter_context(contextlib.closing(each))
        again = partial(run, ruler.copy, subject.layers, precision)
        values = _Values(near, lambda: _check_repeats(again, products))
        plain = None if whole is None else _Values(whole, lambda: None)
        for layer, call in exact:
            if layer in begins:
                ruler.calls[layer.name] = call
                continue
            value = values.of(layer.name)
            with_exact_products = None if plain is None else plain.of(layer.name)
            yield layer.name, ruler.measure(layer, call, value, with_exact_products)
        values.finish()


def _run(
    subject: Subject,
    module: nn.Module,
    layers: Sequence[LayerName],
    precision: torch.dtype,
    mode: AbstractContextManager[object],
) -> Calls:
    """One run, which goes on to the next layer when that is asked for."""

    def work(hand_over: Callable[[tuple[LayerName, LayerCall]], None]) -> None:
        heard = hooked(module, layers, lambda layer, call: hand_over((layer, call)))
        with torch.inference_mode(), heard, mode:
            subject.run_reference(module, *arguments_in(subject, precision))

    return turns(work)


class _Ruler:
    """Measures a layer of both runs."""

    def __init__(
        self, subject: Subject, dtype: str, products: Products, narrow: nn.Module
    ) -> None:
        self._dtype, self._precision = dtype, rounding(dtype)
        self._products, self._narrow = products, narrow
        # A copy that nobody hears runs in the middle of a run of the model.
        kept = weights_precision(subject, self._precision)
        self.copy = in_other_precision(narrow, kept)
        self._modules = layer_modules(self.copy, subject.layers)
        self.calls: dict[str, LayerCall] = {}
        """In float64, of modules that rows begin with."""

    @torch.inference_mode()
    def measure(
        self, layer: LayerName, call: LayerCall, value: Tensor, plain: Tensor | None
    ) -> Truth:
        """
        Args:
            layer: that has returned.
            call: of it, in float64.
            value: what it returned in the candidate's precision.
            plain: the same with exact products, where the device's are not.
        """
        place, result = call.place, call.value.clone()  # the next layer may write into it
        truth = measure_reference(result, value, layer.axes, layer.heads, layer.shape)
        call = self.calls.get(layer.begins or "", call)
        if (exact := call.argument) is not None:
            argument = in_precision(exact, getattr(torch, self._dtype))
            if torch.equal(argument.isfinite(), exact.isfinite()):  # it has no other
                alone = value if layer.is_model else self._isolated(layer, call)
                truth = measure_isolated(truth, argument, alone, plain)
        if layer.is_model:
            place = reference_definition(self._narrow) or place
        return replace(truth, place=place)

    def _isolated(self, layer: LayerName, call: LayerCall) -> Tensor:
        with multiplied_as(self._products):
            value = call.again(self._modules[layer.begins or layer.name], self._precision)
            return value if layer.begins is None else self._modules[layer.name](value)


class _Values:
    """What layers returned in the candidate's precision, asked for by name."""

    def __init__(self, run: Calls, drawn: Callable[[], None]) -> None:
        """``drawn`` is called once the run has drawn random numbers."""
        self._run, self._drawn, self._found = run, drawn, dict[str, Tensor]()
        self._has_drawn = False
        self._go_on()

    def of(self, layer: str) -> Tensor:
        while layer not in self._found:
            if not self._go_on():
                raise LookupError(f"{layer} is called in float64 only")
        return self._found.pop(layer)

    def finish(self) -> None:
        while self._go_on():
            pass

    def _go_on(self) -> bool:
        """Goes as far as the next layer, if there is one."""
        before = torch.get_rng_state()
        found = next(self._run, None)
        if not self._has_drawn and not torch.equal(before, torch.get_rng_state()):
            self._has_drawn = True
            self._drawn()
        if found is None:
            return False
        layer, call = found
        self._found[layer.name] = call.value.clone()  # the next layer may write into it
        return True


def _check_repeats(
    run: Callable[[AbstractContextManager[object]], Calls], products: Products
) -> None:
    """
    Raises:
        Problem: the reference is another one in every run.
    """
    first, second = (
        {layer.name: call.value.clone() for layer, call in run(multiplied_as(products))}
        for _ in range(2)
    )
    check_repeats(first, second)
