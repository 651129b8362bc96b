import json
import math

import pytest
from fakes import MISSING, compared, opened, stats

from core.messages import Examination
from debug.protocol.diagnostic import Diagnostic
from debug.protocol.messages import (
    Abort,
    Aligned,
    Compared,
    ComparedWithoutTaps,
    Failed,
    Loaded,
    NotPossible,
    Open,
    OutcomeKnown,
    Probed,
    Progress,
    RunAgain,
    RunTo,
    SourceRead,
    SourceSaved,
    Stopped,
    decode_command,
    decode_event,
    encode,
)
from debug.protocol.statistics import Stats
from debug.protocol.survey import (
    Axis,
    Band,
    Cut,
    ErrorMapped,
    Excerpt,
    Excerpted,
    Locate,
    Located,
    MapError,
    Region,
    Sketch,
    Sketched,
    Survey,
)
from debug.protocol.values import (
    Mode,
    Outcome,
    PairedLayer,
    Place,
    UnpairedModule,
)
from debug.protocol.weights import (
    ComparedWeight,
    CompareWeights,
    Likeness,
    WeightsCompared,
)

COMMANDS = [
    *(Open({"model": "micro", "start": 1.5}), RunTo(3), RunAgain(4), Abort()),
    *(Survey(2, True), Excerpt(2, False, Cut((0, 2), [1, 0, 4], 3, 5))),
    MapError(2, False, (0, 1), 5, 9, Region(0, 1, 2, 3)),
    *(Locate(2, True), Sketch(2, 5, 9), CompareWeights(3)),
]
EVENTS = [
    opened(),
    Loaded(1, {"conv": Place("a.py", 3)}, 0.1),
    compared(2),
    Compared(1, 3, None, MISSING, 0.1, False),
    Probed(1, 2, "conv.y", Place("a.py", 4), None, stats(), stats(), compared(2).chained),
    Excerpted(1, 2, True, Cut((0, 1), [0, 0], 1, 2), 0, 0, [[1.5, "nan"]], [[1, 2]], [[0]]),
    ErrorMapped(1, 2, False, (0, 1), Region(0, 0, 1, 2), [[None, 0.5]]),
    Stopped(1, 3, 0.2),
    Aligned(
        2,
        [PairedLayer("conv", "first", "weights", "first holds what is another's")],
        [UnpairedModule("drop", True, "holds no weight", False)],
    ),
    Progress("compiling"),
    Failed(Diagnostic("graph", "no", "a.py", 3), fatal=False),
    SourceRead({"a.py": b"x = '\xff\x1b[2J'\r\n"}),
    Located(1, 2, True, [Axis("frame", 3, 0.02, "s")], [1], 0.5, 3e-7),
    Sketched(1, 2, [Axis("sample", 2)], Band([[None]], [[1.0]]), Band([[0.0]], [[1.0]])),
    WeightsCompared(
        1,
        0,
        1,
        [ComparedWeight(Likeness.EQUAL, "a", "b", [2, 3], [3, 2], "float32", "transposed")],
    ),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: type(c).__name__)
def test_a_command_survives_the_pipe(command):
    assert decode_command(encode(command)) == command


@pytest.mark.parametrize("event", EVENTS, ids=lambda e: type(e).__name__)
def test_an_event_survives_the_pipe_as_one_line(event):
    line = encode(event)
    assert line.count(b"\n") == 1
    assert decode_event(line) == event


def test_a_json_number_is_never_nan_or_infinity():
    stats = Stats([1], "float32", math.nan, math.inf, -math.inf, 0.0, 3)
    line = encode(Compared(1, 0, stats, MISSING, 0.0, False))
    candidate = json.loads(line, parse_constant=lambda name: pytest.fail(name))["candidate"]
    assert (candidate["mean"], candidate["std"], candidate["min"]) == (None, None, None)


# -- Names on the wire -------------------------------------------------------------------

TAGS = [
    (SourceSaved("a.py"), "Changed"),
    (OutcomeKnown(1, Outcome("one", "other", 3, 0.5, 1.0)), "Followed"),
    (ComparedWithoutTaps(1, MISSING, None, 1e-7), "Untapped"),
    (NotPossible(Diagnostic("inspect", "no")), "Refused"),
    (Examination("torch", True, "2.6"), "Finding"),
]


@pytest.mark.parametrize(("message", "tag"), TAGS, ids=[tag for _, tag in TAGS])
def test_a_renamed_message_keeps_its_tag(message, tag):
    assert json.loads(encode(message))["type"] == tag


@pytest.mark.parametrize("event", [m for m, _ in TAGS[:-1]], ids=[t for _, t in TAGS[:-1]])
def test_a_renamed_event_survives_the_pipe(event):
    assert decode_event(encode(event)) == event


@pytest.mark.parametrize("message", [Open({}, Mode.COMPILE), opened(Mode.COMPILE)])
def test_the_mode_keeps_its_key(message):
    keys = json.loads(encode(message))
    assert keys["engine"] == "compile"
    assert "mode" not in keys


def test_lines_of_before_the_renames_are_understood():
    line = b'{"type": "Open", "options": {}, "engine": "compile", "watch": false}'
    assert decode_command(line) == Open({}, Mode.COMPILE, watch=False)
    assert decode_event(b'{"type": "Changed", "path": "a.py"}') == SourceSaved("a.py")


def test_what_is_likely_a_bug_in_an_alignment_is_told_line_by_line():
    pairs = [
        PairedLayer("a", "x", "weights"),
        PairedLayer("b", "y", "name", "y holds a's weights, not b's"),
    ]
    unpaired = [
        UnpairedModule("drop", True, "holds no weight", False),
        UnpairedModule("c", True, "has no counterpart", True),
    ]
    aligned = Aligned(1, pairs, unpaired)
    assert aligned.doubts == ["y holds a's weights, not b's", "c has no counterpart"]
    assert [each.name for each in aligned.no_errors] == ["drop"]  # said once each
