"""What isolation shows where a device's rounding hides it in the run of the whole model."""

from pathlib import Path

import pytest
from ports import Debugger, copied, edited

from debug.engine import session as session_module
from debug.engine.corrections import HIDDEN, is_hidden
from debug.measure.products import Operands, Products
from debug.protocol.values import Divergence
from debug.protocol.verdict import Verdict

FLOOR = 1e-4
IN_THE_RUN = Divergence(Verdict.OK, rel_l2=0.08 * FLOOR, ratio=0.08)


@pytest.mark.parametrize(
    ("isolated", "hidden"),
    [
        (Divergence(Verdict.DIVERGED, rel_l2=0.08 * FLOOR, ratio=114.0), True),
        (Divergence(Verdict.DIVERGED, rel_l2=0.9, ratio=1e7), False),  # another input
        (Divergence(Verdict.WATCH, rel_l2=0.08 * FLOOR, ratio=8.0), False),
        (Divergence(Verdict.INVALID, reason="shape"), False),
    ],
)
def test_only_an_error_below_the_floor_of_the_run_is_hidden_there(
    isolated: Divergence, hidden: bool
):
    assert is_hidden(isolated, IN_THE_RUN) is hidden


def test_what_is_wrong_in_the_run_is_not_hidden():
    isolated = Divergence(Verdict.DIVERGED, rel_l2=0.08 * FLOOR, ratio=114.0)
    wrong = Divergence(Verdict.DIVERGED, rel_l2=12 * FLOOR, ratio=12.0)
    assert not is_hidden(isolated, wrong)


@pytest.mark.max
def test_a_wrong_epsilon_is_found_where_all_products_are_in_tf32(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    there = Products(matrices=Operands.ROUNDED)
    monkeypatch.setattr(session_module, "device_products", lambda *_: there)
    port = copied("gpt/port.py", tmp_path)
    debugger = Debugger(port)
    assert debugger.loaded().wrong == []
    line = "self.mlp_norm = LayerNorm(width, [device], dtype, eps=1e-5)"
    edited(tmp_path, "model.py", [(line, line.replace("1e-5", "3e-5"))])
    run = debugger.loaded().run
    culprit = run.culprit()
    assert culprit is not None
    assert run.layers[culprit].name.endswith("ln_2")
    chained = run.results[culprit].chained
    assert (chained.verdict, chained.reason) == (Verdict.DIVERGED, HIDDEN)
    finding = run.finding(culprit)
    assert finding is not None
    assert "epsilon is 3e-05, PyTorch's is 1e-05" in finding.causes[0].hypothesis
