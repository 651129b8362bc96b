"""Generations of the toy in one session."""

import gc
import weakref
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from editing import replace
from sessions import finished, run_all

from debug.engine import session as session_module
from debug.engine.session import Session
from debug.measure.products import Operands, Products
from debug.protocol.diagnostic import Problem
from debug.protocol.messages import (
    Compared,
    Explained,
    Loaded,
    Message,
    Opened,
    Progress,
    SourceRead,
)
from debug.protocol.verdict import Verdict
from debug.subject import Candidate
from examples.two_layers.subject import TwoLayers

pytestmark = pytest.mark.max


def compared(events: list[Message], generation: int) -> list[Compared]:
    found = (event for event in events if isinstance(event, Compared))
    return [event for event in found if event.generation == generation]


def test_a_session_says_what_it_opens_and_then_what_it_loads(toy_graph: Path):
    events: list[Message] = []
    session = finished(toy_graph, events)
    said = [type(event) for event in events if not isinstance(event, Progress)]
    assert said == [Opened, SourceRead, Loaded, *[Compared] * 4]
    assert session.complete
    assert session.stopped(0.5).position == 3


def test_each_save_is_told_to_the_byte_even_if_it_makes_no_graph(toy_graph: Path):
    events: list[Message] = []
    session = finished(toy_graph, events)
    session.load()
    contents = [toy_graph.read_bytes(), b"x = (\r\n\xff"]
    toy_graph.write_bytes(contents[1])
    with pytest.raises(Problem):
        session.load()
    told = [each.files[str(toy_graph)] for each in events if isinstance(each, SourceRead)]
    assert told == contents


def test_on_a_device_that_multiplies_in_tf32_the_yardstick_does_so_too(
    toy_graph: Path, monkeypatch: pytest.MonkeyPatch
):
    there = Products(matrices=Operands.ROUNDED, convolutions=Operands.CUT)
    monkeypatch.setattr(session_module, "device_products", lambda *_: there)
    events: list[Message] = []
    finished(toy_graph, events)
    opened = next(event for event in events if isinstance(event, Opened))
    assert "in TF32" in opened.warnings[-1]
    floors = {layer.name: layer.floor for layer in opened.layers}
    assert 2.0**-15 < floors["grow"] < 2.0**-9
    ratios = [each.chained.ratio for each in compared(events, 1)[1:]]
    assert all(ratio is not None and ratio < 0.1 for ratio in ratios)  # this CPU is exact


def test_a_bad_load_changes_nothing(toy_graph: Path):
    session = finished(toy_graph, [])
    replace(toy_graph, "ops.gelu(x)", "ops.gelu(y)")
    with pytest.raises(Problem, match="'y' is not defined"):
        session.load()
    assert (session.generation, session.position) == (1, 3)
    session.inspect(session.names.index("grow"))


def test_a_save_is_seen_until_it_is_loaded_good_or_bad(toy_graph: Path):
    session = finished(toy_graph, [])
    assert session.source_changed() is None
    replace(toy_graph, "ops.gelu(x)", "ops.gelu(y)")
    assert session.source_changed() == str(toy_graph)
    with pytest.raises(Problem):
        session.load()
    assert session.source_changed() is None


def test_a_load_computes_again_only_what_it_changed(toy_graph: Path):
    events: list[Message] = []
    session = finished(toy_graph, events)
    replace(toy_graph, "ops.gelu(x)", "ops.relu(x)")
    session.load()
    assert session.position == -1
    run_all(session)
    assert [each.reused for each in compared(events, 2)] == [False, True, False, False]
    assert compared(events, 2)[1].chained == compared(events, 1)[1].chained


def test_a_layer_that_no_module_is_is_compared_where_its_value_is(toy_graph: Path):
    replace(toy_graph, "x = self.grow(x)", "x = x @ self.grow.weight.T + self.grow.bias")
    events: list[Message] = []
    session = finished(toy_graph, events)
    found = compared(events, 1)[session.names.index("grow")].chained
    assert found.verdict is Verdict.OK
    line = (
        toy_graph.read_text()
        .splitlines()
        .index("        x = x @ self.grow.weight.T + self.grow.bias")
    )
    assert found.reason == f"found by its numbers in line {line + 1}"


def test_a_layer_that_is_nowhere_is_missing_and_cant_be_asked_about(toy_graph: Path):
    replace(toy_graph, "x = self.grow(x)", "x = ops.concat([x, x], axis=-1)")
    events: list[Message] = []
    session = finished(toy_graph, events)
    grow = session.names.index("grow")
    assert compared(events, 1)[grow].chained.verdict is Verdict.MISSING
    with pytest.raises(Problem, match="the candidate never calls grow"):
        session.inject(grow)
    with pytest.raises(Problem, match="it never runs"):
        session.inspect(grow)


class Loud(TwoLayers):
    def candidate(self, source: ModuleType) -> Candidate:
        made = super().candidate(source)
        return Candidate(made.module, made.weights, {"noise": made.inputs["noise"] * 2})


def test_an_input_that_is_wrong_is_explained_at_once(toy_graph: Path):
    events: list[Message] = []
    session = Session(Loud(toy_graph), events.append)
    session.load()
    session.advance()
    (explained,) = (event for event in events if isinstance(event, Explained))
    (finding,) = explained.findings
    assert finding.target == "input of the model"
    assert finding.causes[0].hypothesis == "the input is multiplied by 2"
    assert not compared(events, 1)[0].chained.verdict.healthy


def test_a_max_that_is_not_the_one_that_is_needed_is_a_problem(
    toy_graph: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("debug.candidate.max_internals.version", lambda _: "99.1")
    with pytest.raises(Problem, match=r"max 99\.1 is installed"):
        Session(TwoLayers(toy_graph), lambda _: None)


def test_nothing_is_left_of_a_generation_that_others_have_followed(toy_graph: Path):
    session = finished(toy_graph, [])
    kept: list[tuple[str, weakref.ref[Any]]] = []
    for number in range(4):
        source = toy_graph.read_text()
        toy_graph.write_text(f"{source}# {number}\n")
        session.load()
        run_all(session)
        while not session.settled:
            session.go_on()
        traced, candidate = session._traced, session._candidate
        assert traced is not None
        assert candidate is not None
        parts: tuple[Any, ...] = traced, traced.graph, candidate, candidate.module
        kept += [(type(each).__name__, weakref.ref(each)) for each in parts]
    gc.collect()
    left = [name for name, each in kept[: -2 * 4] if each() is not None]
    assert left == []
