"""The shapes of a port besides openai's: Hugging Face's names, and Modular's class."""

from pathlib import Path

import pytest
import torch
from editing import replace
from max import nn
from max.driver import CPU
from max.dtype import DType
from renamed_encoder import EMBEDDING, with_hugging_faces_names

from core.model.argument import takes_frames_first
from core.model.checkpoint import load_checkpoint
from core.model.dims import dimensions
from core.model.port import make_module, state_for
from core.model.weights import POSITIONS, unrounded_table
from core.whisper import WhisperSubject, open_subject
from debug.candidate.source import load_source
from debug.candidate.trace import Traced, build
from debug.protocol.diagnostic import Problem
from debug.subject import Candidate, Options

MODULARS = """\
from max.pipelines.architectures.whisper.encoder import WhisperEncoder as Modulars


class WhisperEncoder(Modulars):
    def __init__(self, huggingface_config, dtype, device):
        huggingface_config.n_heads = huggingface_config.encoder_attention_heads
        super().__init__(huggingface_config, dtype, device)
"""


@pytest.fixture
def renamed(encoder: Path) -> Path:
    return with_hugging_faces_names(encoder)


@pytest.fixture
def without_table(renamed: Path) -> Path:
    replace(renamed, EMBEDDING, "self.positions = sinusoids(n_ctx, n_state).numpy()")
    replace(renamed, "wide = x.cast(self.embed_positions.weight.dtype)", "wide = x")
    constant = "ops.constant(self.positions, x.dtype, x.device)"
    replace(renamed, "(wide + self.embed_positions.weight)", f"(wide + {constant})")
    replace(
        renamed,
        "from max import nn\n",
        "from whisper.model import sinusoids\nfrom max import nn\n",
    )
    return renamed


@pytest.fixture
def modulars(tmp_path: Path) -> Path:
    (tmp_path / "port.py").write_text(MODULARS)
    return tmp_path / "port.py"


def opened(graph: Path) -> WhisperSubject:
    return open_subject(Options({"device": "cpu", "graph": str(graph)}))


def traced(graph: Path) -> tuple[WhisperSubject, Candidate, Traced]:
    subject = opened(graph)
    source = load_source(graph)
    return subject, *build(subject, source, subject.layers, with_inputs=True)


def problem_of(graph: Path) -> tuple[str, str]:
    """What is said, and the source line that it is said of."""
    with pytest.raises(Problem) as raised:
        traced(graph)
    found = raised.value.diagnostic
    assert found.path is not None
    lines = Path(found.path).read_text().splitlines()
    return str(found), lines[(found.line or 1) - 1].strip()


@pytest.mark.parametrize("name", ["AudioEncoder", "WhisperEncoder"])
def test_a_port_with_hugging_faces_names_has_openais_rows(renamed, name):
    replace(renamed, "class AudioEncoder", f"class {name}")
    subject, candidate, graph = traced(renamed)
    assert set(graph.layers) == {layer.name for layer in subject.layers}
    assert candidate.names["blocks.1.attn.query"] == "layers.1.self_attn.q_proj"
    assert candidate.names["blocks.1.mlp.2"] == "layers.1.fc2"
    assert "conv1" not in candidate.names
    assert len(candidate.weights) == 67


def test_modulars_class_has_openais_rows_and_openais_argument(modulars):
    subject, candidate, graph = traced(modulars)
    assert set(graph.layers) == {layer.name for layer in subject.layers}
    assert candidate.names["blocks.0.attn.out"] == "layers.0.attention.wo"
    assert list(graph.inputs["encoder"].shape) == [1, 80, 3000]
    assert list(graph.inputs["conv1"].shape) == [1, 3000, 80]
    assert Path(graph.places["encoder"].path).name == "encoder.py"


def test_modulars_own_file_fails_at_the_line_that_is_wrong():
    import max.pipelines.architectures.whisper.encoder as modulars

    message, line = problem_of(Path(modulars.__file__ or ""))
    assert "has no attribute 'n_heads'" in message
    assert line == "self.n_heads = huggingface_config.n_heads"


def test_a_subclass_that_permutes_its_argument_itself_is_left_alone(modulars):
    text = modulars.read_text()
    body = "return super().__call__(x.permute([0, 2, 1]))"
    modulars.write_text(f"{text}\n    def __call__(self, x):\n        {body}\n")
    _, candidate, graph = traced(modulars)
    assert list(graph.inputs["encoder"].shape) == [1, 80, 3000]
    assert type(candidate.module).__mro__[1].__name__ == "WhisperEncoder"
    assert type(candidate.module).__module__.startswith("candidate_")


def test_which_way_round_the_argument_goes_is_tried(renamed):
    dims = dimensions("micro")
    assert dims is not None
    source = load_source(renamed).module
    kind = DType.float32, CPU()
    weights = traced(renamed)[1].weights

    def make() -> nn.Module:
        module = make_module(source, renamed, dims, *kind)
        module.load_state_dict(weights)
        return module

    assert not takes_frames_first(make, dims, *kind, usually=True)
    replace(renamed, "ops.permute(x, [0, 2, 1])  # (batch, n_frames, n_mels)", "x  # ")
    source = load_source(renamed).module
    assert takes_frames_first(make, dims, *kind, usually=False)


def test_a_weight_with_another_name_is_to_have_hugging_faces(renamed):
    replace(renamed, "self.q_proj = ", "self.queries = ")
    message, line = problem_of(renamed)
    assert "layers.0.self_attn.queries.weight" in message
    assert "as Hugging Face does" in message
    assert "self.weight = Weight(" in line


def test_a_weight_of_maxs_own_module_is_named_where_the_module_is_made(renamed):
    replace(renamed, EMBEDDING, EMBEDDING.replace("n_ctx", "n_ctx + 1"))
    message, line = problem_of(renamed)
    assert "embed_positions.weight as [1501, 128]" in message
    assert line == EMBEDDING.replace("n_ctx", "n_ctx + 1")


def test_openais_layout_of_a_convolution_is_taken_too(renamed):
    replace(renamed, "(3, n_in, n_out)", "(n_out, n_in, 3)")
    replace(renamed, "@ self.weight[tap]", "@ self.weight[:, :, tap].T")
    weights = traced(renamed)[1].weights
    assert tuple(weights["conv1.weight"].shape) == (128, 80, 3)


def test_a_port_that_computes_the_table_needs_no_weight_for_it(without_table):
    subject, candidate, graph = traced(without_table)
    assert "embed_positions.weight" not in candidate.weights
    assert set(graph.layers) == {layer.name for layer in subject.layers}


def test_pytorch_then_has_the_table_unrounded_too(without_table):
    rounded = load_checkpoint("micro").encoder_state()[POSITIONS]
    table = opened(without_table).weights("encoder")[POSITIONS]
    assert not torch.equal(table, rounded)
    exact = unrounded_table(rounded)
    assert exact is not None
    assert torch.equal(table, exact)


def test_a_table_that_is_kept_is_the_checkpoints(renamed):
    rounded = load_checkpoint("micro").encoder_state()[POSITIONS]
    assert torch.equal(opened(renamed).weights("encoder")[POSITIONS], rounded)


def test_a_table_that_goes_while_the_port_is_open_means_to_start_again(without_table):
    source = load_source(without_table).module
    checkpoint = load_checkpoint("micro")
    state = checkpoint.encoder_state()
    subject = opened(without_table)
    subject._state = state
    with pytest.raises(Problem, match="start again"):
        subject.candidate(source)
    kind = DType.float32, CPU()
    found = state_for(source, without_table, checkpoint.dims, state, *kind)
    assert not torch.equal(found[POSITIONS], state[POSITIONS])


def test_a_table_that_was_learned_can_not_be_computed(without_table):
    subject = opened(without_table)
    table = subject._state[POSITIONS]
    subject._state = {**subject._state, POSITIONS: table + 0.01}
    with pytest.raises(Problem, match="is not the sinusoids: declare it"):
        subject.candidate(load_source(without_table).module)
    assert unrounded_table(table.bfloat16().float()) is not None
    assert unrounded_table(table[:, :3]) is None
