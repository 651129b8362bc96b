import json
import math

import pytest
from fakes import MISSING, compared, opened, stats

from debug.protocol.diagnostic import Diagnostic
from debug.protocol.messages import (
    Abort,
    Compared,
    Failed,
    Loaded,
    Open,
    Probed,
    Progress,
    RunAgain,
    RunTo,
    Stopped,
    decode_command,
    decode_event,
    encode,
)
from debug.protocol.values import Place, Stats

COMMANDS = [Open({"model": "micro", "start": 1.5}), RunTo(3), RunAgain(4), Abort()]
EVENTS = [
    opened(),
    Loaded(1, {"conv": Place("a.py", 3)}, 0.1),
    compared(2),
    Compared(1, 3, None, MISSING, 0.1, False),
    Probed(1, 2, "conv.y", Place("a.py", 4), None, stats(), stats(), compared(2).chained),
    Stopped(1, 3, 0.2),
    Progress("compiling"),
    Failed(Diagnostic("graph", "no", "a.py", 3), fatal=False),
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
