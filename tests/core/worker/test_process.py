"""The worker as a process of its own."""

import os
import subprocess
import sys

import pytest
from shell import ROOT

from core.messages import ListMutants, decode_answer
from debug.protocol.messages import Failed, encode

LEAVES_SOMETHING = """
import atexit, threading, time
atexit.register(time.sleep, 600)
threading.Thread(target=time.sleep, args=(600,)).start()
from core.worker.process import main
main()
"""


@pytest.mark.process
def test_a_worker_ends_once_it_has_answered_whatever_is_left_to_do():
    worker = subprocess.Popen(
        [sys.executable, "-c", LEAVES_SOMETHING],
        stdin=subprocess.PIPE,  # open: a worker ends with it
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env=dict(os.environ),
    )
    with worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdin.write(encode(ListMutants({"port": "nowhere.py"})))
        worker.stdin.flush()
        try:
            assert worker.wait(timeout=120) == 0
            answer = decode_answer(worker.stdout.readlines()[-1])
        finally:
            worker.kill()
    assert isinstance(answer, Failed)
    assert "nowhere.py" in answer.diagnostic.message
