"""The parent's end of a child process, without the child."""

import asyncio

import pytest

from debug.protocol.messages import Abort, Idle, Stopped, decode_event, encode
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
        (-9, "killed by SIGKILL"),
        (-11, "killed by SIGSEGV"),
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


async def test_messages_noise_and_the_end_come_in_one_row():
    child = Child("nowhere", decode=decode_event)
    said = [Stopped(1, 3, 0.5), Idle(1)]
    await child._read_events(stream(*map(encode, said)), child._news)
    await child._read_noise(stream(b"a warning  \n", b"\n", b"\xff\n"), child._news)
    await child._news.put(Exited(0))
    heard = [news async for news in child.events()]
    assert heard == [*said, Noise("a warning"), Noise("\ufffd"), Exited(0)]


@pytest.mark.process
async def test_a_child_that_is_started_again_says_nothing_of_its_life_before():
    child = Child("platform", decode=bytes.decode)
    for _ in range(2):
        await child.start()
        await child.stop()
    heard = [news async for news in child.events()]
    assert len(heard) == 2
    assert heard[1] == Exited(0)
