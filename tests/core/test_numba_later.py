"""openai-whisper without numba, until the times of words are wanted."""

import subprocess
import sys

import pytest

CALLED = """
import sys
import core
import whisper.timing

assert "numba" not in sys.modules
import numpy as np
print(whisper.timing.backtrace(np.zeros((2, 2), np.float32)).tolist())
print(type(whisper.timing.backtrace).__module__)
"""


@pytest.mark.process
def test_numba_is_loaded_when_a_function_that_it_compiles_is_called():
    command = [sys.executable, "-c", CALLED]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    first, second = said.splitlines()
    assert first == "[[0], [0]]"
    assert second.startswith("numba")
