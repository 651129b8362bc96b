"""Seeded random weights with the statistics of a trained model.

Trained Whispers have layer-norm gains that vary by channel and a few channels that are
many times louder than the rest. Both matter to a debugger: rounding grows with them, and
an error in a quiet channel hides beneath them.
"""

import hashlib
import math
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor
from whisper.model import ModelDimensions, sinusoids

from core.model.dims import tensor_shapes

OUTLIER_CHANNELS = 3
OUTLIER_GAIN = 8.0


class RandomState(Mapping[str, Tensor]):
    """A whole state dict, the same on every machine for the same seed: in float32, but for
    the matrices of the decoder's blocks, which are in float16 as in openai's files.

    Each tensor has a generator of its own, so none depends on which others are drawn, and
    each is drawn when it is asked for: a decoder is larger than its encoder, and often not
    wanted.
    """

    def __init__(self, dims: ModelDimensions, seed: int = 0) -> None:
        self._shapes, self._seed = tensor_shapes(dims), seed

    def __getitem__(self, name: str) -> Tensor:
        drawn = _draw(name, tuple(self._shapes[name]), self._seed)
        return drawn.half() if is_in_a_decoders_block(name, drawn) else drawn

    def __iter__(self) -> Iterator[str]:
        return iter(self._shapes)

    def __len__(self) -> int:
        return len(self._shapes)


def is_in_a_decoders_block(name: str, weight: Tensor) -> bool:
    """Whether it is one of the matrices that most of a decoder's memory goes into."""
    return name.startswith("decoder.blocks.") and weight.ndim == 2


def random_state(dims: ModelDimensions, seed: int = 0) -> dict[str, Tensor]:
    """All tensors of a `RandomState`."""
    return dict(RandomState(dims, seed))


def _draw(name: str, shape: tuple[int, ...], seed: int) -> Tensor:
    if name == "encoder.positional_embedding":
        return sinusoids(*shape)
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))
    noise = torch.randn(shape, generator=generator)
    norm = any(part in name for part in ("attn_ln", "mlp_ln", "ln_post", "decoder.ln."))
    if norm and name.endswith("weight"):
        return (noise * 0.25).exp()
    if norm:
        return noise * 0.1
    if name.endswith("bias"):
        return _outliers(noise * 0.05, name)
    if name.endswith(("token_embedding.weight", "positional_embedding")):
        return noise * 0.02
    fan_in = math.prod(shape[1:])
    return noise * math.sqrt(_gain(name) / fan_in)


def _gain(name: str) -> float:
    """Queries and keys sharp enough for attention that looks somewhere."""
    return 2.0 if name.endswith(("query.weight", "key.weight")) else 1.0


def _outliers(bias: Tensor, name: str) -> Tensor:
    """Makes the same few channels loud wherever a block writes into the residual."""
    if name.endswith(("attn.out.bias", "mlp.2.bias")):
        step = len(bias) // (OUTLIER_CHANNELS + 1)
        channels = [step * (n + 1) for n in range(OUTLIER_CHANNELS)]
        bias[channels] = bias[channels].sign() * OUTLIER_GAIN / 4
    return bias
