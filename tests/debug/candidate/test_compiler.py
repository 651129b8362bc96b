"""The compiled graph, on a subject so small that it compiles in half a minute."""

import pytest
from conversation import ready
from editing import replace

from debug.protocol.messages import ComparedWithoutTaps, Idle
from debug.protocol.values import Mode
from debug.protocol.verdict import Verdict

pytestmark = [pytest.mark.max, pytest.mark.asyncio(loop_scope="module")]


async def test_the_compiled_graph_agrees_with_the_interpreter(own_engine, toy_graph):
    async with ready(own_engine, toy_graph, Mode.COMPILE) as talk:
        compiled = await talk.run_to(3)
    async with ready(own_engine, toy_graph) as talk:
        interpreted = await talk.run_to(3)
    assert [r.chained.verdict for r in compiled] == [Verdict.OK] * 4
    for one, other in zip(compiled, interpreted, strict=True):
        assert one.candidate is not None
        assert other.candidate is not None
        assert one.candidate.shape == other.candidate.shape
        assert one.chained.rel_l2 == pytest.approx(other.chained.rel_l2, abs=2e-7)


async def test_the_compiled_graph_sees_the_same_bug(own_engine, toy_graph):
    replace(toy_graph, "ops.gelu(x)", "ops.relu(x)")
    async with ready(own_engine, toy_graph, Mode.COMPILE) as talk:
        verdicts = [r.chained.verdict for r in await talk.run_to(3)]
    assert verdicts == [Verdict.OK, Verdict.OK, Verdict.DIVERGED, Verdict.DIVERGED]


async def test_looking_at_the_layers_changes_nothing_but_rounding(own_engine, toy_graph):
    async with ready(own_engine, toy_graph, Mode.COMPILE) as talk:
        await talk.run_to(3)
        await talk.wait(Idle)
        (without_taps,) = (
            news for news in talk.heard if isinstance(news, ComparedWithoutTaps)
        )
    assert without_taps.divergence.verdict is Verdict.OK
    assert without_taps.from_tapped is not None
    assert without_taps.from_tapped < 1e-6
    assert without_taps.from_interpreted is not None
    assert without_taps.from_interpreted < 1e-6
