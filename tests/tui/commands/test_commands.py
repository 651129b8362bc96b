"""What the commands print, and with which exit status."""

import json
import subprocess

import pytest
from editing import replace
from in_process import maxwhisper
from shell import maxwhisper as in_a_shell
from shell import run_python

pytestmark = pytest.mark.max


def complaint(done: subprocess.CompletedProcess[str]) -> str:
    """The one line on stderr that is no progress."""
    assert done.returncode == 2
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("maxwhisper:")]
    return line


def test_check_prints_a_row_for_every_layer_and_a_conclusion():
    done = in_a_shell("check")
    assert done.returncode == 0
    assert done.stdout.count("✓ ok") == 46
    assert "All 44 layers and 2 inputs are ok." in done.stdout


def test_check_names_the_culprit_with_its_line(encoder):
    replace(encoder, "        x = self.ln_post(x)\n", "")
    done = maxwhisper("check", "--graph", str(encoder))
    assert done.returncode == 1
    assert "First wrong: ln_post (missing)" in done.stdout
    assert "encoder.py:" in done.stdout
    assert "MAX never computes ln_post\n" in done.stdout
    said = "Why: ln_post is left out: its input goes on in place of its result"
    assert f"{said} (explains 100 %)\n" in done.stdout
    assert "PyTorch's features say: It is one five now.\nMAX's features say:" in done.stdout
    assert "MAX's features say:     It is one five now." not in done.stdout


def test_check_compares_what_probes_name_and_judges_layers_in_isolation(encoder):
    replace(encoder, "from max import nn", "from debug import probe\nfrom max import nn")
    product = "qk = (q * scale) @ (k * scale)"
    names = {"qk": "qk", "w": "qk", "qkk": "qk"}
    probes = "; ".join(f'probe("blocks.0.attn.{n}", {v})' for n, v in names.items())
    replace(encoder, product, f"{product}; {probes}")
    done = maxwhisper("check", "--graph", str(encoder), "--json", "--seconds", "6")
    assert done.returncode == 0
    right, wrong, unknown = json.loads(done.stdout)["probes"]
    assert (right["name"], right["file"]) == ("blocks.0.attn.qk", str(encoder))
    assert (right["chained"]["verdict"], right["isolated"]["verdict"]) == ("ok", "ok")
    assert wrong["chained"]["verdict"] == "diverged"
    assert wrong["note"].startswith("equals qk (line ")
    assert unknown["chained"] is None
    assert unknown["note"].startswith("blocks.0.attn has no qkk; it has x, q, k, v, qk, w")


def test_check_json_is_one_object_of_schema_1():
    done = maxwhisper("check", "--json")
    report = json.loads(done.stdout, parse_constant=pytest.fail)
    assert report["schema"] == 1
    assert report["verdict"] == "ok"
    assert report["graph"] == "core/encoder.py"
    assert (report["culprit"], report["causes"]) == (None, [])
    assert set(report["seconds"]) == {"load", "reference", "candidate"}
    layer = report["layers"][0]
    assert (layer["name"], layer["shape"]) == ("conv1", [1, 3000, 128])
    for kind in ("chained", "isolated"):
        assert layer[kind]["verdict"] == "ok"
        assert 0 < layer[kind]["rel_l2"] < 1e-6
        assert {"ratio", "max_abs", "cosine_distance"} <= set(layer[kind])
    assert {"mean", "std", "min", "max"} <= set(layer["reference"]) & set(
        layer["candidate"]
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("check", "none.wav"), "there is no file none.wav"),
        (("check", "--model", "huge"), "unknown model 'huge'"),
        (("check", "--device", "gpu"), "MAX finds no GPU"),
        (("check", "--device", "cpu", "--dtype", "float8"), "unknown dtype 'float8'"),
        (("check", "--graph", "LICENSE"), "syntax error"),
        (("check", "--graph", "core/model/dims.py"), "no max.nn.Module named AudioEncoder"),
        (("check", "--start", "soon"), "invalid float value"),
        (("check", "--engine", "guess"), "invalid choice"),
        (("nonsense",), "invalid choice"),
        ((), "required"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_bad_input_is_one_line_and_exit_status_2(arguments, says):
    done = maxwhisper(*arguments)
    assert says in complaint(done)
    assert done.stdout == ""


def test_the_dashboard_complains_of_its_arguments_in_one_line():
    done = run_python("-m", "tui.dashboard", "--engine", "guess")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "invalid choice: 'guess'" in done.stderr


def test_bad_input_with_json_is_an_object_on_stdout():
    done = maxwhisper("check", "--json", "none.wav")
    error = json.loads(done.stdout)["error"]
    assert error["kind"] == "audio"
    assert error["message"] in complaint(done)


def test_doctor_finds_what_it_needs_and_says_so():
    done = in_a_shell("doctor", "--json")  # a process that has loaded no kernel yet
    findings = {f["name"]: f for f in json.loads(done.stdout)["findings"]}
    assert done.returncode == 0
    assert {"python", "torch", "max", "devices", "interpreter", "model", "audio"} <= set(
        findings
    )
    assert findings["interpreter"]["detail"].endswith("compiled")


def test_doctor_reads_well():
    done = maxwhisper("doctor")
    assert "✓  max" in done.stdout


def test_warm_leaves_nothing_to_compile():
    assert maxwhisper("warm", "--seconds", "6").returncode == 0
    assert "compiling" not in in_a_shell("warm", "--seconds", "6").stderr
