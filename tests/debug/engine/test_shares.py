"""What each of several mistakes makes of the final error, beside PyTorch with it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from editing import replace
from sessions import finished

from debug.engine.session import Session
from debug.measure.matching import relative_error
from debug.pause import Interrupted
from debug.protocol.messages import Loaded, Message, ShareKnown, Working
from debug.results.root_causes import root_causes
from debug.results.run import Run
from examples.two_layers.reference import Network
from examples.two_layers.subject import GRAPH

pytestmark = pytest.mark.max

SUM = "return x @ self.weight.T + self.bias"
IN_GROW = "x @ self.weight.T + self.bias * (2 if int(x.shape[-1]) == 8 else 1)"
TWO_LINES = (
    f"if int(x.shape[-1]) == 8:\n            {SUM} * 2\n"
    "        return x @ self.weight.T * 1.5 + self.bias"
)


def settled(tmp_path: Path, *edits: tuple[str, str]) -> tuple[Session, list[Message]]:
    graph = Path(shutil.copy(GRAPH, tmp_path / "graph.py"))
    for edit in edits:
        replace(graph, *edit)
    events: list[Message] = []
    session = finished(graph, events)
    while not session.settled:
        session.go_on()
    return session, events


def shares(session: Session, events: list[Message]) -> dict[str, float]:
    """By the first layer of each root cause."""
    found = [each for each in events if isinstance(each, ShareKnown)]
    return {session.names[each.index]: each.share for each in found}


def expected(session: Session, mistake: Callable[[Network], None]) -> float:
    """Of the reference with a mistake of its own in it, beside the candidate's error."""
    subject = session.subject
    right, wrong = Network(), Network()
    for network in (right, wrong):
        network.load_state_dict(subject.reference().state_dict())
        network.double()
    mistake(wrong)
    given = subject.inputs[0].exact
    with torch.no_grad():
        exact = right(given)
        ours = session._values["network"].value().double()
        return relative_error(wrong(given), exact) / relative_error(ours, exact)


def double_bias(*names: str) -> Callable[[Network], None]:
    def mistake(network: Network) -> None:
        for name in names:
            network.get_parameter(f"{name}.bias").data *= 2

    return mistake


def enlarge_products(network: Network) -> None:
    network.shrink.weight.data *= 1.5


def test_each_of_two_mistakes_is_tried_with_nothing_else_wrong(tmp_path: Path):
    session, events = settled(tmp_path, (SUM, TWO_LINES))
    assert shares(session, events) == {
        "grow": pytest.approx(expected(session, double_bias("grow")), rel=1e-4),
        "shrink": pytest.approx(expected(session, enlarge_products), rel=1e-4),
    }


def test_a_mistake_of_two_layers_errs_in_both_the_second_on_what_the_first_has_made(
    tmp_path: Path,
):
    session, events = settled(
        tmp_path, ("+ self.bias", "+ self.bias * 2"), ("gelu(x)", 'gelu(x, "tanh")')
    )
    # The other mistake is in the code around both, and can't be told from theirs.
    share = expected(session, double_bias("grow", "shrink"))
    assert shares(session, events) == {"grow": pytest.approx(share, rel=1e-4)}


def test_of_a_single_root_cause_it_need_not_be_asked(tmp_path: Path):
    session, events = settled(tmp_path, (SUM, f"return {IN_GROW}"))
    assert shares(session, events) == {}
    said = [each.job for each in events if isinstance(each, Working)]
    assert not any("final error" in each for each in said)


def test_it_makes_way_and_is_begun_again(tmp_path: Path):
    graph = Path(shutil.copy(GRAPH, tmp_path / "graph.py"))
    replace(graph, SUM, TWO_LINES)
    events: list[Message] = []
    session = finished(graph, events)
    asked = 0

    def pause() -> None:
        nonlocal asked
        working = [each for each in events if isinstance(each, Working)]
        if working and "final error" in working[-1].job:
            asked += 1
            if asked == 2:
                raise Interrupted

    session.pause_with(pause)
    while not session.settled:
        session.go_on()
    assert set(shares(session, events)) == {"grow", "shrink"}
    assert asked > 2
    wide = session._explainer._recordings.wide
    assert not any(module._forward_hooks for module in wide.modules())


def test_a_run_knows_the_shares_of_its_own_generation(tmp_path: Path):
    _, events = settled(tmp_path, (SUM, TWO_LINES))
    run = Run()
    for event in events:
        run.apply(event)
    told = [each.share for each in events if isinstance(each, ShareKnown)]
    assert [root.share for root in root_causes(run)] == told
    loaded = next(each for each in events if isinstance(each, Loaded))
    run.apply(loaded)
    assert not run.shares
