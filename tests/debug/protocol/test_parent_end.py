"""The parent's end of a child process, without the child."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from debug.protocol import parent_end
from debug.protocol.diagnostic import Diagnostic
from debug.protocol.messages import Abort, Failed, Idle, Stopped, decode_event, encode
from debug.protocol.parent_end import Child, EngineClient, Exited, Noise


def stream(*lines: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    reader.feed_data(b"".join(lines))
    reader.feed_eof()
    return reader


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (0, "exit status 0"),
        (3, "exit status 3"),
        (4, "it closed its pipe to the screen"),
        (-9, "killed by SIGKILL"),
        (-11, "killed by SIGSEGV"),
        (-signal.SIGBUS, "killed by SIGBUS, as when a file that it reads is cut short"),
        (-500, "killed by signal 500"),
    ],
)
def test_an_end_has_its_cause_in_words(code: int, cause: str):
    assert Exited(code).cause == cause


async def test_what_never_started_is_asked_and_ended_in_vain():
    child = EngineClient("nowhere:nothing")
    assert (child.alive, child.pid) == (False, None)
    child.send(Abort())
    child.kill()
    await child.stop()
    assert not child.alive


async def test_messages_and_the_end_come_in_one_row():
    child = Child("nowhere", decode=decode_event)
    said = [Stopped(1, 3, 0.5), Idle(1)]
    await child._read_events(stream(*map(encode, said)), child._news)
    await child._news.put(Exited(0))
    heard = [news async for news in child.events()]
    assert heard == [*said, Exited(0)]


@pytest.mark.parametrize(
    "garbage",
    [b"hello\n", b"\xff\xfe\n", b"{\n", b'{"type":"Nobody"}\n', b"[" * 50_000 + b"\n"],
    ids=["text", "bytes", "torn", "unknown", "deep"],
)
async def test_what_is_no_message_is_noise_and_the_next_message_is_heard(garbage: bytes):
    child = Child("nowhere", decode=decode_event)
    await child._read_events(stream(garbage, encode(Idle(1))), child._news)
    news = [child._news.get_nowait() for _ in range(child._news.qsize())]
    assert [type(each) for each in news] == [Noise, Idle]


async def test_a_message_is_heard_though_something_was_written_before_it():
    child = Child("nowhere", decode=decode_event)
    await child._read_events(stream(b"hello", encode(Idle(1))), child._news)
    news = [child._news.get_nowait() for _ in range(child._news.qsize())]
    assert news == [Noise("hello", among_messages=True), Idle(1)]


async def test_the_texts_of_a_message_are_plain():
    child = Child("nowhere", decode=decode_event)
    diagnostic = Diagnostic("graph", "\x1b[2Jbad\x9b1m \ud800 [/x]")
    said = encode(Failed(diagnostic, fatal=False))
    await child._read_events(stream(said), child._news)
    (failed,) = [child._news.get_nowait()]
    assert isinstance(failed, Failed)
    assert failed.diagnostic.message == "bad \ufffd [/x]"


SESSIONS = """
import os, subprocess, sys, time
subprocess.Popen(["sleep", "60"], start_new_session={})
print("here", flush=True)
os._exit(3)
"""


async def started(source: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Child:
    (folder / "a_child.py").write_text(source)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    child = Child("a_child", decode=bytes.decode)
    await child.start()
    return child


@pytest.mark.process
@pytest.mark.parametrize("own_session", [False, True])
async def test_an_end_is_told_though_something_that_was_started_holds_the_pipes(
    own_session: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    child = await started(SESSIONS.format(own_session), tmp_path, monkeypatch)
    async with asyncio.timeout(30):
        heard = [news async for news in child.events()]
    assert heard == ["here\n", Exited(3)]


async def ended(child: Child) -> Exited:
    """The end of a child that says nothing else."""
    async with asyncio.timeout(30):
        (exited,) = [news async for news in child.events()]
    assert isinstance(exited, Exited)
    return exited


# Its first thread ends, as the kernel's record of it says; the other takes its time.
ENDS_SLOWLY = """
import ctypes, os, platform, threading, time

def end():
    while not int(open("/proc/self/stat").read().rpartition(")")[2].split()[6]) & 4:
        time.sleep(0.01)
    os.close(1)
    time.sleep(0.5)
    os._exit(3)

threading.Thread(target=end).start()
ctypes.CDLL(None).syscall({"x86_64": 60, "aarch64": 93}[platform.machine()], 0)
"""


@pytest.mark.process
@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux what becomes of a process")
async def test_a_child_that_takes_long_to_end_has_ended_for_its_own_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(parent_end, "GRACE_SECONDS", 0.1)
    child = await started(ENDS_SLOWLY, tmp_path, monkeypatch)
    async with asyncio.timeout(30):
        heard = [news async for news in child.events()]
    assert heard == [Exited(3)]


@pytest.mark.process
async def test_a_child_that_closes_its_pipe_and_lives_on_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(parent_end, "GRACE_SECONDS", 0.1)
    source = "import os, time\nos.close(1)\ntime.sleep(60)\n"
    child = await started(source, tmp_path, monkeypatch)
    exited = await ended(child)
    assert exited.cause == "it closed its pipe to the screen"


@pytest.mark.process
async def test_a_child_that_sends_more_than_can_be_read_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(parent_end, "LINE_LIMIT", 2**20)
    source = "import sys, time\nsys.stdout.write('x' * 2**22)\ntime.sleep(60)\n"
    child = await started(source, tmp_path, monkeypatch)
    exited = await ended(child)
    assert exited.cause == "it sent a message of more than 1 MiB"


@pytest.mark.process
async def test_a_child_that_is_started_again_says_nothing_of_its_life_before():
    child = Child("platform", decode=bytes.decode)
    for _ in range(2):
        await child.start()
        await child.stop()
    heard = [news async for news in child.events()]
    assert len(heard) == 2
    assert heard[1] == Exited(0)
