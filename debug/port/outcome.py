"""What a port's result is used for, on both sides.

A port may say so itself, with ``Port.outcome``. Where the result are logits, a number for
each word or label, it is the likeliest one at each position, and how far the probabilities
are apart.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from debug.protocol.values import Outcome

SHOWN = 32
"""Positions whose likeliest word or label is shown."""
SPEAKER = "result says"


def are_logits(reference: torch.nn.Module, shape: tuple[int, ...]) -> bool:
    """Whether a result has a number for each word, or each label, of a configuration."""
    config = getattr(reference, "config", None)
    sizes = {getattr(config, name, None) for name in ("vocab_size", "num_labels")}
    hidden = getattr(config, "hidden_size", None)
    return len(shape) > 1 and shape[-1] in sizes - {None, hidden}


def of_logits(reference: Tensor, candidate: Tensor) -> Outcome:
    """The likeliest word or label of each position, (..., position, word) in float32."""
    log_p, log_q = (each.double().log_softmax(-1) for each in (reference, candidate))
    # KL(p || q) = sum p (log p - log q), in nats, a position.
    divergences = (log_p.exp() * (log_p - log_q)).sum(-1).clamp_min(0)
    first, other = log_p.argmax(-1).flatten(), log_q.argmax(-1).flatten()
    return Outcome(
        reference=_numbers(first),
        candidate=_numbers(other),
        tokens=len(first),
        kl=divergences.mean().item(),
        top1=(first == other).double().mean().item(),
        speaker=SPEAKER,
    )


def _numbers(words: Tensor) -> str:
    shown = " ".join(str(word) for word in words[:SHOWN].tolist())
    return shown + (" ..." if len(words) > SHOWN else "")


def of_texts(
    decide: Callable[[Tensor, Tensor], tuple[str, str]],
    reference: Tensor,
    candidate: Tensor,
) -> Outcome:
    """What a person's own function makes of both results."""
    ours, theirs = map(str, decide(reference, candidate))
    return Outcome(ours, theirs, 0, None, float(ours == theirs), SPEAKER)
