"""What is zero or hidden in the candidate, and not in the reference.

Most often a mask did it. Scores have a number far below all others where a query is not to
see a key, weights have a zero there. Where that is gives the mask: keys, queries, a
triangle, a band.
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from debug.causes.hypotheses.axes import Axes, Axis
from debug.causes.hypotheses.fit import Fit

ANOTHER = 1e-3
"""From here on what is not hidden is multiplied by another factor than 1."""
FAR_BELOW = 1e2
"""Times the largest number there is; what is less than its negative is masked."""


def hidden_places(wrong: Tensor, right: Tensor, axes: Axes) -> Iterator[Fit]:
    """Masks over the last two axes."""
    if right.ndim < 2:
        return
    low = wrong < -FAR_BELOW * max(right.abs().max().item(), 1.0)
    zero = (wrong == 0) & (right != 0)
    # Whole slices of zeros are no mask: `local_fits` says that they are zero.
    zero = zero & ~zero.all(-1, keepdim=True) & ~zero.all(-2, keepdim=True)
    if low.any():
        lowest = wrong[low].mean().item()
        yield Fit(_said(low, axes), lambda r: r.masked_fill(low, lowest))
    elif zero.any() and not zero.all():
        kept = right.masked_fill(zero, 0.0)
        factor = ((wrong * kept).sum() / kept.square().sum()).item()
        if abs(factor - 1) > ANOTHER and math.isfinite(factor):
            share = float(f"{zero.double().mean().item():.1g}")
            said = f"about {share:.0%} of {{it}} is zero and the rest is "
            said += f"multiplied by {factor:.4g}, as dropout does"
            yield Fit(said, lambda r: r.masked_fill(zero, 0.0) * factor, vague=True)
        said = _said(zero, axes)
        yield Fit(said, lambda r: r.masked_fill(zero, 0.0), vague="%" in said)


def _said(hidden: Tensor, axes: Axes) -> str:
    """Where a mask hides, in words."""
    share = hidden.double().mean().item()
    while hidden.ndim > 2:  # every batch and every head alike?
        if not bool((hidden == hidden[:1]).all()):
            return f"{share:.0%} of {{it}} is hidden by a mask"
        hidden = hidden[0]
    query, key = axes[-2], axes[-1]
    if bool((hidden == hidden[:1]).all()):
        return _places(hidden[0], key)
    if bool((hidden == hidden[:, :1]).all()):
        return _places(hidden[:, 0], query)
    rows, columns = hidden.shape
    distance = torch.arange(columns)[None, :] - torch.arange(rows)[:, None]
    seen = distance[~hidden]
    first, last = int(seen.min()), int(seen.max())
    if bool((hidden == ((distance < first) | (distance > last))).all()):
        return _band(first, last, rows, query.name or "row", key.name or "column")
    if (size := _chunk(hidden)) is not None:
        text = f"each {query.name or 'row'} of {{it}} sees the {key.name or 'column'}s of "
        return f"{text}its own chunk of {size} only, the others are hidden"
    return f"{share:.0%} of {{it}} is hidden by a mask"


def _chunk(hidden: Tensor) -> int | None:
    """The size of the chunks outside of which a mask hides all; the last may be shorter."""
    rows, columns = hidden.shape
    size = int((~hidden[0]).sum())
    if not 0 < size < columns:
        return None
    row, column = (torch.arange(n) // size for n in (rows, columns))
    return size if torch.equal(hidden, row[:, None] != column[None, :]) else None


def _band(first: int, last: int, size: int, query: str, key: str) -> str:
    """Of a mask that depends on how far a key is from the query."""
    before_all, after_all = first <= 1 - size, last >= size - 1
    if before_all:
        if last == 0:
            return f"the {key}s after each {query} of {{it}} are hidden (a causal mask)"
        return f"all {key}s of {{it}} beyond {last:+d} from the {query} are hidden"
    if after_all:
        if first == 0:
            return (
                f"the {key}s before each {query} of {{it}} are hidden (a triangular mask)"
            )
        return f"all {key}s of {{it}} before {first:+d} from the {query} are hidden"
    text = f"all {key}s of {{it}} but {first:+d} to {last:+d} from the {query} are hidden"
    return f"{text} (a band)"


def _places(hidden: Tensor, axis: Axis) -> str:
    places = hidden.nonzero().flatten().tolist()
    return f"{axis.at(places)} of {{it}} {axis.verb(places)} hidden by a mask"
