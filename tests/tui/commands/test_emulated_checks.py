"""``check`` on the CPU in precisions that MAX's interpreter has on GPUs only."""

import json
from pathlib import Path

import pytest
from in_process import maxwhisper
from port_files import TEXT, write_edited

pytestmark = pytest.mark.max

GELU = "ops.gelu(self.first(x))"


def port(folder: Path, *edits: tuple[str, str]) -> Path:
    """The port of two layers in whatever precision is asked for."""
    lines = [
        line if "Weight(" in line else line.replace("device)", "device, dtype)")
        for line in TEXT.splitlines()
    ]
    text = "\n".join(lines).replace("DType.float32", "dtype")
    return write_edited(folder, text, *edits)


def checked(path: Path, *arguments: str) -> dict:
    return json.loads(maxwhisper("check", str(path), *arguments, "--json").stdout)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_a_healthy_port_is_ok_and_said_to_be_emulated(tmp_path: Path, dtype: str):
    found = checked(port(tmp_path), "--dtype", dtype)
    assert (found["verdict"], found["dtype"], found["emulated"]) == ("ok", dtype, [dtype])
    assert {row["candidate"]["dtype"] for row in found["layers"]} == {dtype}
    assert max(row["chained"]["rel_l2"] for row in found["layers"]) > 1e-5
    assert all(row["isolated"]["verdict"] == "ok" for row in found["layers"])


def test_the_table_says_so_first(tmp_path: Path):
    done = maxwhisper("check", str(port(tmp_path)), "--dtype", "float16")
    assert done.returncode == 0
    assert "on cpu in float16 (emulated), x," in done.stdout


def test_in_float32_nothing_is_emulated(tmp_path: Path):
    path = port(tmp_path)
    assert checked(path)["emulated"] == []
    assert "emulated" not in maxwhisper("check", str(path)).stdout


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_one_step_in_fewer_bits_is_found_at_its_line(tmp_path: Path, dtype: str):
    narrow = f"ops.gelu(self.first(x).cast(DType.{dtype})).cast(x.dtype)"
    path = port(tmp_path, (GELU, narrow))
    found = checked(path)
    assert (found["verdict"], found["dtype"], found["emulated"]) == (
        "diverged",
        "float32",
        [dtype],
    )
    culprit = found["culprit"]
    assert culprit["layer"] == "model"
    assert path.read_text().splitlines()[culprit["line"] - 1].strip().endswith(f"{narrow})")
    assert found["causes"][0]["hypothesis"] == f"gelu in {dtype}"


def test_a_step_in_eight_bits_runs_too(tmp_path: Path):
    narrow = "ops.gelu(self.first(x).cast(DType.float8_e4m3fn).cast(x.dtype))"
    found = checked(port(tmp_path, (GELU, narrow)))
    assert (found["error"], found["emulated"]) == (None, ["float8_e4m3fn"])
    assert found["culprit"]["layer"] == "model"


def test_a_layer_that_overflows_is_named_and_no_other(tmp_path: Path):
    large = ("reference=seeded_network(),", "reference=large(),")
    made = """\
def large():
    network = seeded_network()
    with torch.no_grad():
        network.grow.weight *= 300
        network.shrink.weight *= 30000
    return network


def port() -> Port:"""
    path = port(tmp_path, large, ("def port() -> Port:", made))
    assert checked(path, "--dtype", "bfloat16")["verdict"] == "ok"
    found = checked(path, "--dtype", "float16")
    rows = {row["name"]: row for row in found["layers"]}
    assert rows["grow"]["chained"]["verdict"] == "ok"
    assert "NaN or Inf" in rows["shrink"]["chained"]["reason"]
    assert found["culprit"]["layer"] == "shrink"
    assert "matmul" in found["culprit"]["op"]
    assert "float16 ends at 65,504" in found["causes"][0]["hypothesis"]


def test_nan_that_a_mask_brings_along_is_found_where_it_is_made(tmp_path: Path):
    """The lowest float32 is minus infinity in float16, and zero times that is NaN."""
    mask = "one = ops.constant(1.0, x.dtype, x.device)\n        mask = (one - one) * -3e38"
    masked = "return self.second(ops.gelu(self.first(x)) + mask)"
    path = port(tmp_path, (f"return self.second({GELU})", f"{mask}\n        {masked}"))
    found = checked(path, "--dtype", "float16")
    line = found["culprit"]["line"]
    assert path.read_text().splitlines()[line - 1].strip().startswith("mask =")
    assert found["culprit"]["op"] == "mul"
