"""Bugs that are planted in the example ports: each is named with its layer, line and cause.

The table is `port_bugs.BUGS`.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from port_bugs import BUGS, Bug, prepared
from ports import Debugged, Debugger

pytestmark = pytest.mark.max


@pytest.fixture(scope="module")
def debuggers(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Bug], Debugged]:
    """Each example is opened once: every other bug in it is a save."""
    opened: dict[str, tuple[Path, Debugger]] = {}

    def debugged(bug: Bug) -> Debugged:
        if bug.example in opened:
            folder, debugger = opened[bug.example]
            prepared(bug, folder)
        else:
            folder = tmp_path_factory.mktemp("port")
            debugger = Debugger(prepared(bug, folder))
            opened[bug.example] = folder, debugger
        return debugger.loaded()

    return debugged


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_bug_in_a_port_is_named(bug: Bug, debuggers: Callable[[Bug], Debugged]):
    found = debuggers(bug)
    run = found.run
    if bug.doubt:
        assert any(bug.doubt in doubt for doubt in found.aligned.doubts)
    else:
        assert found.aligned.doubts == []
    culprit = run.culprit()
    assert culprit is not None
    assert run.layers[culprit].name == bug.layer
    finding = run.finding(culprit)
    assert finding is not None
    assert finding.place is not None
    lines = Path(finding.place.path).read_text().splitlines()
    assert bug.line in lines[finding.place.line - 1]
    if bug.cause:
        causes = [cause.hypothesis for cause in finding.causes[:3]]
        assert any(bug.cause in cause for cause in causes), causes
