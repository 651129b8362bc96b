"""Models with Hugging Face's names: made here with its own library, never downloaded."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import WhisperConfig, WhisperForConditionalGeneration

from core.model.checkpoint import load_checkpoint
from core.model.dims import tensor_shapes
from core.model.naming import HUGGING_FACE, MODULAR, naming_of
from debug.protocol.diagnostic import Problem


@pytest.fixture(scope="module")
def model() -> WhisperForConditionalGeneration:
    torch.manual_seed(0)
    config = WhisperConfig(
        d_model=64,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_layers=2,
        decoder_layers=1,
        encoder_ffn_dim=256,
        decoder_ffn_dim=256,
        vocab_size=100,
        pad_token_id=0,
        bos_token_id=0,
        eos_token_id=0,
        decoder_start_token_id=0,
    )
    return WhisperForConditionalGeneration(config).eval()


@pytest.fixture
def folder(tmp_path: Path, model: WhisperForConditionalGeneration) -> Path:
    path = tmp_path / "whisper-mini"
    model.save_pretrained(path)
    return path


def problem_of(name: Path | str) -> str:
    with pytest.raises(Problem) as raised:
        load_checkpoint(str(name))
    message = str(raised.value.diagnostic)
    assert "\n" not in message
    return message


def same(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> bool:
    return first.keys() == second.keys() and all(
        torch.equal(first[name], second[name]) for name in first
    )


def edit(path: Path, **settings: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **settings}))


def test_a_folder_gives_the_numbers_that_hugging_faces_own_code_gives(folder, model):
    checkpoint = load_checkpoint(str(folder))
    assert checkpoint.title == "whisper-mini"
    ours = checkpoint.build()
    mel, tokens = torch.randn(1, 80, 3000), torch.tensor([[1, 7, 3]])
    with torch.no_grad():
        theirs = model(input_features=mel, decoder_input_ids=tokens)
        features = ours.encoder(mel)
        logits = ours.logits(tokens, features)
    assert (features - theirs.encoder_last_hidden_state).abs().max() < 1e-5
    assert (logits - theirs.logits).abs().max() < 1e-5


def test_every_name_of_openais_is_translated_there_and_back(model):
    dims = load_checkpoint("micro").dims
    theirs = {HUGGING_FACE.of(name): name for name in tensor_shapes(dims)}
    assert all(HUGGING_FACE.openais(name) == ours for name, ours in theirs.items())
    encoder = [n.removeprefix("encoder.") for n in tensor_shapes(dims) if "encoder." in n]
    assert naming_of([MODULAR.of(name) for name in encoder], encoder) is MODULAR


@pytest.mark.parametrize("file", ["model.safetensors", "mine.safetensors", "mine.pt"])
def test_a_file_with_its_config_beside_it_is_the_folders_model(folder, file):
    whole = load_checkpoint(str(folder))
    tensors = load_file(folder / "model.safetensors")
    if file.endswith(".pt"):
        torch.save(tensors, folder / file)
    else:
        save_file(tensors, folder / file)
    checkpoint = load_checkpoint(str(folder / file))
    assert checkpoint.dims == whole.dims
    assert same(checkpoint.state, whole.state)


def test_without_a_config_the_heads_are_assumed_and_that_is_said(folder, tmp_path):
    (folder / "model.safetensors").rename(tmp_path / "lone.safetensors")
    checkpoint = load_checkpoint(str(tmp_path / "lone.safetensors"))
    assert checkpoint.title == "lone (1 heads assumed)"
    assert (checkpoint.dims.n_audio_layer, checkpoint.dims.n_text_layer) == (2, 1)


def test_shards_are_one_model(folder, model):
    whole = load_checkpoint(str(folder))
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder, max_shard_size="200KB")
    assert (folder / "model.safetensors.index.json").is_file()
    assert same(load_checkpoint(str(folder)).state, whole.state)
    shard = min(folder.glob("model-*.safetensors"))
    shard.unlink()
    message = problem_of(folder)
    assert shard.name in message
    assert "download it" in message


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_widened_and_nothing_else(folder, dtype):
    tensors = load_file(folder / "model.safetensors")
    half = {name: tensor.to(dtype) for name, tensor in tensors.items()}
    save_file(half, folder / "model.safetensors")
    weight = load_checkpoint(str(folder)).encoder_state()["blocks.0.attn.query.weight"]
    assert weight.dtype == torch.float32
    assert torch.equal(
        weight, half["model.encoder.layers.0.self_attn.q_proj.weight"].float()
    )


def test_pytorchs_own_file_in_a_folder_is_read_too(folder):
    whole = load_checkpoint(str(folder))
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    assert same(load_checkpoint(str(folder)).state, whole.state)


def test_what_a_trainer_puts_before_the_names_does_not_matter(folder):
    tensors = load_file(folder / "model.safetensors")
    wrapped = {f"module.{name}": tensor for name, tensor in tensors.items()}
    torch.save({"state_dict": wrapped}, folder / "trained.pt")
    whole = load_checkpoint(str(folder))
    assert same(load_checkpoint(str(folder / "trained.pt")).state, whole.state)


def test_a_bare_state_dict_of_openais_has_its_sizes_from_its_shapes(folder, tmp_path):
    state = dict(load_checkpoint(str(folder)).state)
    torch.save(state, tmp_path / "bare.pt")
    checkpoint = load_checkpoint(str(tmp_path / "bare.pt"))
    assert checkpoint.title == "bare (1 heads assumed)"
    assert same(checkpoint.state, state)


def test_a_last_layer_of_its_own_is_refused_and_a_copy_of_the_embedding_is_not(folder):
    tensors = load_file(folder / "model.safetensors")
    tokens = tensors["model.decoder.embed_tokens.weight"]
    torch.save({**tensors, "proj_out.weight": tokens.clone()}, folder / "copy.pt")
    load_checkpoint(str(folder / "copy.pt"))
    torch.save({**tensors, "proj_out.weight": tokens + 1}, folder / "own.pt")
    assert "tie the two" in problem_of(folder / "own.pt")


def test_words_are_timed_by_the_heads_that_the_settings_name(folder):
    (folder / "generation_config.json").write_text('{"alignment_heads": [[0, 3]]}')
    heads = load_checkpoint(str(folder)).build().alignment_heads
    assert isinstance(heads, Tensor)
    assert heads.to_dense().tolist() == [[False, False, False, True]]
    (folder / "generation_config.json").write_text('{"alignment_heads": [[7, 3]]}')
    assert "alignment_heads" in problem_of(folder)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"model_type": "bert"}, "a model of the type bert: give a Whisper"),
        ({"quantization_config": {"quant_method": "gptq"}}, "quantised (gptq)"),
        ({"num_mel_bins": 64}, "80 or 128 mels"),
        ({"max_source_positions": 750}, "1500 positions"),
        ({"d_model": None}, "d_model in the config.json"),
        ({"encoder_attention_heads": 7}, "7 heads"),
        ({"activation_function": "relu"}, "activation_function 'relu'"),
        ({"encoder_layers": 3}, "lacks the tensor encoder.blocks.2"),
    ],
)
def test_a_config_that_can_not_be_is_said_in_one_line(folder, settings, says):
    edit(folder / "config.json", **settings)
    assert says in problem_of(folder)


def test_a_file_that_breaks_off_is_to_be_downloaded_again(folder):
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1000])
    message = problem_of(folder)
    assert "no whole safetensors file" in message
    assert "download it again" in message


def test_a_config_that_is_no_json_is_a_problem(folder):
    (folder / "config.json").write_text("{")
    assert "config.json in" in problem_of(folder)
