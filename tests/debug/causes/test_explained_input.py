"""An input that is another one than the reference's, and why."""

from collections.abc import Iterator, Sequence
from typing import cast

import torch
from recordings import numbers
from torch import Tensor

from debug.causes.explained_input import OTHER_ORDER, SHOWN, explain_input
from debug.measure.truth import measure_reference
from debug.protocol.values import Finding, Place
from debug.subject import Subject

EXACT = numbers(4, 6)
TRUTH = measure_reference(EXACT, EXACT.float())
PLACE = Place("port.py", 7)


class Plain:
    """A subject that says nothing of its inputs."""


class Making:
    """One that knows how they are made."""

    def made_otherwise(self, name: str, with_too: str = "") -> Iterator[tuple[str, Tensor]]:
        if with_too:
            yield f"{with_too}; and less 1", EXACT**3 - 1
            return
        yield "squared", EXACT.square()
        yield "cubed", EXACT**3

    def axes_of_input(self, name: str) -> Sequence[str]:
        return ("band", "frame")

    def place_of_input(self, name: str) -> Place | None:
        return PLACE


def explained(value: Tensor, subject: object = None) -> Finding:
    return explain_input(value.float(), TRUTH, "x", cast(Subject, subject or Plain()))


def test_an_input_is_explained_by_what_it_is_of_the_right_one():
    finding = explained(EXACT.flip(0))
    assert finding.target == "input of the model"
    assert finding.causes[0].hypothesis == "axis 0 of the input is in reverse"
    assert finding.place is None


def test_an_input_of_another_shape_has_no_cause():
    finding = explained(EXACT[1:])
    assert (finding.target, finding.causes) == ("input of the model", [])


def test_the_same_numbers_in_another_shape_are_called_that():
    (cause,) = explained(EXACT.reshape(6, 4)).causes
    assert cause.hypothesis == OTHER_ORDER


def test_a_cause_that_says_more_is_first_and_few_are_shown():
    causes = explained(2 * EXACT + 0.5).causes
    assert causes[0].hypothesis == "the input is multiplied by 2, and 0.5 is added"
    assert 1 <= len(causes) <= SHOWN


def test_what_the_subject_knows_of_its_making_is_tried_first():
    finding = explained(EXACT**3, Making())
    assert [cause.hypothesis for cause in finding.causes] == ["cubed"]
    assert finding.place == PLACE


def test_two_mistakes_in_its_making_are_tried_together():
    (cause,) = explained(EXACT**3 - 1, Making()).causes
    assert cause.hypothesis == "cubed; and less 1"


def test_where_nothing_explains_it_the_error_is_described_with_the_axes_names():
    wrong = EXACT.clone()
    wrong[2] = torch.sin(5 * wrong[2]) + wrong[1]
    assert "in band 2 alone" in explained(wrong, Making()).pattern
