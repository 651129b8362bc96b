"""Odd checkpoints, of every kind some: all of them are tried by make torture."""

import warnings

import pytest

from scripts.torture.attempts import Case, attempt, wrong_with
from scripts.torture.checkpoints import cases, opens

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    SOME = cases()[::7]
"""Each seventh is of another field and another kind of value than the one before it."""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "case", [pytest.param(c, id=f"{c.kind}: {c.name[:40]!r}") for c in SOME]
)
def test_what_is_no_whisper_is_refused_in_one_line_and_what_is_one_opens(case: Case):
    assert wrong_with(case, attempt(case, opens)) is None
