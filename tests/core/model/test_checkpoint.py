import urllib.error
import urllib.request
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
import whisper
from whisper.model import ModelDimensions

from core.model.checkpoint import MICRO, cached_file, load_checkpoint
from core.model.dims import dimensions, tensor_shapes
from core.model.random_weights import random_state
from debug.protocol.diagnostic import Problem

SMALL = ModelDimensions(80, 1500, 64, 1, 1, 100, 16, 64, 1, 1)


def problem_of(name: str) -> str:
    with pytest.raises(Problem) as raised:
        load_checkpoint(name)
    message = str(raised.value.diagnostic)
    assert "\n" not in message
    return message


@pytest.fixture
def contents() -> dict:
    return {"dims": asdict(SMALL), "model_state_dict": random_state(SMALL)}


@pytest.fixture
def file(tmp_path: Path, contents: dict) -> Path:
    path = tmp_path / "mine.pt"
    torch.save(contents, path)
    return path


@pytest.mark.parametrize("name", whisper.available_models())
def test_every_official_name_has_a_size(name):
    dims = dimensions(name)
    assert dims is not None
    assert dims.n_audio_state == dims.n_audio_head * 64
    assert dims.n_vocab == (
        51864 if name.endswith(".en") else 51866 if dims.n_mels == 128 else 51865
    )


def test_an_unknown_name_has_no_size():
    assert dimensions("huge") is None
    assert dimensions("micro.en") is None


def test_the_encoder_of_tiny_has_67_tensors():
    dims = dimensions("tiny")
    assert dims is not None
    names = [name for name in tensor_shapes(dims) if name.startswith("encoder.")]
    assert len(names) == 67


def test_a_file_in_openais_format_loads_as_whisper_would_load_it(file):
    checkpoint = load_checkpoint(str(file))
    model = whisper.load_model(str(file), device="cpu")
    assert checkpoint.dims == model.dims == SMALL
    assert checkpoint.title == "mine"
    for name, tensor in model.encoder.state_dict().items():
        assert torch.equal(checkpoint.encoder_state()[name], tensor)


def test_a_file_in_half_precision_is_widened(tmp_path, contents):
    state = contents["model_state_dict"]
    contents["model_state_dict"] = {name: tensor.half() for name, tensor in state.items()}
    torch.save(contents, tmp_path / "half.pt")
    encoder = load_checkpoint(str(tmp_path / "half.pt")).encoder_state()
    assert {tensor.dtype for tensor in encoder.values()} == {torch.float32}


def test_a_file_may_say_what_it_holds(tmp_path, contents):
    torch.save({**contents, "note": "synthetic speech"}, tmp_path / "own.pt")
    assert load_checkpoint(str(tmp_path / "own.pt")).title == "own (synthetic speech)"


def test_micro_is_a_small_checkpoint_in_float16_that_says_what_it_was_trained_on():
    checkpoint = load_checkpoint("micro")
    assert checkpoint.title == "micro (synthetic speech)"
    assert checkpoint.dims == dimensions("micro")
    assert {tensor.dtype for tensor in checkpoint.state.values()} == {torch.float16}
    assert MICRO.stat().st_size < 16e6


def test_random_weights_are_the_same_every_time_and_loadable_by_whisper():
    first, second = random_state(SMALL), random_state(SMALL)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(
        first["encoder.conv1.bias"], random_state(SMALL, 1)["encoder.conv1.bias"]
    )
    whisper.model.Whisper(SMALL).load_state_dict(first)


def test_random_weights_have_gains_and_loud_channels_like_a_trained_models():
    state = load_checkpoint("random:tiny").state
    gains = state["encoder.blocks.0.attn_ln.weight"]
    assert 0.1 < gains.std() < 0.5
    bias = state["encoder.blocks.1.mlp.2.bias"].abs()
    assert bias.max() > 10 * bias.median()
    assert bias.argmax() in state["encoder.blocks.2.mlp.2.bias"].abs().topk(3).indices


def test_random_weights_are_drawn_from_a_seed():
    first, again, other = (
        load_checkpoint(name).state["encoder.conv1.weight"]
        for name in ("random:micro", "random:micro:0", "random:micro:1")
    )
    assert (first == again).all()
    assert not (first == other).any()
    assert "seed" in problem_of("random:micro:x")


@pytest.mark.parametrize("name", ["huge", "random:huge", "random:"])
def test_an_unknown_model_names_those_that_are_known(name):
    message = problem_of(name)
    assert "unknown" in message
    assert "large-v3" in message


def test_a_file_that_is_not_there_is_a_problem(tmp_path):
    assert "there is no file" in problem_of(str(tmp_path / "none.pt"))


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"PK\x03\x04broken"])
def test_a_file_that_is_no_checkpoint_is_a_problem(tmp_path, content):
    path = tmp_path / "bad.pt"
    path.write_bytes(content)
    assert "bad.pt" in problem_of(str(path))


def test_a_truncated_checkpoint_is_a_problem(file):
    file.write_bytes(file.read_bytes()[:5000])
    assert "mine.pt" in problem_of(str(file))


def test_a_file_of_something_else_is_a_problem(tmp_path, contents):
    del contents["model_state_dict"]
    torch.save(contents, tmp_path / "other.pt")
    assert "is no Whisper checkpoint" in problem_of(str(tmp_path / "other.pt"))


def test_dims_that_are_not_openais_are_a_problem(tmp_path, contents):
    contents["dims"] = {"layers": 4}
    torch.save(contents, tmp_path / "other.pt")
    assert "its dims are not openai's" in problem_of(str(tmp_path / "other.pt"))


def test_a_file_that_would_run_code_is_refused(tmp_path):
    torch.save(Path("x"), tmp_path / "code.pt")
    assert "code.pt" in problem_of(str(tmp_path / "code.pt"))


def test_a_tensor_that_does_not_fit_its_dims_is_named(tmp_path, contents):
    contents["model_state_dict"]["encoder.conv2.weight"] = torch.zeros(64, 64, 5)
    torch.save(contents, tmp_path / "bent.pt")
    message = problem_of(str(tmp_path / "bent.pt"))
    assert "encoder.conv2.weight" in message
    assert "[64, 64, 5]" in message


def test_a_tensor_that_is_missing_is_named(tmp_path, contents):
    del contents["model_state_dict"]["encoder.ln_post.bias"]
    torch.save(contents, tmp_path / "short.pt")
    assert "encoder.ln_post.bias" in problem_of(str(tmp_path / "short.pt"))


def test_a_tensor_that_no_whisper_has_is_named(tmp_path, contents):
    contents["model_state_dict"]["encoder.extra.weight"] = torch.zeros(3)
    torch.save(contents, tmp_path / "more.pt")
    assert "encoder.extra.weight" in problem_of(str(tmp_path / "more.pt"))


def test_dims_that_no_whisper_has_are_a_problem(tmp_path, contents):
    contents["dims"]["n_mels"] = 64
    torch.save(contents, tmp_path / "odd.pt")
    assert "80 or 128 mels" in problem_of(str(tmp_path / "odd.pt"))


def test_without_network_the_message_says_where_to_put_the_file(tmp_path, monkeypatch):
    def no_network(*_: object) -> None:
        raise urllib.error.URLError("no route to host")

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(urllib.request, "urlopen", no_network)
    message = problem_of("tiny.en")
    assert "can't download tiny.en (no route to host)" in message
    assert str(cached_file("tiny.en")) in message
    assert str(tmp_path) in message
    assert "--model micro" in message
    assert not cached_file("tiny.en").exists()
