"""What the decoder makes of the encoder's features: openai's decoder hears both sides.

A wrong number matters if words change, and before they do, if the decoder's probabilities
do.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from whisper.decoding import DecodingOptions, DecodingResult, decode
from whisper.model import Whisper
from whisper.tokenizer import get_tokenizer

from debug.protocol.values import Outcome

LONGEST = 32
"""Tokens of a text: enough to see that it breaks."""


def outcome(
    model: Whisper, reference: Tensor, candidate: Tensor, pause: Callable[[], None]
) -> Outcome:
    """The text of either side, and how the distributions of the next token differ.

    Args:
        model: openai's, in float32 on the CPU.
        reference: PyTorch's features in float32, (1, 1500, n_state).
        candidate: those of the port.
        pause: is called before every token; what it raises ends the decoding.
    """
    with torch.inference_mode(), calling(pause, model.decoder):
        heard = _decode(model, torch.cat([reference, candidate]))
        log_p, log_q = (
            _log_probabilities(model, features, heard[0])
            for features in (reference, candidate)
        )
    # KL(p || q) = sum p (log p - log q), in nats, a token of the reference's text.
    divergences = (log_p.exp() * (log_p - log_q)).sum(-1).clamp_min(0)
    same = (log_p.argmax(-1) == log_q.argmax(-1)).double()
    return Outcome(
        reference=heard[0].text,
        candidate=heard[1].text,
        tokens=len(same),
        kl=divergences.mean().item(),
        top1=same.mean().item(),
    )


def _decode(model: Whisper, features: Tensor) -> list[DecodingResult]:
    """What is heard in each of several (1500, n_state). They are decoded together, for most
    of the time goes into reading the decoder's weights, once for each token."""
    language = None if model.is_multilingual else "en"  # None: it is found out
    options = DecodingOptions(fp16=False, language=language, sample_len=LONGEST)
    heard = decode(model, features, options)
    assert isinstance(heard, list)
    return heard


def _log_probabilities(model: Whisper, features: Tensor, heard: DecodingResult) -> Tensor:
    """Of the next token after each of a text's, in float64: (token, vocabulary)."""
    tokenizer = get_tokenizer(model.is_multilingual, language=heard.language)
    start = list(tokenizer.sot_sequence)
    tokens = torch.tensor([[*start, *heard.tokens]])
    logits = model.logits(tokens, features)
    return logits[0, len(start) - 1 :].double().log_softmax(-1)


@contextmanager
def calling(function: Callable[[], None], module: torch.nn.Module) -> Iterator[None]:
    """Calls a function before each run of a module."""
    handle = module.register_forward_pre_hook(lambda *_: function())
    try:
        yield
    finally:
        handle.remove()
