"""Bugs that a port of Whisper really meets, planted in copies of the encoder."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from editing import replace
from in_process import maxwhisper
from sessions import run_all
from shell import ROOT

from core.practice.bases import BASES
from debug.engine.session import Session
from debug.protocol.messages import Message, Open
from debug.results.run import Run
from tui.commands.check import exit_status
from tui.commands.check_json import report
from tui.settings import SUBJECT

pytestmark = pytest.mark.max

LINEAR = "        y = x @ self.weight.T\n"
ATTENTION = "return self.out(self.qkv_attention(q, k, v))"
LOOP = "            x = block(x)  # pyright: ignore[reportAssignmentType]\n"
RESIDUAL = "        x = x + self.attn(self.attn_ln(x))\n"


@dataclass(frozen=True)
class Bug:
    name: str
    edits: tuple[tuple[str, str], ...]
    culprit: str
    faults: tuple[str, ...] = ()
    """What is wrong by itself."""


def every(part: str) -> tuple[str, ...]:
    """A part in every block."""
    return tuple(f"blocks.{number}{part}" for number in range(4))


BUGS = [
    Bug("no ln_post", (("        x = self.ln_post(x)\n", ""),), "ln_post", ("ln_post",)),
    Bug(
        "scale d**-0.5 on q and k",
        (("d_head**-0.25", "d_head**-0.5"),),
        "blocks.0.attn",
        every(".attn"),
    ),
    Bug(
        "GELU by tanh",
        (
            ("ops.gelu(self.conv1(x))", "ops.gelu(self.conv1(x), 'tanh')"),
            ("ops.gelu(self.conv2(x))", "ops.gelu(self.conv2(x), 'tanh')"),
            ("return ops.gelu(x)", "return ops.gelu(x, 'tanh')"),
        ),
        "encoder",
        (*every(""), "encoder"),
    ),
    Bug(
        "epsilon 1e-3",
        (("epsilon=1e-5", "epsilon=1e-3"),),
        "blocks.0.attn_ln",
        (*every(".attn_ln"), *every(".mlp_ln"), "ln_post"),
    ),
    Bug(
        "query and key swapped",
        (
            ("q = self.query(x)", "q = self.key(x)"),
            ("k = self.key(x)", "k = self.query(x)"),
        ),
        "blocks.0.attn",
        every(".attn"),
    ),
    Bug(
        "query and key weights swapped",
        (
            ("q = self.query(x)", "q = self.query(x, self.key.weight)"),
            ("k = self.key(x)", "k = self.key(x, self.query.weight)"),
            (
                "    def __call__(self, x: TensorValue) -> TensorValue:\n" + LINEAR,
                "    def __call__(self, x: TensorValue, other=None) -> TensorValue:\n"
                "        y = x @ (self.weight if other is None else other).T\n",
            ),
        ),
        "blocks.0.attn.query",
        (*every(".attn.query"), *every(".attn.key")),
    ),
    Bug(
        "no position table",
        (("(wide + self.positional_embedding)", "(wide + self.positional_embedding * 0)"),),
        "encoder",
        ("encoder",),
    ),
    Bug(
        "conv2 padding 0, then cut",
        (
            (
                "        x = ops.pad(x, [0, 0, 1, 1, 0, 0])",
                "        late = int(self.stride == 2)\n"
                "        x = ops.pad(x, [0, 0, 1 - late, 1 + late, 0, 0])",
            ),
        ),
        "conv2",
        ("conv2",),
    ),
    Bug(
        "softmax over the wrong axis",
        (("axis=-1", "axis=-2"),),
        "blocks.0.attn",
        every(".attn"),
    ),
    Bug(
        "residual left out in block 1",
        (
            (LOOP, "            x = block(x, block is self.blocks[1])\n"),
            (
                "    def __call__(self, x: TensorValue) -> TensorValue:\n" + RESIDUAL,
                "    def __call__(self, x: TensorValue, bare=False) -> TensorValue:\n"
                "        y = self.attn(self.attn_ln(x))\n"
                "        x = y if bare else x + y\n",
            ),
        ),
        "blocks.1",
        ("blocks.1",),
    ),
    Bug(
        "value bias dropped in block 2",
        (
            (
                "        self.ln_post = LayerNorm(n_state, dtype, device)\n",
                "        self.ln_post = LayerNorm(n_state, dtype, device)\n"
                "        self.blocks[2].attn.value.silent = True\n",
            ),
            (
                "        return y if self.bias is None else y + self.bias\n",
                "        if self.bias is None or getattr(self, 'silent', False):\n"
                "            return y\n"
                "        return y + self.bias\n",
            ),
        ),
        "blocks.2.attn.value",
        ("blocks.2.attn.value",),
    ),
    Bug(
        "a mel of its own, in decibels",
        (
            (
                "class LayerNorm(nn.Module):",
                "def log_mel_spectrogram(samples, n_mels):\n"
                "    from whisper.audio import log_mel_spectrogram\n"
                "    return log_mel_spectrogram(samples, n_mels) * 40 - 40\n\n\n"
                "class LayerNorm(nn.Module):",
            ),
        ),
        "mel",
    ),
]


class Checked:
    """What ``maxwhisper check`` says of one source after another: PyTorch's side, which is
    always the same, runs once."""

    def __init__(self, graph: Path) -> None:
        self._run = Run()
        command = Open({"graph": str(graph), "seconds": 6.0}, watch=False)
        self._session = Session.open(SUBJECT, command, self._apply)

    def _apply(self, event: Message) -> None:
        self._run.apply(cast(Any, event))

    def again(self) -> tuple[int, dict[str, Any]]:
        """The exit status and the object of ``--json``."""
        self._session.load()
        run_all(self._session)
        while not self._session.settled:
            self._session.go_on()
        found = json.dumps(report(self._run), allow_nan=False)
        return exit_status(self._run), json.loads(found)


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("planted") / "encoder.py"


@pytest.fixture(scope="module")
def checked(graph: Path) -> Checked:
    shutil.copy(BASES["encoder"], graph)
    return Checked(graph)


@pytest.fixture
def broken(graph: Path) -> Path:
    """The encoder that the session reads, as it is shipped, to break."""
    return Path(shutil.copy(BASES["encoder"], graph))


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_check_names_the_first_wrong_layer(checked, broken, bug):
    for old, new in bug.edits:
        replace(broken, old, new)
    status, report = checked.again()
    assert status == 1
    assert report["culprit"]["layer"] == bug.culprit
    assert report["verdict"] == "diverged"
    assert set(report["faults"]) == set(bug.faults)
    itself = bug.culprit in bug.faults
    if itself:
        best = report["causes"][0]
        assert best["explains"] > 0.999
        assert best["ratio"] <= 4
        assert report["culprit"]["line"] is not None
    assert report["culprit"]["kind"] == ("isolated" if itself else "chained")


def test_check_names_the_operation_that_makes_the_first_nan(checked, broken):
    replace(broken, "return ops.gelu(x)", "return ops.log(x)")
    status, report = checked.again()
    assert (status, report["verdict"]) == (1, "invalid")
    assert report["culprit"]["op"] == "log"
    line = broken.read_text().splitlines()[report["culprit"]["line"] - 1]
    assert line.strip() == "return ops.log(x)"
    assert "log makes the first NaN or Inf" in report["causes"][0]["hypothesis"]


@pytest.mark.parametrize(
    ("model", "clip", "seconds"),
    [
        ("micro", "speech.flac", 30),
        ("micro", "silence.wav", 30),
        ("micro", "sweep.wav", 30),
        ("random:tiny", "speech.flac", 30),
        ("random:tiny", "silence.wav", 6),
        ("random:tiny", "sweep.wav", 6),
    ],
)
def test_the_shipped_encoder_is_ok_in_every_layer_on_every_clip(model, clip, seconds):
    audio = str(ROOT / "audio_samples" / clip)
    window = "--seconds", str(seconds)
    done = maxwhisper("check", "--json", audio, "--model", model, *window)
    status, report = done.returncode, json.loads(done.stdout)
    kinds = "chained", "isolated"
    wrong = [(x, k) for x in report["layers"] for k in kinds if x[k]["verdict"] != "ok"]
    assert (status, report["verdict"], report["culprit"], wrong) == (0, "ok", None, [])
    assert len(report["layers"]) == 44
    assert [row["name"] for row in report["inputs"]] == ["audio", "mel"]
