"""The real engine process on the example of two layers."""

import asyncio
import os
import signal

import pytest
from conversation import Conversation, end, opened, ready
from editing import replace, save_by_renaming

from debug.protocol.messages import (
    Failed,
    Loaded,
    Open,
    Opened,
    Reading,
    RunAgain,
    SourceSaved,
    Spoiled,
    Stopped,
)
from debug.protocol.parent_end import EngineClient, Exited, Noise
from debug.protocol.values import Mode
from debug.protocol.verdict import Verdict
from debug.results.last_words import last_place

pytestmark = [pytest.mark.max, pytest.mark.asyncio(loop_scope="module")]


async def test_a_step_computes_one_layer_and_nothing_after_it(own_engine, toy_graph):
    async with ready(own_engine, toy_graph) as talk:
        assert [r.index for r in await talk.run_to(0)] == [0]
        assert [r.index for r in await talk.run_to(1)] == [1]
        rest = await talk.run_to(3)
        assert [r.index for r in rest] == [2, 3]
        assert all(r.chained.verdict is Verdict.OK for r in rest)


async def test_a_layer_that_raises_on_the_device_stops_those_before_it_from_nothing(
    engine,
    toy_graph,
):
    """A later layer that can't run must not keep an earlier one from being computed."""
    replace(toy_graph, "return self.shrink(x)", "return self.shrink(x * 0 / 0)")
    async with ready(engine, toy_graph) as talk:
        results = await talk.run_to(3)
        verdicts = [r.chained.verdict for r in results]
        assert verdicts == [Verdict.OK, Verdict.OK, Verdict.INVALID, Verdict.INVALID]


async def test_a_save_reloads_and_runs_as_far_as_before(engine, toy_graph):
    async with ready(engine, toy_graph) as talk:
        await talk.run_to(2)
        save_by_renaming(toy_graph, toy_graph.read_text().replace("gelu(x)", "relu(x)"))
        await talk.wait(SourceSaved)
        results = await talk.results()
        assert [r.index for r in results] == [0, 1, 2]
        assert results[2].chained.verdict is Verdict.DIVERGED
        assert all(r.generation == 2 for r in results)


async def test_what_an_edit_does_not_touch_is_not_computed_again(engine, toy_graph):
    async with ready(engine, toy_graph) as talk:
        await talk.run_to(3)
        replace(toy_graph, "gelu(x)", "relu(x)")
        by_index = {r.index: r for r in await talk.results()}
        assert by_index[1].reused
        assert not by_index[2].reused
        replace(toy_graph, "relu(x)", "gelu(x)")
        restored = await talk.results()
        assert all(r.reused for r in restored if r.index > 0)
        assert all(r.chained.verdict is Verdict.OK for r in restored)


async def test_a_save_of_an_imported_file_reloads_too(engine, toy_graph):
    parts = toy_graph.with_name("parts.py")
    parts.write_text("FACTOR = 1.0\n")
    text = toy_graph.read_text().replace("ops.gelu(x)", "ops.gelu(x) * FACTOR")
    toy_graph.write_text("from parts import FACTOR\n" + text)
    async with ready(engine, toy_graph) as talk:
        assert all(r.chained.verdict is Verdict.OK for r in await talk.run_to(3))
        save_by_renaming(parts, "FACTOR = 1.5\n")
        assert (await talk.results())[2].chained.verdict is Verdict.DIVERGED


async def test_an_unchanged_save_is_ignored(engine, toy_graph):
    async with ready(engine, toy_graph) as talk:
        await talk.run_to(3)
        toy_graph.write_text(toy_graph.read_text())
        replace(toy_graph, "gelu(x)", "relu(x)")
        await talk.wait(Stopped)
        assert sum(isinstance(news, SourceSaved) for news in talk.heard) == 1


@pytest.mark.parametrize(
    ("old", "new", "says", "line"),
    [
        ("x = ops.gelu(x)", "x = ops.gelu(x", "syntax error", "gelu"),
        ("x = ops.gelu(x)", "raise ValueError('stop')", "ValueError: stop", "raise"),
        ("x = ops.gelu(x)", "raise KeyboardInterrupt", "KeyboardInterrupt", "raise"),
        ("x = ops.gelu(x)", "raise BaseException('[/x]')", "[/x]", "raise"),
        ("x = ops.gelu(x)", "raise ValueError(chr(0xD800))", "ValueError", "raise"),
        ("x = ops.gelu(x)", "x = x.reshape((3, 5))", "reshape", "reshape"),
        ("return self.shrink(x)", "pass", "returned no tensor", "def __call__"),
        ("(n_out, n_in)", "(n_in, n_out)", "shape", ""),
    ],
    ids=[
        *("syntax", "exception", "interrupt", "base", "surrogate", "shape"),
        *("no tensor", "weight"),
    ],
)
async def test_a_bad_save_is_placed_and_the_next_good_one_clears_it(
    engine, toy_graph, old, new, says, line
):
    good = toy_graph.read_text()
    async with ready(engine, toy_graph) as talk:
        await talk.run_to(3)
        replace(toy_graph, old, new)
        failed = await talk.wait(Failed)
        diagnostic = failed.diagnostic
        assert not failed.fatal
        assert says in str(diagnostic)
        if line:
            lines = toy_graph.read_text().splitlines()
            assert line in lines[(diagnostic.line or 0) - 1]
        save_by_renaming(toy_graph, good)
        assert len(await talk.results()) == 4


async def test_the_latest_of_quick_saves_wins(engine, toy_graph):
    good = toy_graph.read_text()
    async with ready(engine, toy_graph) as talk:
        await talk.run_to(3)
        for factor in ("2", "3", "4", "1.0 + 0.0"):
            save_by_renaming(
                toy_graph, good.replace("ops.gelu(x)", f"ops.gelu(x) * {factor}")
            )
        while True:
            results = await talk.results()
            if results and results[-1].chained.verdict is Verdict.OK:
                break


async def test_a_candidate_that_is_bad_from_the_start_can_be_mended(own_engine, toy_graph):
    good = toy_graph.read_text()
    toy_graph.write_text("x = (")
    async with opened(own_engine, toy_graph) as talk:
        failed = await talk.wait(Failed)
        assert not failed.fatal
        toy_graph.write_text(good)
        await talk.wait(Loaded)
        await talk.wait(Stopped)
        assert len(await talk.run_to(3)) == 4


async def test_what_the_source_prints_does_not_tear_the_protocol(engine, toy_graph):
    replace(toy_graph, "x = self.grow(x)", "print('hello'); x = self.grow(x)")
    async with ready(engine, toy_graph) as talk:
        assert len(await talk.run_to(3)) == 4
        assert Noise("hello") in talk.heard


async def test_running_again_reads_the_source_and_computes_nothing_twice(engine, toy_graph):
    async with ready(engine, toy_graph) as talk:
        await talk.run_to(3)
        talk.engine.send(RunAgain(3))
        assert [r.reused for r in await talk.results()] == [False, True, True, True]


async def test_a_layer_that_is_nowhere_is_missing(engine, toy_graph):
    replace(toy_graph, "x = self.grow(x)", "x = ops.concat([x, x], axis=-1)")
    async with ready(engine, toy_graph) as talk:
        verdicts = [r.chained.verdict for r in await talk.run_to(3)]
        wrong = [Verdict.DIVERGED] * 2
        assert verdicts == [Verdict.OK, Verdict.MISSING, *wrong]


async def test_a_layer_that_is_wrong_is_wrong_by_itself_and_what_it_feeds_is_not(
    engine, toy_graph
):
    doubled = "self.bias * (2 if int(x.shape[-1]) == 8 else 1)"
    replace(toy_graph, "+ self.bias", f"+ {doubled}")
    async with ready(engine, toy_graph) as talk:
        chained = [r.chained.verdict for r in await talk.run_to(3)]
        isolated = await talk.isolated()
    assert chained == [Verdict.OK, *[Verdict.DIVERGED] * 3]
    assert isolated[1].verdict is isolated[3].verdict is Verdict.DIVERGED
    assert isolated[2].verdict is Verdict.OK


async def test_a_bug_between_two_layers_is_in_neither_of_them(engine, toy_graph):
    replace(toy_graph, "ops.gelu(x)", "ops.relu(x)")
    async with ready(engine, toy_graph) as talk:
        chained = [r.chained.verdict for r in await talk.run_to(3)]
        isolated = await talk.isolated()
    assert chained == [Verdict.OK, Verdict.OK, Verdict.DIVERGED, Verdict.DIVERGED]
    assert isolated[1].verdict is isolated[2].verdict is Verdict.OK
    assert isolated[3].verdict is Verdict.DIVERGED


async def test_steps_isolate_no_layer_that_was_not_computed(engine, toy_graph):
    async with ready(engine, toy_graph) as talk:
        await talk.run_to(1)
        assert list(await talk.isolated()) == [1]
        await talk.run_to(2)
        assert list(await talk.isolated()) == [2]


async def test_a_layer_that_joins_batch_and_positions_is_right_all_the_same(
    engine, toy_graph
):
    flat = "x = self.grow(x.reshape((6, 8))).reshape((1, 6, 16))"
    replace(toy_graph, "x = self.grow(x)", flat)
    async with ready(engine, toy_graph) as talk:
        await talk.run_to(3)
        isolated = await talk.isolated()
    assert isolated[1].verdict is isolated[2].verdict is Verdict.OK


async def test_the_compiled_graph_runs_no_layer_alone(engine, toy_graph):
    async with ready(engine, toy_graph, Mode.COMPILE) as talk:
        await talk.run_to(3)
        assert await talk.isolated() == {}


async def test_the_reference_is_known_before_the_candidate_is_built(own_engine, toy_graph):
    async with opened(own_engine, toy_graph) as talk:
        (event,) = talk.heard
        assert isinstance(event, Opened)
        assert [layer.name for layer in event.layers] == [
            "noise",
            "grow",
            "shrink",
            "network",
        ]
        await talk.wait(Loaded)


async def test_a_killed_engine_says_how_it_ended(own_engine, toy_graph):
    async with ready(own_engine, toy_graph) as talk:
        assert talk.engine.pid is not None
        os.kill(talk.engine.pid, signal.SIGKILL)
        exited = await talk.wait(Exited)
        assert exited.cause == "killed by SIGKILL"
        assert not talk.engine.alive


async def test_what_ends_the_engine_was_announced_and_is_placed_in_its_last_words(
    own_engine, toy_graph
):
    async with ready(own_engine, toy_graph) as talk:
        replace(toy_graph, "x = ops.gelu(x)", "import ctypes; ctypes.string_at(0)")
        reading = await talk.wait(Reading)
        assert str(toy_graph) in reading.files
        assert (await talk.wait(Exited)).cause == "killed by SIGSEGV"
        said = [news.text for news in talk.heard if isinstance(news, Noise)]
        place = last_place(said, reading.files)
        assert place is not None
        assert "ctypes" in toy_graph.read_text().splitlines()[place.line - 1]


async def test_an_engine_that_hangs_says_where(own_engine, toy_graph):
    async with ready(own_engine, toy_graph) as talk:
        loop = "while True: print('x' * 1000)"
        replace(toy_graph, "x = ops.gelu(x)", loop)
        reading = await talk.wait(Reading)
        await asyncio.sleep(0.5)
        await talk.engine.stop_short()
        await talk.wait(Exited)
        said = [news.text for news in talk.heard if isinstance(news, Noise)]
        place = last_place(said, reading.files)
        assert place is not None
        assert loop in toy_graph.read_text().splitlines()[place.line - 1]


async def test_a_process_that_is_spoiled_ends_and_the_next_waits_for_a_save(
    own_engine, toy_graph
):
    good = toy_graph.read_text()
    async with ready(own_engine, toy_graph) as talk:
        text = "import os; os.closerange(3, 64); x = ops.gelu(x)"
        replace(toy_graph, "x = ops.gelu(x)", text)
        reading = await talk.wait(Reading)
        assert "descriptors" in (await talk.wait(Spoiled)).what[0]
        await talk.wait(Exited)
    await own_engine.start()
    talk = Conversation(own_engine)
    options = {"graph": str(toy_graph)}
    own_engine.send(Open(options, known=reading.files, wait=True))
    opened = asyncio.ensure_future(talk.wait(Opened))
    await asyncio.wait([opened], timeout=1)
    assert not opened.done()
    save_by_renaming(toy_graph, good)
    await opened
    await talk.wait(Stopped)


async def test_a_source_that_is_gone_is_said_and_welcome_back(engine, toy_graph):
    good = toy_graph.read_text()
    async with ready(engine, toy_graph) as talk:
        await talk.run_to(3)
        toy_graph.unlink()
        failed = await talk.wait(Failed)
        assert "save it again" in str(failed.diagnostic)
        toy_graph.write_text(good)
        assert len(await talk.results()) == 4


async def test_an_engine_ends_with_its_screen(own_engine, toy_graph):
    async with ready(own_engine, toy_graph) as talk:
        await talk.engine.stop()
        assert (await talk.wait(Exited)).code in (0, -signal.SIGKILL)


async def test_a_subject_that_does_not_exist_is_a_problem_in_one_line():
    engine = EngineClient("nowhere:open_subject")
    await engine.start()
    engine.send(Open({}))
    try:
        failed = await Conversation(engine).wait(Failed)
        assert failed.fatal
        assert "there is no subject nowhere:open_subject" in str(failed.diagnostic)
    finally:
        await end(engine)
