"""``check`` on a candidate that can't run to its end: what comes before that is shown."""

import json
from pathlib import Path

import pytest
from editing import replace
from in_process import maxwhisper
from port_files import write_port

from debug.candidate import max_dispatch, max_internals

pytestmark = pytest.mark.max

CALL = "return self.second(ops.gelu(self.first(x)))"
RAISES = "x = self.first(x)\n        raise ValueError('stop')"
CHOICE = """\
x = self.first(x)
        true = ops.constant(True, DType.bool, x.device)
        x = ops.cond(true, [x.type], lambda: ops.gelu(x), lambda: x)[0]
        return self.second(x)"""


def line_of(path: Path, text: str) -> int:
    lines = path.read_text().splitlines()
    return 1 + next(number for number, line in enumerate(lines) if text in line)


def test_layers_before_one_that_raises_are_in_the_table(tmp_path: Path):
    path = write_port(tmp_path, (CALL, RAISES))
    done = maxwhisper("check", str(path))
    assert done.returncode == 2
    assert "✓ ok     grow" in done.stdout
    assert "1 layer and 1 input are ok." in done.stdout
    line = line_of(path, "raise ValueError")
    assert f"my_port.py:{line}: model can't run: ValueError: stop" in done.stderr
    assert "✗" not in done.stdout
    assert "--engine" not in done.stderr


def test_the_rows_before_an_operation_that_cant_run_are_in_the_json(
    tmp_path: Path, no_lone_kernels: None
):
    path = write_port(tmp_path, (CALL, CHOICE))
    done = maxwhisper("check", str(path), "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 2
    assert [row["name"] for row in found["inputs"] + found["layers"]] == ["x", "grow"]
    assert found["layers"][0]["isolated"]["verdict"] == "ok"
    error = found["error"]
    assert Path(error["file"]).name == "my_port.py"
    assert error["line"] == line_of(path, "ops.cond(")
    assert "use --engine compile" in error["message"]


def test_an_operation_that_fails_while_it_runs_is_placed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    dispatch = max_dispatch.dispatch

    def fails(op, slots):
        if "gelu" in max_internals.text(op):
            raise RuntimeError("no memory")
        return dispatch(op, slots)

    monkeypatch.setattr(max_dispatch, "dispatch", fails)
    path = write_port(tmp_path)
    done = maxwhisper("check", str(path))
    assert done.returncode == 2
    assert "✓ ok     grow" in done.stdout
    line = line_of(path, "ops.gelu")
    where = f"my_port.py:{line}: shrink can't run: gelu failed: RuntimeError: no memory"
    assert f"{where}; --engine compile may run it" in done.stderr


def test_whispers_layers_before_one_that_raises_are_in_the_table(encoder: Path):
    replace(encoder, "x = self.ln_post(x)", "raise ValueError('stop')")
    done = maxwhisper("check", "--graph", str(encoder), "--seconds", "6")
    assert done.returncode == 2
    assert "✓ ok     blocks.3 " in done.stdout
    assert "encoder.py" in done.stderr
    assert "ln_post can't run: ValueError: stop" in done.stderr
