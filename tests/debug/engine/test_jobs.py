"""The idle work on a toy whose GELU is wrong, with a probe and an outcome."""

import shutil
from pathlib import Path

import pytest
import torch
from editing import replace
from sessions import run_all

from debug.candidate.interpreter import LazyValue
from debug.engine.background import Generation
from debug.engine.jobs import CompareOutcome, CompareWithoutTaps
from debug.engine.session import Session
from debug.measure.truth import Truth, measure_reference
from debug.pause import Interrupted, go_on
from debug.protocol.messages import (
    ComparedWithoutTaps,
    Explained,
    Isolated,
    Message,
    OutcomeKnown,
    Probed,
    Working,
)
from debug.protocol.values import Divergence, Outcome
from debug.protocol.verdict import Verdict
from examples.two_layers.subject import GRAPH, TwoLayers

pytestmark = pytest.mark.max
OUTCOME = Outcome("one", "other", 3, 0.5, 1.0)


class WithOutcome(TwoLayers):
    asked = 0

    def outcome(self, reference: torch.Tensor, candidate: torch.Tensor, pause) -> Outcome:
        pause()
        self.asked += 1
        assert reference.shape == candidate.shape
        return OUTCOME


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> list[Message]:
    """All that is said while nobody asks for anything."""
    graph = Path(shutil.copy(GRAPH, tmp_path_factory.mktemp("toy") / "graph.py"))
    replace(graph, "from max import nn", "from debug import probe\nfrom max import nn")
    replace(graph, "ops.gelu(x)", "probe('active', ops.gelu(x, 'tanh'))")
    heard: list[Message] = []
    session = Session(WithOutcome(graph), heard.append)
    session.load()
    run_all(session)
    heard.clear()
    while not session.settled:
        session.go_on()
    return heard


def test_layers_are_isolated_before_probes_before_causes_before_the_outcome(events):
    said = [type(event) for event in events if not isinstance(event, Working)]
    assert said == [Isolated] * 3 + [Probed, Explained, OutcomeKnown]


def test_each_job_is_named_with_how_far_it_is(events):
    assert [event for event in events if isinstance(event, Working)] == [
        *(Working("running layers in isolation", n, 3) for n in (1, 2, 3)),
        Working("looking for where layers begin and end", 1, 1),
        Working("looking for layers that are computed elsewhere", 1, 1),
        Working("comparing probes", 1, 1),
        Working("looking for the cause of network", 1, 1),
        Working("comparing the outcome", 1, 1),
    ]


def test_only_the_layer_that_is_wrong_by_itself_is_explained(events):
    isolated = {e.index: e.divergence for e in events if isinstance(e, Isolated)}
    healthy = {index: found.verdict.healthy for index, found in isolated.items()}
    assert healthy == {1: True, 2: True, 3: False}
    assert [e.index for e in events if isinstance(e, Explained)] == [3]


def test_the_outcome_is_said_as_the_subject_has_it(events):
    (known,) = (event for event in events if isinstance(event, OutcomeKnown))
    assert (known.generation, known.outcome) == (1, OUTCOME)


# -- Jobs of the whole model ---------------------------------------------------------------

VALUE = torch.ones(1, 6, 8)
TRUTH = measure_reference(VALUE.double(), VALUE)
TRUTHS: dict[str, Truth] = dict.fromkeys(("noise", "grow", "shrink", "network"), TRUTH)
LAST = 3


def generation(number: int, value: torch.Tensor = VALUE, digest: str = "d") -> Generation:
    return Generation(number, {"network": LazyValue(digest, lambda: value)})


@pytest.fixture
def subject() -> WithOutcome:
    return WithOutcome(GRAPH)


def test_an_outcome_waits_for_the_model_and_is_one_piece(subject: WithOutcome):
    said: list[Message] = []
    job = CompareOutcome(subject, TRUTHS, go_on, said.append)
    assert job.left(LAST) == 0
    job.begin(generation(1))
    assert (job.left(LAST - 1), job.left(LAST)) == (0, 1)
    job.do_one()
    assert job.left(LAST) == 0
    assert said == [OutcomeKnown(1, OUTCOME)]


def test_the_outcome_of_the_same_value_is_not_asked_for_again(subject: WithOutcome):
    said: list[Message] = []
    job = CompareOutcome(subject, TRUTHS, go_on, said.append)
    for number, digest in enumerate(("one", "one", "other"), start=1):
        job.begin(generation(number, digest=digest))
        job.do_one()
    assert subject.asked == 2
    assert said == [OutcomeKnown(number, OUTCOME) for number in (1, 2, 3)]


def test_an_outcome_that_was_interrupted_is_still_left(subject: WithOutcome):
    def interrupt() -> None:
        raise Interrupted

    job = CompareOutcome(subject, TRUTHS, interrupt, lambda _: None)
    job.begin(generation(1))
    with pytest.raises(Interrupted):
        job.do_one()
    assert job.left(LAST) == 1


@pytest.mark.parametrize("value", [VALUE[:, 1:], VALUE * torch.nan], ids=["shape", "NaN"])
def test_a_result_of_which_nothing_follows_is_not_asked_about(
    subject: WithOutcome, value: torch.Tensor
):
    said: list[Message] = []
    job = CompareOutcome(subject, TRUTHS, go_on, said.append)
    job.begin(generation(1, value))
    job.do_one()
    assert (said, subject.asked, job.left(LAST)) == ([], 0, 0)


def test_a_subject_without_an_outcome_is_not_asked():
    job = CompareOutcome(TwoLayers(GRAPH), TRUTHS, go_on, lambda _: None)
    job.begin(generation(1))
    assert job.left(LAST) == 0


def test_a_graph_is_compiled_without_taps_only_where_it_is_compiled(subject: WithOutcome):
    found = ComparedWithoutTaps(2, Divergence(Verdict.OK), 0.0, 0.0)
    said: list[Message] = []
    job = CompareWithoutTaps(subject, TRUTHS, said.append)
    job.begin(generation(1))
    assert job.left(LAST) == 0
    values = generation(2).values
    job.begin(Generation(2, values, without_taps=lambda: found))
    assert (job.left(LAST - 1), job.left(LAST)) == (0, 1)
    job.do_one()
    assert (said, job.left(LAST)) == ([found], 0)
