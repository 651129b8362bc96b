"""Whisper as a subject of the debugger."""

from pathlib import Path

from core.whisper import open_subject
from debug.reference.both_runs import run_reference
from debug.subject import Options


def test_every_layer_has_openais_line_that_calls_it():
    truths = run_reference(open_subject(Options()), "float32")
    calls = {
        "mlp.0": "self.mlp(self.mlp_ln(x))",
        "mlp.2": "self.mlp(self.mlp_ln(x))",
        "encoder": "def forward(self, x: Tensor)",
    }
    for name, truth in truths.items():
        if name in ("audio", "mel"):
            assert truth.place is None
            continue
        part = name.removeprefix("blocks.")[2:] if name.startswith("blocks.") else name
        call = calls.get(part, f"self.{part.split('.')[-1]}(" if part else "block(x)")
        assert truth.place is not None
        assert Path(truth.place.path).name == "model.py"
        source = Path(truth.place.path).read_text().splitlines()
        assert call in source[truth.place.line - 1], name
