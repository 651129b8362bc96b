"""What takes long makes way."""

import pytest
from recordings import numbers, recording_of

from debug.candidate.operations import Evaluation
from debug.causes.hypotheses.operands import Hypothesis
from debug.causes.search import attempt, find_causes
from debug.causes.segment import Segment, Target
from debug.pause import Interrupted, Pause, go_on


def segment(pause: Pause) -> Segment:
    recording = recording_of(lambda _, x: x.exp(), numbers(2, 3))
    assert recording.result is not None
    target = Target("layer", False, recording.result, None)
    wrong = Evaluation([], recording.values[recording.result].float() * 2, None)
    return Segment(recording, target, wrong, pause)


def interrupt() -> None:
    raise Interrupted


@pytest.mark.parametrize(
    "work", [find_causes, lambda s: attempt(s, Hypothesis("", frozenset()))]
)
def test_what_a_pause_raises_gets_through(work):
    with pytest.raises(Interrupted):
        work(segment(interrupt))


def test_work_ends_where_nobody_waits():
    asked = []

    def count() -> None:
        asked.append(go_on())

    causes = find_causes(segment(count))
    assert len(asked) > 10
    assert [c.explains for c in causes] == [c.explains for c in find_causes(segment(go_on))]
