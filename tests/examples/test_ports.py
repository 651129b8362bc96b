"""Modular's own modules beside Hugging Face's, as port files open them."""

import pytest
from shell import ROOT

from debug.engine.session import Session
from debug.protocol.messages import Open
from debug.protocol.verdict import Verdict
from debug.results.run import Run

pytest.importorskip("transformers")

pytestmark = [pytest.mark.max, pytest.mark.timeout(1800)]  # 15 kernels more than Whisper's


@pytest.mark.parametrize("name", ["mpnet", "mpnet_v3"])
def test_every_layer_is_ok_chained_and_alone(name: str):
    run = Run()
    port = ROOT / "examples" / f"{name}.py"
    options = Open({"port": str(port), "device": "cpu"}, watch=False)
    session = Session.open("debug.port.subject:open_port", options, run.apply)  # pyright: ignore[reportArgumentType]
    session.load()
    for _ in session.names:
        session.advance()
    while not session.settled:
        session.go_on()
    verdicts = {run.layers[i].name: e.chained.verdict for i, e in run.results.items()}
    assert len(verdicts) == 48
    assert set(verdicts.values()) == {Verdict.OK}
    alone = [each.divergence.verdict for each in run.isolated_events.values()]
    assert len(alone) >= 45
    assert set(alone) == {Verdict.OK}
    assert run.aligned is not None
    assert run.doubts == []
    assert [each for each in run.aligned.unpaired if not each.of_reference] == []
