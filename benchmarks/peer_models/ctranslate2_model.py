"""openai's Whisper as CTranslate2 takes it: its specification, filled with the weights.

CTranslate2 converts models of Hugging Face only. A checkpoint of openai's has the same
tensors, so they are put into the specification here: query, key and value joined, and the
table of tokens used twice.
"""

import importlib
import tempfile
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from whisper.model import MultiHeadAttention, ResidualAttentionBlock, Whisper
from whisper.tokenizer import Tokenizer, get_tokenizer

from core.model.checkpoint import Checkpoint


def whisper_of(checkpoint: Checkpoint, threads: int) -> Any:
    """A ``ctranslate2.models.Whisper`` in float32 on the CPU.

    Raises:
        ImportError: CTranslate2 is not installed.
    """
    ctranslate2 = importlib.import_module("ctranslate2")
    model = checkpoint.build()
    tokenizer = tokenizer_of(model)
    spec = _filled(model)
    spec.register_vocabulary(_vocabulary(tokenizer, checkpoint.dims.n_vocab))
    spec.config.suppress_ids = sorted({*tokenizer.non_speech_tokens, tokenizer.no_speech})
    spec.config.suppress_ids_begin = [*tokenizer.encode(" "), tokenizer.eot]
    spec.config.lang_ids = list(tokenizer.all_language_tokens)
    spec.config.alignment_heads = [(checkpoint.dims.n_text_layer - 1, 0)]
    spec.validate()
    with tempfile.TemporaryDirectory() as folder:
        spec.save(folder)
        return ctranslate2.models.Whisper(
            folder,
            device="cpu",
            compute_type="float32",
            inter_threads=1,
            intra_threads=threads,
        )


def features_of(model: Any) -> Callable[[Tensor], Tensor]:
    """From (1, n_mels, 3000) to (1, 1500, n_state)."""
    storage = importlib.import_module("ctranslate2").StorageView

    def encode(mel: Tensor) -> Tensor:
        return torch.from_numpy(_numpy(model.encode(storage.from_array(mel.numpy()))))

    return encode


def _numpy(view: Any) -> Any:
    return importlib.import_module("numpy").array(view)


def words_of(model: Any, tokenizer: Tokenizer) -> Callable[[Tensor], str]:
    """What it hears in one window, (1, n_mels, 3000): greedy, without timestamps, as
    openai's ``decode`` with ``temperature=0`` and ``without_timestamps``."""
    storage = importlib.import_module("ctranslate2").StorageView
    prompt = list(tokenizer.sot_sequence_including_notimestamps)

    def hear(mel: Tensor) -> str:
        view = storage.from_array(mel.numpy())
        (heard,) = model.generate(
            view, [prompt], beam_size=1, max_length=448, return_no_speech_prob=False
        )
        return tokenizer.decode(heard.sequences_ids[0]).strip()

    return hear


def tokenizer_of(model: Whisper) -> Tokenizer:
    return get_tokenizer(
        model.is_multilingual,
        num_languages=model.num_languages,
        language="en",
        task="transcribe",
    )


def _vocabulary(tokenizer: Tokenizer, count: int) -> list[str]:
    """Names of all tokens: CTranslate2 knows those in ``<|...|>`` by them."""
    special = {number: name for name, number in tokenizer.special_tokens.items()}
    return [special.get(number, f"token{number}") for number in range(count)]


def _filled(model: Whisper) -> Any:
    specs = importlib.import_module("ctranslate2.specs.whisper_spec")
    dims = model.dims
    spec = specs.WhisperSpec(
        dims.n_audio_layer, dims.n_audio_head, dims.n_text_layer, dims.n_text_head
    )
    encoder, decoder = model.encoder, model.decoder
    for theirs, ours in (
        (spec.encoder.conv1, encoder.conv1),
        (spec.encoder.conv2, encoder.conv2),
    ):
        _linear(theirs, ours)
    spec.encoder.position_encodings.encodings = encoder.positional_embedding
    _norm(spec.encoder.layer_norm, encoder.ln_post)
    spec.decoder.embeddings.weight = decoder.token_embedding.weight
    spec.decoder.projection.weight = decoder.token_embedding.weight
    spec.decoder.position_encodings.encodings = decoder.positional_embedding
    _norm(spec.decoder.layer_norm, decoder.ln)
    for theirs, ours in (
        *zip(spec.encoder.layer, encoder.blocks, strict=True),
        *zip(spec.decoder.layer, decoder.blocks, strict=True),
    ):
        _block(theirs, ours)
    return spec


def _block(spec: Any, block: ResidualAttentionBlock) -> None:
    _attention(spec.self_attention, block.attn, together=3)
    _norm(spec.self_attention.layer_norm, block.attn_ln)
    if block.cross_attn is not None and block.cross_attn_ln is not None:
        _attention(spec.attention, block.cross_attn, together=1)
        _norm(spec.attention.layer_norm, block.cross_attn_ln)
    _linear(spec.ffn.linear_0, block.mlp[0])
    _linear(spec.ffn.linear_1, block.mlp[2])
    _norm(spec.ffn.layer_norm, block.mlp_ln)


def _attention(spec: Any, attention: MultiHeadAttention, together: int) -> None:
    """``together`` of query, key and value are one product, the others another one."""
    layers = [attention.query, attention.key, attention.value]
    parts = [layers[:together], layers[together:]]
    for theirs, ours in zip(spec.linear, filter(None, parts), strict=False):
        theirs.weight = torch.cat([layer.weight for layer in ours])
        theirs.bias = torch.cat([_bias(layer) for layer in ours])
    _linear(spec.linear[-1], attention.out)


def _bias(layer: nn.Module) -> Tensor:
    """openai's key has none, which is one of zeros."""
    assert isinstance(layer, nn.Linear)
    return torch.zeros(len(layer.weight)) if layer.bias is None else layer.bias


def _linear(spec: Any, layer: nn.Module) -> None:
    spec.weight, spec.bias = layer.weight, layer.bias


def _norm(spec: Any, layer: nn.Module) -> None:
    spec.gamma, spec.beta = layer.weight, layer.bias
