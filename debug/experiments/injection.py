"""Tells a second bug from the consequences of a first.

Everything after a wrong layer is wrong, so a bug further on can't be seen. Injection
replaces what a layer of MAX returns by the reference's value, and runs on: what is still
wrong after that is a bug of its own. The layer itself keeps its verdict, for it is still
computed. Injections stay through reloads, and may be several.
"""

from collections.abc import Mapping

from max.driver import Buffer

from debug.candidate.buffers import to_buffer
from debug.candidate.trace import Traced
from debug.measure.layout import laid_out
from debug.measure.truth import Truth
from debug.protocol.diagnostic import Problem
from debug.subject import Subject, model_of


class Injection:
    """The layers whose results are replaced, through all reloads."""

    def __init__(self, subject: Subject, truths: Mapping[str, Truth]) -> None:
        self._subject, self._truths = subject, truths
        self.layers: set[str] = set()
        self._buffers: dict[tuple[str, tuple[int, ...]], Buffer] = {}
        """By layer and shape: the same object for the same value, as digests need it."""

    def toggle(self, name: str, traced: Traced | None) -> None:
        """From the next load on the layer's result is replaced, or no longer is.

        Raises:
            Problem: that is not possible there; nothing has changed.
        """
        inputs = {value.name for value in self._subject.inputs}
        if name in inputs or name == model_of(self._subject.layers).name:
            message = f"{name} can't be replaced: choose a layer that others follow"
            raise Problem("inject", message)
        if traced is None or name not in traced.layers:
            raise Problem("inject", f"the candidate never calls {name}")
        self.layers ^= {name}

    def values(self, traced: Traced) -> dict[str, Buffer]:
        """By layer, in the candidate's precision and layout.

        A layer that this graph no longer has, or has in another shape, is passed over.
        """
        found = {}
        for name in self.layers & traced.layers.keys():
            shape = tuple(int(size) for size in traced.layers[name].shape)
            truth = self._truths[name]
            exact = laid_out(truth.exact, shape, truth.axes_back)
            if tuple(exact.shape) != shape:
                continue
            key = name, shape
            if key not in self._buffers:
                subject = self._subject
                self._buffers[key] = to_buffer(exact, subject.dtype, subject.device)
            found[name] = self._buffers[key]
        return found
