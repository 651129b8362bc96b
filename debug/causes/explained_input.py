"""Why an input of the candidate is another one than the reference's.

No code of the reference makes it, so nothing is replayed. What the subject knows of how it
is made is tried first, with the mistakes that people make in that; then what may have been
done to the right value.
"""

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from debug.causes.hypotheses.axes import Axes, Axis, unnamed
from debug.causes.hypotheses.every_fit import fits
from debug.causes.pattern import described
from debug.measure.matching import relative_error, share_explained
from debug.measure.statistics import finite
from debug.measure.truth import Truth
from debug.protocol.values import Cause, Finding
from debug.protocol.verdict import LAYER
from debug.subject import MakesInputs, Subject

SHOWN = 5
WORTH_SHOWING = 0.5
OTHER_ORDER = "the same numbers in another order: reshaped where axes are to be exchanged"


def explain_input(value: Tensor, truth: Truth, name: str, subject: Subject) -> Finding:
    """What an input of the candidate is of the reference's, the likeliest first.

    Args:
        value: the candidate's, in any shape.
        truth: the reference's side.
        name: of the input.
        subject: whose input it is.
    """
    makes = subject if isinstance(subject, MakesInputs) else None
    place = makes.place_of_input(name) if makes else None
    value, exact = value.double(), truth.exact

    def finding(causes: list[Cause], pattern: str = "") -> Finding:
        what = "input of the model"
        return Finding(what, None, None, place, None, "", causes, pattern)

    if value.shape != exact.shape:
        return finding([Cause(OTHER_ORDER, 1.0, 0.0)] if _same(value, exact) else [])

    def tried(supposed: Iterable[tuple[str, Tensor]]) -> list[Cause]:
        found: list[Cause] = []
        for text, made in supposed:
            explains = share_explained(value, exact, made)
            if explains > WORTH_SHOWING:
                ratio = relative_error(value, made) / truth.floor
                found.append(Cause(text, explains, finite(ratio)))
                if ratio <= LAYER.ok_up_to:
                    break
        found.sort(key=lambda cause: (not cause.complete, -round(cause.explains, 3)))
        return found

    found = tried(_supposed(value, exact, name, makes))
    if makes and found and not found[0].complete:
        found = [*tried(_made(makes, name, exact, found[0].hypothesis)), *found]
        found.sort(key=lambda cause: not cause.complete)
    if found and found[0].complete:
        return finding(found[:1])
    if _same(value, exact):
        return finding([Cause(OTHER_ORDER, 1.0, 0.0)])
    rounding = LAYER.watch_up_to * truth.floor * truth.norms.total
    axes = _axes(exact, name, makes)
    said = described(value.squeeze(), exact.squeeze(), rounding, axes)
    return finding(found[:SHOWN], f"its error {said}" if said else "")


def _same(value: Tensor, exact: Tensor) -> bool:
    """Whether two values have the same numbers; what is sorted in float32 has."""
    if value.numel() != exact.numel():
        return False
    given, wanted = (each.float().flatten().sort().values for each in (value, exact))
    return bool(torch.equal(given, wanted))


def _supposed(
    value: Tensor, exact: Tensor, name: str, makes: MakesInputs | None
) -> Iterator[tuple[str, Tensor]]:
    if makes:
        yield from _made(makes, name, exact)
    for fit in fits(value, exact, unnamed(exact.ndim)):
        yield fit.about("the input"), fit.transform(exact)


def _made(
    makes: MakesInputs, name: str, exact: Tensor, with_too: str = ""
) -> Iterator[tuple[str, Tensor]]:
    for text, made in makes.made_otherwise(name, with_too):
        if made.shape == exact.shape and bool(made.isfinite().all()):
            yield text, made


def _axes(exact: Tensor, name: str, makes: MakesInputs | None) -> Axes:
    rank = exact.squeeze().ndim
    names = makes.axes_of_input(name) if makes else ()
    if len(names) != rank:
        return unnamed(rank)
    return [Axis(number, each) for number, each in enumerate(names)]
