"""Audio from a pipe."""

import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from debug.protocol.diagnostic import Problem
from tui.stdin import PIPE, piped_audio


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


@pytest.mark.parametrize(
    ("terminal", "says"), [(True, "nothing is piped in"), (False, "stdin is empty")]
)
def test_without_audio_there_is_a_remedy(monkeypatch, terminal, says):
    pipe(monkeypatch, b"", terminal)
    with pytest.raises(Problem, match=says), piped_audio(PIPE):
        pass
