"""What else a file or a folder is, where it is no Whisper that can be opened here.

Whisper is passed on in a dozen forms. Whoever gives one of those that hold no plain
weights has not made a typing error, so "no checkpoint" is no answer: each is named, with
what to take instead.
"""

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from debug.protocol.diagnostic import cut

PLAIN = "take the Hugging Face model that it was made from"
_CTRANSLATE2 = f"a CTranslate2 model for faster-whisper: {PLAIN}"

_BEGINNINGS = {
    b"GGUF": f"a GGUF file of llama.cpp's kind: {PLAIN}",
    b"lmgg": f"a ggml file for whisper.cpp: {PLAIN}",
    b"\x89HDF": f"a file of TensorFlow's: {PLAIN}, with PyTorch's weights",
    b"version https://git-lfs": "a pointer of Git LFS without the file: run git lfs pull",
    b"<!DOCTYPE": "a web page: download the file itself",
    b"<html": "a web page: download the file itself",
}
_ENDINGS = {
    ".onnx": f"an ONNX model: {PLAIN}",
    ".msgpack": f"weights for Flax: {PLAIN}, with PyTorch's weights",
    ".h5": f"weights for TensorFlow: {PLAIN}, with PyTorch's weights",
    ".gguf": f"a GGUF file of llama.cpp's kind: {PLAIN}",
    ".npz": f"a model for MLX: {PLAIN}",
    ".mlmodelc": f"a model for Core ML: {PLAIN}",
    ".mlpackage": f"a model for Core ML: {PLAIN}",
    ".engine": f"a model for TensorRT: {PLAIN}",
    ".ckpt": "a checkpoint of a trainer: save model.state_dict() as a .pt file",
}
_QUANTISED = re.compile(r"\.(qweight|qzeros|SCB|absmax|quant_map|weight_scale)\b")


def adapter(config: Mapping[str, Any]) -> str:
    """What a folder with an ``adapter_config.json`` is."""
    kind = cut(str(config.get("peft_type") or "LORA"), 80).upper().replace("LORA", "LoRA")
    base = config.get("base_model_name_or_path")
    into = f" into {cut(str(base), 80)}" if base else ""
    return f"a {kind} adapter: merge it{into} first (merge_and_unload of peft)"


def foreign_file(path: Path) -> str | None:
    """What a file is by its first bytes or its ending, if it is none that can be read."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        start = file.read(32)
    for beginning, what in _BEGINNINGS.items():
        if start.startswith(beginning):
            return what
    return _ENDINGS.get(path.suffix)


def foreign_folder(folder: Path) -> str:
    """What a folder is that has no weights of Hugging Face's or openai's."""
    names = sorted(each.name for each in folder.iterdir())
    if "model.bin" in names:  # CTranslate2's one name
        return _CTRANSLATE2
    if not names:
        return "an empty folder: put config.json and model.safetensors into it"
    for name in names:
        ending = Path(name).suffix
        if ending in _ENDINGS:
            return _ENDINGS[ending]
        if re.match(r"ggml.*\.bin$", name):
            return _BEGINNINGS[b"lmgg"]
    weights = "add model.safetensors"
    if any(name.startswith(("tokenizer", "vocab")) for name in names):
        return f"a folder with a tokenizer and no weights: {weights}"
    if "config.json" in names:
        return f"a folder with a config.json and no weights: {weights}"
    return f"a folder without weights: {weights} and config.json, or give a file"


def foreign_config(config: Mapping[str, Any]) -> str | None:
    """What a model is by its ``config.json``, if it is no Whisper with plain weights."""
    kind = config.get("model_type")
    if kind == "whisper" and (quantised := config.get("quantization_config")):
        method = quantised.get("quant_method") if isinstance(quantised, dict) else None
        return f"quantised ({cut(str(method or 'no method named'), 80)}): {PLAIN}"
    if "suppress_ids" in config:
        return _CTRANSLATE2
    if "n_mels" in config or "n_audio_state" in config:
        return f"a model for MLX: {PLAIN}"
    if kind is not None and kind != "whisper":
        return f"a model of the type {cut(str(kind), 80)}: give a Whisper"
    return None


def foreign_tensors(state: Mapping[str, Any]) -> str | None:
    """What tensors are by their names and types, if they are no plain Whisper's."""
    if any("lora_" in name for name in state):
        return adapter({})
    tensors = {name: each for name, each in state.items() if isinstance(each, Tensor)}
    for name, tensor in tensors.items():
        whole = not tensor.is_floating_point() and not tensor.is_complex()
        if _QUANTISED.search(name) or whole:
            kind = str(tensor.dtype).removeprefix("torch.")
            return f"quantised ({cut(name, 80)} is {kind}): {PLAIN}"
    if not _is_whisper(tensors):
        names = ", ".join(cut(name, 80) for name in [*state][:3]) or "nothing"
        return f"no Whisper checkpoint: it holds {names}; give a Whisper's state dict"
    if not any(".decoder." in f".{name}" for name in tensors):
        return "a Whisper without a decoder: save the whole model"
    return None


def _is_whisper(names: Collection[str]) -> bool:
    """Two convolutions before the encoder's blocks: no other encoder has both."""
    return all(any(f"{conv}.weight" in n for n in names) for conv in ("conv1", "conv2"))
