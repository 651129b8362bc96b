"""Bugs in a port with Hugging Face's names: found as those in one with openai's."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from editing import replace
from renamed_encoder import renamed, with_hugging_faces_names
from sessions import run_all

from core.practice.bases import BASES
from debug.engine.session import Session
from debug.protocol.messages import Message, Open
from debug.results.run import Run
from tui.settings import SUBJECT

pytestmark = pytest.mark.max


@dataclass(frozen=True)
class Bug:
    edits: tuple[tuple[str, str], ...]
    """In openai's words."""
    layer: str
    line: str
    """In Hugging Face's."""
    cause: str


BUGS = {
    "epsilon": Bug(
        (("epsilon=1e-5", "epsilon=1e-3"),),
        "blocks.0.attn_ln",
        "epsilon",
        "epsilon is 0.001",
    ),
    "query and key swapped": Bug(
        (
            ("q = self.query(x)", "q = self.key(x)"),
            ("k = self.key(x)", "k = self.query(x)"),
        ),
        "blocks.0.attn",
        "k = self.q_proj(x)",
        "blocks.0.attn.key",
    ),
    "no norm before attention": Bug(
        (("self.attn(self.attn_ln(x))", "self.attn(x)"),),
        "blocks.0.attn_ln",
        "self.self_attn(x)",
        "blocks.0.attn_ln is left out",
    ),
    "no norm at the end": Bug(
        (("        x = self.ln_post(x)\n", ""),),
        "ln_post",
        "",
        "ln_post is left out",
    ),
    "the scale": Bug(
        (("d_head**-0.25", "d_head**-0.5"),), "blocks.0.attn", "scale", "is applied twice"
    ),
}


@dataclass(frozen=True)
class Opened:
    graph: Path
    right: str
    session: Session
    events: list[Message]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    graph = tmp_path_factory.mktemp("renamed") / "encoder.py"
    with_hugging_faces_names(Path(shutil.copy(BASES["encoder"], graph)))
    events: list[Message] = []
    options = {"graph": str(graph), "seconds": 2, "device": "cpu"}
    session = Session.open(SUBJECT, Open(options, watch=False), events.append)
    return Opened(graph, graph.read_text(), session, events)


@pytest.mark.parametrize("name", BUGS)
def test_layer_line_and_cause_are_named_as_with_openais_names(opened: Opened, name: str):
    bug, session = BUGS[name], opened.session
    opened.graph.write_text(opened.right)
    for edit in bug.edits:
        replace(opened.graph, *(renamed(text) for text in edit))
    session.load()
    run_all(session)
    while not session.settled:
        session.go_on()
    run = Run()
    for event in opened.events:
        run.apply(event)  # pyright: ignore[reportArgumentType]
    culprit = run.culprit()
    assert culprit is not None
    finding = run.finding(culprit)
    assert finding is not None
    place = finding.place
    line = opened.graph.read_text().splitlines()[place.line - 1] if place else None
    said = run.layers[culprit].name, line, [c.hypothesis for c in finding.causes]
    assert said[0] == bug.layer, said
    assert bug.line in (line or ""), said
    assert bug.cause in finding.causes[0].hypothesis, said
