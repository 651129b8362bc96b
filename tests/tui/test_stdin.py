"""Audio from a pipe."""

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from shell import ROOT

from debug.protocol.diagnostic import Problem
from tui.stdin import BYTES_PER_SECOND, PIPE, piped_audio


def pipe(monkeypatch: pytest.MonkeyPatch, contents: bytes, terminal: bool = False) -> None:
    stdin = SimpleNamespace(buffer=io.BytesIO(contents), isatty=lambda: terminal)
    monkeypatch.setattr(sys, "stdin", stdin)


def test_a_file_is_read_where_it_is():
    with piped_audio("clip.wav") as audio:
        assert audio == "clip.wav"


def test_what_is_piped_in_is_a_file_while_it_is_needed(monkeypatch):
    pipe(monkeypatch, b"RIFF")
    with piped_audio(PIPE) as audio:
        assert audio is not None
        assert Path(audio).read_bytes() == b"RIFF"
    assert not Path(audio).exists()


def test_a_pipe_that_never_ends_is_read_up_to_a_limit(monkeypatch, capsys):
    pipe(monkeypatch, bytes(10_000_000))
    with piped_audio(PIPE, max_seconds=2.0) as audio:
        assert audio is not None
        assert Path(audio).stat().st_size == 3 * BYTES_PER_SECOND
    assert "only the first 4,800,000 bytes of stdin are used" in capsys.readouterr().err


def test_without_room_for_what_is_piped_in_the_message_says_where(monkeypatch):
    pipe(monkeypatch, b"RIFF")
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    says = "can't keep stdin in a temporary folder"
    with pytest.raises(Problem, match=says), piped_audio(PIPE):
        pass


@pytest.mark.process
def test_nothing_is_left_in_the_temporary_folder_whatever_ends_the_program(tmp_path):
    code = "from tui.stdin import piped_audio\nwith piped_audio('-'):\n"
    code += "    print('kept', flush=True)\n    import time\n    time.sleep(60)"
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"RIFF")
        process.stdin.close()
        assert process.stdout.readline() == b"kept\n"
        process.kill()
    if sys.platform == "linux":
        assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("terminal", "says"), [(True, "nothing is piped in"), (False, "stdin is empty")]
)
def test_without_audio_there_is_a_remedy(monkeypatch, terminal, says):
    pipe(monkeypatch, b"", terminal)
    with pytest.raises(Problem, match=says), piped_audio(PIPE):
        pass
