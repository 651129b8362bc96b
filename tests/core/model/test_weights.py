import types

import pytest
import torch
from editing import replace
from max.driver import CPU
from max.dtype import DType

from core.model.weights import to_buffer, to_max_layout
from core.whisper import WhisperSubject, layer_names, open_subject
from debug.candidate.source import load_source
from debug.protocol.diagnostic import Problem
from debug.subject import Options


@pytest.fixture(scope="module")
def subject() -> WhisperSubject:
    return open_subject(Options({"device": "cpu"}))


def refusal(subject: WhisperSubject, encoder) -> tuple[str, str]:
    """What is said, and the source line that it is said of."""
    with pytest.raises(Problem) as raised:
        subject.candidate(load_source(encoder).module)
    diagnostic = raised.value.diagnostic
    assert (diagnostic.kind, diagnostic.path) == ("weights", str(encoder))
    return str(diagnostic), encoder.read_text().splitlines()[(diagnostic.line or 0) - 1]


def test_only_convolutions_change_their_layout():
    conv = torch.arange(2 * 5 * 3.0).reshape(2, 5, 3)
    moved = to_max_layout("conv1.weight", conv)
    assert moved.shape == (3, 5, 2)
    assert moved[1, 4, 0] == conv[0, 4, 1]
    linear = torch.zeros(4, 2)
    assert to_max_layout("blocks.0.attn.query.weight", linear) is linear


@pytest.mark.parametrize("dtype", [DType.float32, DType.float64, DType.float16])
def test_a_weight_arrives_in_the_precision_that_is_asked_for(dtype):
    buffer = to_buffer("ln_post.bias", torch.ones(3), dtype, [3], CPU())
    assert (buffer.dtype, buffer.shape) == (dtype, (3,))


def test_every_tensor_of_the_encoder_is_accounted_for(subject, encoder):
    candidate = subject.candidate(load_source(encoder).module)
    assert len(candidate.weights) == 67


def test_a_weight_keeps_its_buffer_over_reloads(subject, encoder):
    first = subject.candidate(load_source(encoder).module).weights
    second = subject.candidate(load_source(encoder).module).weights
    assert all(first[name] is second[name] for name in first)


def test_a_weight_that_the_checkpoint_lacks_is_named_at_its_line(subject, encoder):
    replace(encoder, "self.ln_post =", "self.norm =")
    replace(encoder, "self.ln_post(x)", "self.norm(x)")
    message, line = refusal(subject, encoder)
    assert "declares the weight norm.weight, the checkpoint has none" in message
    assert "self.weight = Weight(" in line


def test_a_weight_that_is_left_out_is_named_where_it_should_be(subject, encoder):
    replace(encoder, "self.out = Linear(n_state, n_state, dtype, device)", "pass")
    message, line = refusal(subject, encoder)
    assert "leaves 8 of the checkpoint's weights out: blocks.0.attn.out.weight" in message
    assert line.strip().startswith("def __init__(self, n_state: int, n_head: int")


def test_a_weight_of_the_encoder_itself_is_named_at_its_line(subject, encoder):
    encoder.write_text(encoder.read_text().replace("positional_embedding", "positions"))
    message, line = refusal(subject, encoder)
    assert "declares the weight positions, the checkpoint has none" in message
    assert "self.positions = Weight(" in line


def test_a_weight_of_another_shape_is_named_with_both_shapes_at_its_line(subject, encoder):
    replace(encoder, "(3, n_in, n_out)", "(3, n_out, n_in)")
    message, line = refusal(subject, encoder)
    assert "conv1.weight as [3, 128, 80], the checkpoint has [3, 80, 128]" in message
    assert "(3, n_out, n_in)" in line


def test_a_file_without_an_encoder_is_a_problem(subject):
    with pytest.raises(Problem, match="named AudioEncoder"):
        subject.candidate(types.ModuleType("empty"))


def test_the_layers_are_in_order_of_computation():
    names = [layer.name for layer in layer_names(4, 6)]
    assert len(names) == 44
    assert names[:3] == ["conv1", "conv2", "blocks.0.attn_ln"]
    assert names[-2:] == ["ln_post", "encoder"]
    for block in range(4):
        part = [name for name in names if name.startswith(f"blocks.{block}")]
        assert part[-1] == f"blocks.{block}"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"device": "tpu"}, "choose auto, cpu or gpu"),
        ({"device": "cpu", "dtype": "int8"}, "choose float32, float64, float16, bfloat16"),
        ({"device": "cpu", "graph": "/nowhere/encoder.py"}, "there is no file"),
        ({"device": "cpu", "audio": "/nowhere/clip.wav"}, "there is no file"),
        ({"device": "cpu", "start": 100}, "lies outside the clip"),
    ],
)
def test_options_that_can_not_be_are_a_problem_that_says_what_can(options, says):
    with pytest.raises(Problem) as raised:
        open_subject(Options(options))
    assert says in str(raised.value.diagnostic)
