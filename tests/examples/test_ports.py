"""The example ports: nothing of them is wrong, and no layer lacks its counterpart."""

import pytest
from ports import EXAMPLES, debugged

pytestmark = [pytest.mark.max, pytest.mark.timeout(1800)]  # kernels, compiled once

ALIGNED = {
    "bert.py": 49,
    "mpnet.py": 46,
    "mpnet_v3.py": 46,
    "whisper_modular.py": 24,
    "gpt/port.py": 19,
    "llama/port.py": 27,
    "t5/port.py": 66,
    "unet/port.py": 45,
    "conv/port.py": 6,
}
"""How many layers each has on both sides, with the model itself."""


@pytest.mark.parametrize("example", ALIGNED)
def test_every_layer_of_an_example_is_ok_and_has_its_counterpart(example: str):
    found = debugged(EXAMPLES / example)
    assert found.wrong == []
    assert len(found.aligned.pairs) == ALIGNED[example]
    assert found.aligned.doubts == []
    assert found.run.all_findings() == []
    isolated = len(found.run.isolated_events)
    assert isolated == ALIGNED[example]
