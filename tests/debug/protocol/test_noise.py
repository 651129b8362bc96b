"""How much of what a child prints is passed on."""

import asyncio
import os
import threading
from contextlib import suppress

from debug.protocol.noise import LINE_LIMIT, LINES, Noise, read_noise


async def heard(*pieces: bytes) -> list[str]:
    read, write = os.pipe()

    def print_all() -> None:
        with open(write, "wb", buffering=0) as file:
            for piece in pieces:
                file.write(piece)

    threading.Thread(target=print_all).start()
    texts: list[Noise] = []
    await read_noise(read, texts.append)
    return [each.text for each in texts]


async def test_every_line_is_heard_while_there_is_room_for_it():
    assert await heard(b"one\ntwo  \n\n\xff\nthr", b"ee") == [
        "one",
        "two",
        "\ufffd",
        "three",
    ]


async def test_of_a_flood_the_first_and_the_last_lines_are_heard_and_the_rest_is_counted():
    count = 100_000
    texts = await heard(b"".join(b"line %d\n" % number for number in range(count)))
    assert texts[0] == "line 0"
    assert texts[-1] == f"line {count - 1}"
    assert sum("more lines" in text for text in texts) >= 1
    assert len(texts) < count / 10
    left_out = sum(int(t.split()[1].replace(",", "")) for t in texts if "more lines" in t)
    assert left_out + sum(text.startswith("line") for text in texts) == count


async def test_a_flood_that_has_stopped_is_told_though_nothing_follows():
    read, write = os.pipe()
    texts: list[Noise] = []
    reading = asyncio.create_task(read_noise(read, texts.append))
    os.write(write, b"x\n" * 3 * LINES)
    async with asyncio.timeout(10):
        while len(texts) <= 2 * LINES:
            await asyncio.sleep(0.01)
    assert texts[LINES] == Noise(f"… {LINES} more lines")
    reading.cancel()
    with suppress(asyncio.CancelledError):
        await reading
    os.close(write)


async def test_a_flood_is_read_while_the_loop_has_other_things_to_do():
    read, write = os.pipe()
    texts: list[Noise] = []
    reading = asyncio.create_task(read_noise(read, texts.append))
    await asyncio.sleep(0)
    with open(write, "wb", buffering=0) as file:  # would wait, if the loop had to read
        file.write(b"x" * 100 * 2**20)
        file.write(b"\nthe last line")
    await reading
    assert texts[-1] == Noise("the last line")
    assert len(texts) < 1000


async def test_of_long_lines_there_is_room_for_fewer():
    texts = await heard(b"".join(b"%d %s\n" % (n, b"x" * 5000) for n in range(1000)))
    assert texts[0].startswith("0 x")
    assert texts[-1].startswith("999 x")
    shown = [text for text in texts if "more lines" not in text]
    left_out = sum(int(t.split()[1].replace(",", "")) for t in texts if "more lines" in t)
    assert left_out + len(shown) == 1000
    assert len(shown) < 200


async def test_a_line_without_an_end_is_cut():
    texts = await heard(b"x" * 3_000_000)
    lines = [text for text in texts if "more lines" not in text]
    assert {len(line) for line in lines} == {LINE_LIMIT}


async def test_of_a_bar_that_was_drawn_over_and_over_the_last_state_is_heard():
    assert await heard(b"\r 10%\r 50%\r100%\n") == ["100%"]


async def test_a_line_is_plain():
    assert await heard(b"\x1b[31mred\x1b[0m \x1b]0;title\x07\xc2\x9b2J\x07\n") == ["red ␇"]
