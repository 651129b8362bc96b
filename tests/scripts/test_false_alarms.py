"""Right encoders that are written another way, and sounds that nobody sends on purpose."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from debug.engine.session import Session
from debug.protocol.messages import Open
from debug.protocol.verdict import Verdict
from debug.results.run import Run
from scripts.harmless import ENCODER, rewrites
from scripts.unkind import SOUNDS, write
from tui.commands import check
from tui.settings import SUBJECT

pytestmark = pytest.mark.max
SOURCES = {each.name: each.source for each in rewrites()}

Check = Callable[[str], Run]


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Check:
    """What is found in a source, on a second of speech; PyTorch's side runs once."""
    graph, run = tmp_path_factory.mktemp("harmless") / "encoder.py", Run()
    graph.write_text(ENCODER.read_text())
    options = {"graph": str(graph), "seconds": 1.0}
    session = Session.open(SUBJECT, Open(options, watch=False), cast(Any, run.apply))

    def check_again(source: str) -> Run:
        graph.write_text(source)
        session.load()
        return finished(session, run)

    return check_again


def finished(session: Session, run: Run) -> Run:
    for _ in session.names:
        session.advance()
    while not session.settled:
        session.go_on()
    return run


def verdict(run: Run, layer: str) -> Verdict:
    index = [each.name for each in run.layers].index(layer)
    return run.results[index].chained.verdict


@pytest.mark.parametrize(
    "name",
    [
        "query, key and value in one product",
        "every head projects for itself",
        "the block does attention itself, with raw weights",
        "the activation is within the convolution's module",
        "positions are added within the first block",
        "projections split their result into heads",
        "a block ends before its last residual",
        "layer norm in float64",
    ],
)
def test_a_right_encoder_that_is_written_another_way_is_right(checked: Check, name: str):
    run = checked(SOURCES[name])
    assert run.culprit() is None
    assert run.faults() == []
    assert run.verdict() is Verdict.OK
    assert check.exit_status(run) == 0


def test_a_value_that_no_module_returns_is_compared_where_it_is(checked: Check):
    run = checked(SOURCES["query, key and value in one product"])
    assert verdict(run, "blocks.0.attn.query") is Verdict.OK


def test_what_is_not_there_by_itself_is_seen_as_a_part_of_what_is_right(checked: Check):
    run = checked(SOURCES["every head projects for itself"])
    assert verdict(run, "blocks.0.attn.query") is Verdict.UNSEEN
    assert verdict(run, "blocks.0.attn") is Verdict.OK


MISTAKES = [
    (
        "attention reads the projections' weights itself",
        ("k = x @ self.key.weight.T", "k = x @ self.query.weight.T"),
        "blocks.0.attn.key",
    ),
    (
        "the activation is within the convolution's module",
        ("return ops.gelu(left + middle", "return ops.gelu(left + 0 * middle"),
        "conv1",
    ),
    (
        "projections split their result into heads",
        ("axis=-1).cast", "axis=-2).cast"),
        "blocks.0.attn",
    ),
]


@pytest.mark.parametrize(("name", "edit", "layer"), MISTAKES, ids=[m[2] for m in MISTAKES])
def test_a_mistake_in_such_an_encoder_is_found_all_the_same(checked, name, edit, layer):
    old, new = edit
    assert old in SOURCES[name]
    run = checked(SOURCES[name].replace(old, new))
    assert check.exit_status(run) == 1
    culprit = run.culprit()
    assert culprit is not None
    assert run.layers[culprit].name == layer


@pytest.mark.parametrize(
    "sound", ["one impulse", "samples up to 30", "ten samples", "a full-scale square wave"]
)
def test_no_sound_makes_a_right_encoder_wrong(tmp_path: Path, sound: str):
    run = Run()
    clip = write(tmp_path / "sound.wav", SOUNDS[sound]())
    command = Open({"audio": str(clip), "seconds": 1.0}, watch=False)
    session = Session.open(SUBJECT, command, cast(Any, run.apply))
    session.load()
    assert finished(session, run).verdict() is Verdict.OK
    assert run.culprit() is None


def test_every_rewrite_is_one_of_the_shipped_encoder():
    assert len(rewrites()) >= 40
    assert len(SOURCES) == len(rewrites())
    assert len(SOUNDS) >= 20
    for name, source in SOURCES.items():
        compile(source, name, "exec")
