"""Ctrl-C at any moment: exit status 130, nothing left behind."""

import json
import os
import signal
import subprocess
import sys
import time
import wave
from pathlib import Path

import numpy as np
import psutil
import pytest
from shell import ROOT
from whisper.audio import SAMPLE_RATE

from core.model.audio import load_audio

INTERRUPTED = 130
AUDIO_SAMPLES = ROOT / "audio_samples"


def interrupted(*arguments: str, after: float) -> tuple[int, str, list[psutil.Process]]:
    """The exit status, what was said, and the child processes that were under way."""
    command = [sys.executable, "-m", "tui.commands", *arguments]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=dict(os.environ),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        # A test run in the background hands down that it ignores Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    time.sleep(after)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=30)[1]
    # Python that has not begun is ended by the signal: a shell says 130 of it, too.
    status = INTERRUPTED if process.returncode == -signal.SIGINT else process.returncode
    return status, said, children


@pytest.fixture(scope="module")
def long_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Speech for half an hour, which no machine has heard before it is interrupted."""
    speech = load_audio(AUDIO_SAMPLES / "story.flac").samples
    file = tmp_path_factory.mktemp("audio") / "long.wav"
    repeated = np.tile(speech, 30 * 60 * SAMPLE_RATE // len(speech))
    with wave.open(str(file), "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(SAMPLE_RATE)
        wav.writeframes((repeated * 32767).astype("<i2").tobytes())
    return file


@pytest.mark.process
@pytest.mark.parametrize("after", [0.15, 0.5, 2.0, 5.0])
def test_a_transcription_ends_without_a_word_and_with_its_worker(
    long_file: Path, after: float
):
    status, said, children = interrupted("transcribe", str(long_file), after=after)
    assert status == INTERRUPTED
    assert "Traceback" not in said
    assert psutil.wait_procs(children, timeout=5)[1] == []


@pytest.mark.process
def test_an_interrupted_benchmark_saves_nothing_and_closes_its_log(tmp_path: Path):
    file, log = tmp_path / "figures.json", tmp_path / "log"
    arguments = ("bench", "--backend", "cpu", "--save", str(file), "--log", str(log))
    status, _, _ = interrupted(*arguments, after=4.0)
    assert status == INTERRUPTED
    assert os.listdir(tmp_path) == ["log"]
    last = json.loads(log.read_text().splitlines()[-1])
    assert (last["event"], last["data"]["status"]) == ("end", INTERRUPTED)


@pytest.mark.max
def test_an_interrupted_check_ends_with_its_engine():
    status, said, children = interrupted("check", after=3.0)
    assert status == INTERRUPTED
    assert "Traceback" not in said
    assert psutil.wait_procs(children, timeout=5)[1] == []


@pytest.mark.process
def test_a_reader_that_has_enough_is_no_problem():
    command = f"{sys.executable} -m tui.commands --help | true"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""


LOADING = """
import os, signal, sys

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {0!r}:
            os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Interrupting())
from {1} import main
sys.exit(main())
"""


@pytest.mark.process
@pytest.mark.parametrize(
    ("program", "imported"),
    [
        ("tui.commands", "tui.ending"),
        ("tui.commands", "tui.commands.check"),
        ("tui.dashboard", "tui.ending"),
        ("tui.dashboard", "tui.versions"),
    ],
)
def test_a_program_that_is_still_loading_ends_without_a_word(program: str, imported: str):
    source = LOADING.format(imported, program)
    done = subprocess.run(
        [sys.executable, "-c", source], cwd=ROOT, env=dict(os.environ), capture_output=True
    )
    assert (done.returncode, done.stderr) == (-signal.SIGINT, b"")
