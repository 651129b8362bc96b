"""Three runs of one graph set beside each other; nothing is compiled here."""

from typing import Any, cast

import pytest
from recordings import numbers
from torch import Tensor

from debug.candidate.interpreter import LazyValue
from debug.experiments import without_taps
from debug.experiments.without_taps import run_without_taps
from debug.measure.truth import measure_reference
from debug.protocol.messages import ComparedWithoutTaps
from debug.protocol.verdict import Verdict

EXACT = numbers(1, 4, 6)
RIGHT = EXACT.float()


class Runs:
    """Stands for the compiler and for the interpreter."""

    def __init__(self, value: Tensor) -> None:
        self.value = value
        self.loaded: list[object] = []

    def load(self, traced: object, injected: object) -> dict[str, LazyValue]:
        assert injected == {}
        self.loaded.append(traced)
        return {"model": LazyValue("digest", lambda: self.value)}


@pytest.fixture
def interpreter(monkeypatch: pytest.MonkeyPatch) -> Runs:
    runs = Runs(RIGHT)
    monkeypatch.setattr(without_taps, "Interpreter", lambda announce: runs)
    return runs


def compared(
    compiler: Runs, tapped: Tensor, axes: tuple[int, ...] | None = None
) -> ComparedWithoutTaps:
    truth = measure_reference(EXACT, RIGHT, axes)

    def build(with_taps: bool) -> Any:
        return "tapped" if with_taps else "bare"

    return run_without_taps(
        3, "model", truth, tapped, build, cast(Any, compiler), lambda _: None
    )


def test_three_that_agree_are_no_distance_apart(interpreter: Runs):
    found = compared(Runs(RIGHT), RIGHT)
    assert (found.generation, found.divergence.verdict) == (3, Verdict.OK)
    assert (found.from_tapped, found.from_interpreted) == (0.0, 0.0)


def test_only_the_compilers_second_graph_is_without_taps(interpreter: Runs):
    compiler = Runs(RIGHT)
    compared(compiler, RIGHT)
    assert (compiler.loaded, interpreter.loaded) == (["bare"], ["tapped"])


def test_a_fault_without_taps_is_seen_in_all_three_numbers(interpreter: Runs):
    found = compared(Runs(RIGHT * 1.5), RIGHT)
    assert found.divergence.verdict is Verdict.DIVERGED
    assert found.from_tapped == found.from_interpreted == pytest.approx(0.5)


def test_a_fault_of_the_interpreter_is_seen_beside_it_alone(interpreter: Runs):
    interpreter.value = RIGHT * 2
    found = compared(Runs(RIGHT), RIGHT)
    assert found.divergence.verdict is Verdict.OK
    assert (found.from_tapped, found.from_interpreted) == (0.0, 0.5)


def test_values_of_other_shapes_have_no_distance(interpreter: Runs):
    found = compared(Runs(RIGHT), RIGHT[:, 1:])
    assert found.from_tapped is None
    assert found.from_interpreted == 0.0


def test_another_layout_is_no_distance(interpreter: Runs):
    interpreter.value = RIGHT.permute(0, 2, 1)
    found = compared(Runs(RIGHT), RIGHT.permute(0, 2, 1).contiguous(), (0, 2, 1))
    assert (found.from_tapped, found.from_interpreted) == (0.0, 0.0)
