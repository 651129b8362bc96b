"""What only a GPU can show. Without one these tests are left out, and say so."""

import json
from functools import cache

import pytest
from shell import run_python

pytestmark = pytest.mark.gpu


@cache
def gpus() -> int:
    """Asked of MAX in a process of its own."""
    code = "from max.driver import accelerator_count; print(accelerator_count())"
    return int(run_python("-c", code).stdout.split()[-1])


@pytest.fixture(autouse=True)
def _needs_a_gpu() -> None:
    if gpus() == 0:
        pytest.skip("MAX finds no GPU on this machine")


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_every_layer_is_ok_on_the_gpu(dtype: str):
    arguments = ("check", "--device", "gpu", "--dtype", dtype, "--json")
    report = json.loads(run_python("-m", "tui.commands", *arguments).stdout)
    wrong = [row["name"] for row in report["layers"] if row["chained"]["verdict"] != "ok"]
    assert (report["device"], report["dtype"], wrong) == ("gpu 0", dtype, [])


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_max_on_the_gpu_says_what_pytorch_on_the_cpu_does(dtype: str):
    said = []
    for options in (["--backend", "cpu"], ["--backend", "max", "--dtype", dtype]):
        arguments = ("transcribe", *options, "--temperature", "0", "--json")
        heard = json.loads(run_python("-m", "tui.commands", *arguments).stdout)
        said.append(heard["text"])
    assert said[0] == said[1]


def test_the_gpu_backend_transcribes_in_half_precision():
    arguments = ("transcribe", "--backend", "gpu", "--temperature", "0", "--json")
    heard = json.loads(run_python("-m", "tui.commands", *arguments).stdout)
    assert heard["dtype"] == "float16"
    assert heard["memory"]["device"] > 0
