"""A child's end of the pipe, tried in the test's own process."""

import io
import os
import threading

import pytest

from debug.protocol.child_end import end_with, lines_until_gone, private_stdout


def test_messages_have_stdout_to_themselves(capfd: pytest.CaptureFixture[str]):
    before = os.dup(1)
    try:
        with private_stdout() as messages:
            os.write(1, b"a native library\n")
            messages.write(b"a message\n")
    finally:
        os.dup2(before, 1)
        os.close(before)
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("a message\n", "a native library\n")


def test_the_pipe_to_the_screen_stays_open_until_the_process_is_gone():
    before = os.dup(1)
    try:
        messages = private_stdout()
    finally:
        os.dup2(before, 1)
        os.close(before)
    descriptor = messages.fileno()
    messages.close()
    os.fstat(descriptor)  # raises once it is closed
    os.close(descriptor)


def test_the_process_ends_with_its_lines(monkeypatch: pytest.MonkeyPatch):
    ended: list[int] = []
    monkeypatch.setattr(os, "_exit", ended.append)
    lines = lines_until_gone(io.BytesIO(b"one\ntwo\n"))
    assert [next(lines), next(lines)] == [b"one\n", b"two\n"]
    assert ended == []
    assert list(lines) == []
    assert ended == [0]


def test_the_process_ends_when_the_screen_closes_its_pipe(monkeypatch: pytest.MonkeyPatch):
    ended = threading.Event()
    monkeypatch.setattr(os, "_exit", lambda code: ended.set())
    end, screen = os.pipe()
    try:
        end_with(end)
        os.write(screen, b"anything")
        still_there = not ended.wait(0.05)
    finally:
        os.close(screen)
    assert ended.wait(10)
    assert still_there
    os.close(end)
