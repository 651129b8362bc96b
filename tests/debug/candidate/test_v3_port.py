"""A port to `max.experimental.nn` as a graph, and as the interpreter runs it."""

import shutil
from pathlib import Path

import pytest
from editing import replace
from shell import ROOT

from debug.candidate import max_internals, max_v3
from debug.candidate.source import load_source
from debug.candidate.source_lines import definition
from debug.candidate.taps import FirstInput, Result
from debug.candidate.trace import Traced, build
from debug.engine.session import Session
from debug.port.subject import PortSubject, open_port
from debug.protocol.diagnostic import Problem
from debug.protocol.messages import Open
from debug.protocol.verdict import Verdict
from debug.results.run import Run
from debug.subject import Options

LAYERS = [
    *("blocks.0.grow", "blocks.0.shrink", "blocks.0"),
    *("blocks.1.grow", "blocks.1.shrink", "blocks.1"),
    "model",
]
GELU = "        x = F.gelu(x)\n"


@pytest.fixture
def port(tmp_path: Path) -> Path:
    """A copy to break."""
    return Path(shutil.copy(ROOT / "tests" / "data" / "v3_port.py", tmp_path / "port.py"))


def opened(port: Path, **options: str) -> PortSubject:
    return open_port(Options({"port": str(port), "device": "cpu", **options}))


def traced(port: Path, **options: str) -> Traced:
    subject = opened(port, **options)
    return build(subject, load_source(port), subject.layers, with_inputs=True)[1]


def run_of(port: Path) -> tuple[Session, Run]:
    """A session in which all that can be computed was."""
    run = Run()
    options = Open({"port": str(port), "device": "cpu"}, watch=False)
    session = Session.open("debug.port.subject:open_port", options, run.apply)  # pyright: ignore[reportArgumentType]
    settle(session)
    return session, run


def settle(session: Session) -> None:
    session.load()
    for _ in session.names:
        session.advance()
    while not session.settled:
        session.go_on()


def line(port: Path, number: int) -> str:
    return port.read_text().splitlines()[number - 1].strip()


def test_every_layer_and_its_input_is_an_output(port: Path):
    found = traced(port)
    assert list(found.layers) == LAYERS
    assert set(found.outputs) == {*map(Result, LAYERS), *map(FirstInput, LAYERS)}
    assert [int(n) for n in found.layers["blocks.1.grow"].shape] == [2, 5, 12]


def test_every_layer_and_operation_has_its_line(port: Path):
    found = traced(port)
    said = {name: line(port, place.line) for name, place in found.places.items()}
    assert said["blocks.0.shrink"] == "return self.shrink(x)"
    assert said["blocks.1"] == "x = x + block(x)"
    assert said["model"].startswith("def forward")
    max_internals.lower(found.graph)
    body, _ = max_internals.split_output(found.graph)
    places = [
        max_internals.place_of(o) for o in body if max_internals.describe(o) == "gelu"
    ]
    assert [line(port, place[1]) for place in places if place] == [GELU.strip()] * 2


def test_a_probe_belongs_to_the_layer_that_is_being_traced(port: Path):
    replace(port, GELU, GELU + '        probe("active", x)\n')
    replace(port, "import Port", "import Port, probe")
    names = [probe.name for probe in traced(port).probes]
    assert names == ["blocks.0.active", "blocks.1.active"]


def test_a_precision_that_the_port_does_not_name_is_the_one_that_is_asked_for(port: Path):
    kinds = traced(port, dtype="float64").layers.values()
    assert {kind.dtype.name for kind in kinds} == {"float64"}


def test_a_weight_is_the_same_buffer_in_every_generation(port: Path):
    subject = opened(port)
    one, other = (
        build(subject, load_source(port), subject.layers, True)[1].weights for _ in range(2)
    )
    assert len(one) == 8
    assert all(one[name] is other[name] for name in one)


def test_a_dimension_of_no_known_size_is_named(port: Path):
    replace(port, '        sizes={"batch": 2, "length": 5},\n', "")
    with pytest.raises(
        Problem, match="how large the dimensions batch, length are"
    ) as raised:
        traced(port)
    number = raised.value.diagnostic.line
    assert number is not None
    assert "F.reshape" in line(port, number)


def test_a_model_that_returns_nothing_is_told_to_in_its_forward(port: Path):
    replace(
        port,
        "+ block(x)\n        return x\n\n\nclass TorchB",
        "+ block(x)\n\n\nclass TorchB",
    )
    with pytest.raises(Problem, match="from its forward"):
        traced(port)


def test_v3_modules_are_left_as_they_were_though_a_graph_raises(port: Path):
    before = max_v3.Module.__call__
    replace(port, GELU, "        raise ValueError('stop')\n")
    with pytest.raises(Problem, match="stop"):
        traced(port)
    assert max_v3.Module.__call__ is before


def test_what_has_no_forward_of_its_own_begins_nowhere_else():
    place = definition(max_v3.Module())
    assert place is not None
    assert place.path.endswith("module.py")


@pytest.mark.max
def test_every_layer_is_ok_chained_and_alone_and_a_save_is_seen(port: Path):
    session, run = run_of(port)
    assert [layer.name for layer in run.layers][1:] == LAYERS
    verdicts = [each.chained.verdict for each in run.results.values()]
    assert verdicts == [Verdict.OK] * 8
    alone = [each.divergence.verdict for each in run.isolated_events.values()]
    assert len(alone) == 7
    assert set(alone) == {Verdict.OK}

    replace(port, "x = F.gelu(x)", 'x = F.gelu(x, "tanh")')
    settle(session)
    culprit = run.culprit()
    assert culprit is not None
    assert run.layers[culprit].name == "blocks.0"
    finding = run.finding(culprit)
    assert finding is not None
    assert finding.place is not None
    assert "F.gelu" in line(port, finding.place.line)
