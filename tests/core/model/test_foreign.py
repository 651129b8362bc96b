"""What is no Whisper that can be opened is named, with what to take instead."""

import sys
from pathlib import Path

import pytest
import torch

from core.model.checkpoint import load_checkpoint
from debug.protocol.diagnostic import Problem


def problem_of(name: Path | str) -> str:
    with pytest.raises(Problem) as raised:
        load_checkpoint(str(name))
    message = str(raised.value.diagnostic)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "an empty folder"),
        ({"notes.txt": b""}, "a folder without weights"),
        ({"config.json": b"{}"}, "a config.json and no weights"),
        ({"tokenizer.json": b"{}", "vocab.json": b"{}"}, "a tokenizer and no weights"),
        ({"adapter_config.json": b"{}"}, "a LoRA adapter: merge it first"),
        (
            {"adapter_config.json": b'{"base_model_name_or_path": "openai/whisper-tiny"}'},
            "a LoRA adapter: merge it into openai/whisper-tiny first",
        ),
        ({"model.bin": b"", "vocabulary.json": b"[]"}, "CTranslate2"),
        ({"config.json": b'{"suppress_ids": []}', "model.bin": b""}, "faster-whisper"),
        ({"config.json": b'{"n_mels": 80}', "weights.npz": b""}, "MLX"),
        ({"flax_model.msgpack": b""}, "Flax"),
        ({"tf_model.h5": b""}, "TensorFlow"),
        ({"encoder.onnx": b""}, "ONNX"),
        ({"ggml-tiny.bin": b""}, "whisper.cpp"),
        ({"a.pt": b"", "b.pt": b""}, "a.pt, b.pt: give one of them"),
    ],
)
def test_a_folder_of_something_else_is_named(tmp_path, files, says):
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    assert says in problem_of(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("tiny.gguf", b"GGUF\x03", "GGUF"),
        ("ggml-tiny.bin", b"lmgg\x00", "whisper.cpp"),
        ("model.onnx", b"\x08\x07", "ONNX"),
        (
            "model.safetensors",
            b"version https://git-lfs.github.com/spec/v1",
            "git lfs pull",
        ),
        ("model.bin", b"<!DOCTYPE html>", "a web page"),
        ("model.safetensors", b"", "no whole safetensors file"),
    ],
)
def test_a_file_of_another_program_is_named(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    assert says in problem_of(tmp_path / name)


@pytest.mark.parametrize(
    ("tensors", "says"),
    [
        ({"base_model.encoder.layers.0.self_attn.q_proj.lora_A.weight": 0.0}, "merge it"),
        ({"model.encoder.layers.0.fc1.qweight": 0.0}, "quantised"),
        ({"model.encoder.conv1.weight": 1}, "quantised"),
        ({"bert.embeddings.weight": 0.0}, "no Whisper checkpoint: it holds bert"),
        ({"encoder.conv1.weight": 0.0, "encoder.conv2.weight": 0.0}, "without a decoder"),
        (
            {f"{part}.weight": 0.0 for part in ("conv1", "conv2", "x.decoder.y")},
            "lacks the tensor encoder.conv1.weight",
        ),
    ],
)
def test_tensors_of_something_else_are_named(tmp_path, tensors, says):
    state = {name: torch.tensor(value).reshape(1) for name, value in tensors.items()}
    torch.save(state, tmp_path / "other.pt")
    assert says in problem_of(tmp_path / "other.pt")


def test_without_the_extra_its_command_is_said(tmp_path, monkeypatch):
    (tmp_path / "model.safetensors").write_bytes(b"")
    for package in ("safetensors", "huggingface_hub"):
        monkeypatch.setitem(sys.modules, package, None)
    for name in (tmp_path / "model.safetensors", "owner/name"):
        assert "pip install 'maxwhisper-tui[hf]'" in problem_of(name)
