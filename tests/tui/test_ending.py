"""How a program ends whose streams are closed or full, and one that is told to end."""

import os
import signal
import subprocess
import sys

import pytest
from shell import ROOT

from tui.dashboard import main as dashboard
from tui.ending import run_program

PROGRAM = """
import sys
from tui.ending import run_program
from tui.streams import tell

def run():
    tell("working")
    print("{}" * 100_000 if {} else "result")
    return 0

sys.exit(run_program("prog", run))
"""


def shell(redirection: str, is_large: bool = False) -> subprocess.CompletedProcess[str]:
    source = PROGRAM.format("ü", is_large)
    command = f"{sys.executable} -c '{source}' {redirection}"
    return subprocess.run(
        command, shell=True, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True
    )


@pytest.mark.process
@pytest.mark.parametrize("is_large", [False, True])
def test_a_full_disk_is_one_line(is_large: bool):
    done = shell("> /dev/full", is_large)
    assert done.returncode == 2
    *_, line = done.stderr.splitlines()
    assert line.startswith("prog: can't write to stdout (No space left on device)")
    assert done.stderr.count("\n") == 2


@pytest.mark.process
@pytest.mark.parametrize(
    ("redirection", "status", "out", "err"),
    [
        (">&-", 2, "", "prog: stdout is closed: leave out >&-, or write to a file\n"),
        ("2>&-", 0, "result\n", ""),
        ("<&-", 0, "result\n", "working\n"),
        ("2> /dev/full", 0, "result\n", ""),
    ],
)
def test_a_stream_that_is_missing_or_full_is_no_traceback(
    redirection: str, status: int, out: str, err: str
):
    done = shell(redirection)
    assert (done.returncode, done.stdout, done.stderr) == (status, out, err)


@pytest.mark.process
def test_a_reader_that_has_ended_is_no_error():
    done = shell("| true", is_large=True)
    assert (done.returncode, done.stderr.replace("working\n", "")) == (0, "")


@pytest.mark.process
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_letters_that_a_terminal_lacks_are_no_error(
    encoding: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    assert shell("> /dev/null", is_large=True).returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_program_in_order_and_handlers_are_put_back(number: int):
    before, put_in_order = signal.getsignal(number), []

    def run() -> int:
        try:
            os.kill(os.getpid(), number)
            signal.pause()
        finally:
            put_in_order.append(True)
        return 0

    with pytest.raises(SystemExit) as end:
        run_program("prog", run)
    assert end.value.code == 128 + number
    assert put_in_order
    assert signal.getsignal(number) == before


def test_a_dashboard_without_a_terminal_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(sys, "argv", ["maxwhisper-tui"])
    monkeypatch.setattr(sys, "__stderr__", None)
    assert dashboard() == 2
    assert "the dashboard needs a terminal" in capsys.readouterr().err
