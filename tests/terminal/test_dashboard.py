"""The real program, the real engine and the real encoder, in a real terminal."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from editing import replace, save_by_renaming
from terminal.terminal import Terminal

pytestmark = [pytest.mark.terminal, pytest.mark.max]

READY = "press s to step"
ALL_OK = "44 of 44 layers ok"
LN_POST = "        x = self.ln_post(x)\n"


@pytest.fixture
def open_terminal() -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def open_one(*arguments: str, **size: int) -> Terminal:
        opened.append(Terminal(*arguments, "--seconds", "6", **size))
        return opened[-1]

    yield open_one
    for terminal in opened:
        terminal.close()


def test_step_continue_break_and_mend(open_terminal, encoder: Path):
    terminal = open_terminal("--graph", str(encoder), "--paused")
    terminal.wait_for(READY)

    for name in ("audio", "mel", "conv1"):
        terminal.type("s")
        terminal.wait_for("✓ ok", name)
    assert terminal.line("· waiting", "conv2")
    assert terminal.line("· waiting", "blocks.0.attn_ln")

    terminal.type("c")
    terminal.wait_for(ALL_OK)
    terminal.wait_for("✓ ok", "ln_post")

    replace(encoder, LN_POST, "")
    terminal.wait_for("? missing", "ln_post")
    terminal.wait_for("✗ diverged", "encoder", "↓ worse")
    terminal.wait_for("first wrong: ln_post")
    assert terminal.line("✓ ok", "blocks.3.mlp.2")

    replace(encoder, "x = x + self.attn(self.attn_ln(x))", "x = self.attn(self.attn_ln(x))")
    terminal.wait_for("first wrong: blocks.0 ")

    save_by_renaming(
        encoder, (Path(__file__).parents[2] / "core" / "encoder.py").read_text()
    )
    terminal.wait_for(ALL_OK)
    terminal.wait_for("✓ ok", "ln_post", "↑ better")
    assert terminal.quit() == 0


def test_bad_saves_keep_the_last_good_run(open_terminal, encoder: Path):
    good = encoder.read_text()
    terminal = open_terminal("--graph", str(encoder))
    terminal.wait_for(ALL_OK)

    save_by_renaming(encoder, good.replace("d_head**-0.25", "d_head**-0.25)"))
    terminal.wait_for("STALE")
    terminal.wait_for("syntax error: unmatched ')'")
    assert terminal.line("✓ ok", "encoder")

    save_by_renaming(
        encoder, good.replace(LN_POST, "        raise ValueError('not yet')\n")
    )
    terminal.wait_for("ValueError: not yet")
    assert terminal.line("✓ ok", "encoder")
    terminal.type("e")
    terminal.wait_for("Traceback")
    terminal.type("e")
    terminal.wait_gone("Traceback")

    save_by_renaming(encoder, good)
    terminal.wait_for(ALL_OK)
    assert not terminal.line("STALE")


def test_a_killed_engine_is_restarted_at_once_and_then_by_a_save(
    open_terminal, encoder: Path
):
    good = encoder.read_text()
    terminal = open_terminal("--graph", str(encoder))
    terminal.wait_for(ALL_OK)

    killed = terminal.engine().pid
    os.kill(killed, signal.SIGKILL)
    # What is said of it is gone with the next engine, which may start between two looks.
    terminal.wait_until(lambda: killed not in terminal.engines(), "the engine's end")
    terminal.wait_until(terminal.engines, "another engine")
    assert terminal.line("✓ ok", "encoder")
    terminal.wait_for(ALL_OK)

    kills = "        import os; os.kill(os.getpid(), 9)\n"
    save_by_renaming(encoder, good.replace(LN_POST, kills))
    terminal.wait_for("STALE", "it ends the engine (killed by SIGKILL)")
    assert terminal.line("✓ ok", "encoder")
    save_by_renaming(encoder, good)
    terminal.wait_for(ALL_OK)


def test_an_engine_that_hangs_is_aborted_and_restarted(open_terminal, encoder: Path):
    good = encoder.read_text()
    terminal = open_terminal("--graph", str(encoder))
    terminal.wait_for(ALL_OK)
    save_by_renaming(
        encoder, good.replace(LN_POST, "        while True:\n            pass\n")
    )
    terminal.wait_for("building the graph", "│ generation 1")
    terminal.type("a")
    terminal.wait_for("STALE, encoder.py:", "it was stopped")
    save_by_renaming(encoder, good)
    terminal.wait_for(ALL_OK)


def test_bad_input_is_said_on_the_screen_and_the_dashboard_stays(open_terminal):
    terminal = open_terminal("nowhere.wav")
    terminal.wait_for("there is no file nowhere.wav")
    assert terminal.quit() == 0


def test_the_dashboard_works_in_80_columns(open_terminal, encoder: Path):
    terminal = open_terminal("--graph", str(encoder), columns=80, rows=24)
    terminal.wait_for(ALL_OK)
    terminal.wait_for("PyTorch", "MAX")
    terminal.type("4")
    terminal.wait_for("def __call__")
    terminal.type("5")
    terminal.wait_for("generation 1 was built")
    assert terminal.line("? help", "q quit")


def test_ctrl_z_gives_the_terminal_back_and_fg_draws_the_screen_again(open_terminal):
    terminal = open_terminal("--paused")
    terminal.wait_for(READY)
    terminal.type("\x1a")
    terminal.wait_until(lambda: terminal.is_given_back, "a terminal that is given back")
    terminal.wipe()
    os.kill(terminal.pid, signal.SIGCONT)
    terminal.wait_for(READY)
    assert terminal.quit() == 0


def test_no_engine_outlives_its_dashboard(open_terminal, encoder: Path):
    terminal = open_terminal("--graph", str(encoder))
    terminal.wait_for(ALL_OK)
    engine = terminal.engine()
    os.kill(terminal.pid, signal.SIGKILL)
    _, alive = psutil.wait_procs([engine], timeout=60)
    assert not [each for each in alive if _works(each)]


def _works(process: psutil.Process) -> bool:
    """One that has ended may wait for the system's first process to take note of it."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
