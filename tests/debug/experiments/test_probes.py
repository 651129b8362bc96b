"""Values that the candidate's source names, on a model that is not Whisper."""

from pathlib import Path

import pytest
from editing import replace
from shell import run_python

from debug import probe
from debug.candidate.interpreter import Interpreter
from debug.candidate.probe import listening
from debug.candidate.taps import about
from debug.engine.session import Session
from debug.protocol.messages import Compared, Message, Open, Probed
from debug.protocol.values import Mode
from debug.protocol.verdict import Verdict
from examples.two_layers import FACTORY

GELU = "        x = ops.gelu(x)\n"
LAYERS = ("a.q", "a.k", "a", "b.q", "b", "model")


def probing(graph: Path, *lines: str, gelu: str = "ops.gelu(x)") -> None:
    """Puts probes after the GELU of the example's port."""
    replace(graph, "from max import nn", "from debug import probe\nfrom max import nn")
    text = "".join(f"        {line}\n" for line in lines)
    replace(graph, GELU, GELU.replace("ops.gelu(x)", gelu) + text)


def opened(graph: Path, mode: Mode = Mode.INTERPRET) -> tuple[Session, list[Message]]:
    events: list[Message] = []
    command = Open({"graph": str(graph)}, mode, watch=False)
    return Session.open(FACTORY, command, events.append), events


def finish(session: Session) -> None:
    session.load()
    for _ in session.names:
        session.advance()
    while not session.settled:
        session.go_on()


def probed(graph: Path) -> list[Probed]:
    session, events = opened(graph)
    finish(session)
    return [event for event in events if isinstance(event, Probed)]


# -- In the source ---------------------------------------------------------------------


def test_nobody_listens_outside_of_the_debugger():
    x, heard = object(), []
    assert probe("qk", x) is x
    with listening(lambda name, value: heard.append((name, value))):
        assert probe("qk", x) is x
    probe("qk", x)
    assert heard == [("qk", x)]


def test_what_a_source_imports_for_probes_is_neither_torch_nor_max():
    code = "import sys; from debug import probe; print({'torch', 'max'} & {*sys.modules})"
    done = run_python("-c", code)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("name", "around", "meant"),
    [
        ("qk", ["a", "model"], ("a", "qk")),
        ("qk", ["a.q", "a", "model"], ("a.q", "qk")),
        ("qk", [], ("model", "qk")),
        ("a.qk", ["model"], ("a", "qk")),
        ("a.qk", ["a", "model"], ("a", "qk")),
        ("a.qk", ["a.q", "a", "model"], ("a", "qk")),
        ("a.qk", ["b", "model"], None),
        ("a.q.x", ["b.q", "b", "model"], None),
        ("model.x", ["b", "model"], ("model", "x")),
        ("nowhere.x", ["b", "model"], ("nowhere", "x")),
    ],
)
def test_a_name_means_a_layer_and_a_variable(name, around, meant):
    assert about(name, around, LAYERS, "model") == meant


# -- Compared --------------------------------------------------------------------------

pytestmark = pytest.mark.max


def test_a_right_value_is_ok_and_has_both_lines(toy_graph: Path):
    probing(toy_graph, 'probe("active", x)')
    (found,) = probed(toy_graph)
    assert found.name == "network.active"
    assert found.chained is not None
    assert found.chained.verdict is Verdict.OK
    assert found.isolated is not None
    assert found.isolated.verdict is Verdict.OK
    assert found.note == ""
    assert found.place is not None
    lines = toy_graph.read_text().splitlines()
    assert "probe(" in lines[found.place.line - 1]
    theirs = found.reference_place
    assert theirs is not None
    assert "gelu" in Path(theirs.path).read_text().splitlines()[theirs.line - 1]
    assert found.candidate is not None
    assert found.reference is not None
    assert found.candidate.shape == found.reference.shape == [1, 6, 16]


def test_a_wrong_value_is_told_from_a_right_one_before_it(toy_graph: Path):
    probing(toy_graph, 'probe("active", x)', gelu="ops.gelu(probe('hidden', x), 'tanh')")
    hidden, active = probed(toy_graph)
    assert hidden.chained is not None
    assert hidden.chained.verdict is Verdict.OK
    assert active.chained is not None
    assert active.chained.verdict is Verdict.DIVERGED


def test_a_value_of_another_name_is_recognised(toy_graph: Path):
    probing(toy_graph, gelu="ops.gelu(probe('active', x))")
    (found,) = probed(toy_graph)
    assert found.chained is not None
    assert found.chained.verdict is Verdict.DIVERGED
    assert found.note == "equals grow's result"


def test_a_transposed_value_is_ok_and_said_to_be(toy_graph: Path):
    probing(toy_graph, 'probe("network.active", ops.permute(x, [0, 2, 1]))')
    (found,) = probed(toy_graph)
    assert found.chained is not None
    assert found.chained.verdict is Verdict.OK
    assert found.note == "transposed"
    assert found.candidate is not None
    assert found.candidate.shape == [1, 16, 6]


def test_another_shape_is_invalid(toy_graph: Path):
    probing(toy_graph, 'probe("active", x[:, 1:])')
    (found,) = probed(toy_graph)
    assert found.chained is not None
    assert found.chained.verdict is Verdict.INVALID
    assert found.chained.reason == "shape [1, 5, 16] where the reference has [1, 6, 16]"


def test_a_name_that_is_nothing_says_what_there_is_and_stops_nothing(toy_graph: Path):
    probing(toy_graph, 'probe("activ", x)', 'probe("nowhere.x", x)', 'probe("x", "text")')
    notes = {found.name: found.note for found in probed(toy_graph)}
    assert notes == {
        "nowhere.x": "there is no layer nowhere",
        "network.activ": "network has no activ; it has x, hidden, active",
        "network.x": "it is no tensor of the graph",
    }


def test_a_probe_waits_for_its_layer(toy_graph: Path):
    probing(toy_graph, 'probe("active", x)')
    session, events = opened(toy_graph)
    session.load()
    for _ in session.names[:-1]:
        session.advance()
    while not session.settled:
        session.go_on()
    assert not any(isinstance(event, Probed) for event in events)
    session.advance()
    assert not session.settled


def test_probes_change_no_number_and_nothing_that_is_kept(toy_graph: Path):
    session, events = opened(toy_graph)
    finish(session)
    runner = session._runner
    assert isinstance(runner, Interpreter)
    before = dict(runner.kept)
    probing(toy_graph, 'probe("active", x)', 'probe("hidden", ops.gelu(x))')
    finish(session)
    compared = [event for event in events if isinstance(event, Compared)]
    first, second = compared[: len(session.names)], compared[len(session.names) :]
    assert [c.chained for c in second] == [c.chained for c in first]
    assert all(c.reused for c in second[1:])
    assert runner.kept == before


def test_a_generation_computes_only_the_probes_that_an_edit_concerns(
    toy_graph: Path, monkeypatch: pytest.MonkeyPatch
):
    probing(toy_graph, 'probe("active", x)')
    session, events = opened(toy_graph)
    finish(session)
    monkeypatch.setattr("debug.experiments.probes.compare", None)
    replace(toy_graph, "class Network", "\n\nclass Network")
    finish(session)
    first, second = (event for event in events if isinstance(event, Probed))
    assert second.chained == first.chained
    assert first.place is not None
    assert second.place is not None
    assert second.place.line == first.place.line + 2
    assert (first.generation, second.generation) == (1, 2)


def test_the_compiled_graph_says_that_it_shows_no_inner_values(toy_graph: Path):
    probing(toy_graph, 'probe("active", x)')
    session, events = opened(toy_graph, Mode.COMPILE)
    finish(session)
    (found,) = (event for event in events if isinstance(event, Probed))
    assert found.chained is None
    assert "the interpreter does" in found.note
    assert [e.chained.verdict for e in events if isinstance(e, Compared)] == [
        Verdict.OK
    ] * 4
