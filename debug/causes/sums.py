"""The terms of a product's sum: some left out, some counted twice, one factor's shifted.

Each number of a product of matrices is a sum of terms, in attention one for each key. A
port that sums in spans may end a span too early, or begin the next one too early. The
error of a product a @ b is then a sum over k of c(k) a(:, k) b(k, :), and c tells which
terms are missing (-1) or there twice (+1).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import torch
from torch import Tensor

from debug.causes.counterparts import Counterpart
from debug.causes.hypotheses.axes import Axis
from debug.causes.hypotheses.moved_slices import shifted
from debug.causes.hypotheses.operands import Hypothesis, Kind
from debug.causes.segment import Segment
from debug.measure.matching import share_explained
from debug.reference.recording import Replacement, Step, made_by

MOST_TERMS = 2048
WHOLE = 0.1
"""How far a count may be from a whole number."""
EXPLAINS = 0.99
"""The share of the error from which the terms are named."""
ROWS = 256
"""This many rows of the first factor are enough to tell which terms there are."""
RIDGE = 1e-12
SHIFTS = (1, -1, 2, -2)


def other_terms(
    segment: Segment, step: Step, counterparts: Sequence[Counterpart]
) -> Iterator[Hypothesis]:
    """What the candidate sums in a product, where it sums something else."""
    if step.name not in ("matmul", "bmm") or len(step.operands) != 2:
        return
    a, b = (segment.recording.values[index] for index in step.operands)
    if a.ndim < 2 or b.ndim < 2 or not 1 < a.shape[-1] <= MOST_TERMS:
        return
    name = segment.recording.name(step.operands[1])
    terms = _Terms(a, b, "key" if segment.rows == a.shape[-1] and a.ndim > 2 else "term")
    exact = segment.pool[step.result].value
    for counterpart in counterparts:
        segment.pause()
        counts = terms.counts((counterpart.value - exact).reshape(terms.shape))
        found = [(terms.said(counts), _weighted(counts))] if counts.any() else []
        for by in SHIFTS:
            text = f"the {terms.name}s of {name} are shifted by {by:+d} in the sum"
            found.append((text, partial(_second_shifted, by=by)))
        for text, call in found:
            made = made_by(step, segment.recording.values, call)
            if made is None or share_explained(counterpart.value, exact, made) < EXPLAINS:
                continue
            yield Hypothesis(
                text,
                frozenset({("terms", text)}),
                {step.result: call},
                kind=Kind.FITTED,
                operation=counterpart.operation,
            )


def _second_shifted(args: Sequence[Any], _: Mapping[str, Any], by: int) -> Tensor:
    return args[0] @ shifted(args[1], by, -2)


def _weighted(counts: Tensor) -> Replacement:
    return lambda args, _: (args[0] * (1 + counts).to(args[0])) @ args[1]


@dataclass(frozen=True)
class _Terms:
    """Of a product a @ b."""

    a: Tensor
    """(..., m, k)"""
    b: Tensor
    """(..., k, n)"""
    name: str
    """Of one term."""

    @property
    def shape(self) -> torch.Size:
        batch = torch.broadcast_shapes(self.a.shape[:-2], self.b.shape[:-2])
        return torch.Size([*batch, self.a.shape[-2], self.b.shape[-1]])

    def counts(self, error: Tensor) -> Tensor:
        """(k,): by least squares how often more than once each term is in an error of the
        product; zeros if these are no whole numbers."""
        a, b, factor = self._normal
        every = max(1, error.shape[-2] // ROWS)
        error = error[..., ::every, :].reshape(-1, a.shape[-2], b.shape[-1])
        wanted = (a * (error @ b.mT)).sum((0, 1))
        found = torch.cholesky_solve(wanted[:, None], factor)[:, 0]
        whole = found.round()
        is_whole = (found - whole).abs().max() <= WHOLE and whole.min() >= -1
        return whole if is_whole else torch.zeros_like(whole)

    @cached_property
    def _normal(self) -> tuple[Tensor, Tensor, Tensor]:
        """Some rows of a, all of b, and the factor of the normal equations' matrix."""
        *batch, _, _ = self.shape
        every = max(1, self.a.shape[-2] // ROWS)
        a = self.a.expand(*batch, *self.a.shape[-2:])[..., ::every, :]
        b = self.b.expand(*batch, *self.b.shape[-2:])
        a, b = (each.reshape(-1, *each.shape[-2:]) for each in (a, b))
        matrix = ((a.mT @ a) * (b @ b.mT)).sum(0)
        ridge = RIDGE * matrix.diagonal().mean() * torch.eye(len(matrix)).to(matrix)
        return a, b, torch.linalg.cholesky_ex(matrix + ridge).L

    def said(self, counts: Tensor) -> str:
        """Such as "key 149 is left out of the sum"."""
        axis, said = Axis(0, self.name), []
        for places, verb in (
            ((counts < 0).nonzero().flatten().tolist(), "left out of the sum"),
            ((counts > 0).nonzero().flatten().tolist(), "more than once in the sum"),
        ):
            if places:
                said.append(f"{axis.at(places)} {axis.verb(places)} {verb}")
        return ", and ".join(said)
