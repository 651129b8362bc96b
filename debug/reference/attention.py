"""Attention as PyTorch's one function does it, step by step.

``scaled_dot_product_attention`` is a product, a scale, a mask, a softmax and another
product. Models call it as a whole; ports to MAX write it out, and go wrong in one of
these. So the recorder runs the steps in its place, and each is one that a mistake may be
found in.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

NAME = "scaled_dot_product_attention"
PARAMETERS = ("query", "key", "value", "attn_mask", "dropout_p", "is_causal")
"""Those that may be given by position."""

Named = Callable[[str, Tensor], Tensor]
"""Gives a value its name, and returns it."""


def is_attention(function: Callable[..., Any]) -> bool:
    return function.__name__ == NAME


def written_out(args: Sequence[Any], kwargs: Mapping[str, Any], named: Named) -> Tensor:
    """The function's result, by functions that are each recorded.

    Args:
        args: those of the function.
        kwargs: those of the function; dropout is nothing in evaluation.
        named: is told what each value is called.
    """
    given = {**dict(zip(PARAMETERS, args, strict=False)), **kwargs}
    query, key, value = given["query"], given["key"], given["value"]
    if given.get("enable_gqa") and key.shape[-3] != query.shape[-3]:
        repeats = query.shape[-3] // key.shape[-3]
        key = named("the keys of all heads", key.repeat_interleave(repeats, -3))
        value = named("the values of all heads", value.repeat_interleave(repeats, -3))
    scores = named("the scores", query @ key.transpose(-2, -1))
    scale = given.get("scale")
    scale = query.shape[-1] ** -0.5 if scale is None else float(scale)
    if scale != 1.0:
        scores = named("the scaled scores", scores * scale)
    scores = _masked(scores, given.get("attn_mask"), bool(given.get("is_causal")), named)
    weights = named("the attention's weights", scores.softmax(-1))
    return weights @ value


def _masked(scores: Tensor, mask: Tensor | None, causal: bool, named: Named) -> Tensor:
    """The scores with minus infinity, or whatever the mask adds, where nothing is seen."""
    if causal:
        rows, columns = scores.shape[-2:]
        visible = torch.ones(rows, columns, dtype=torch.bool, device=scores.device)
        hidden = named("the causal mask", visible.tril().logical_not())
        return named("the masked scores", scores.masked_fill(hidden, float("-inf")))
    if mask is None:
        return scores
    if mask.dtype == torch.bool:
        hidden = named("the mask", mask.logical_not())
        return named("the masked scores", scores.masked_fill(hidden, float("-inf")))
    return named("the masked scores", scores + mask)
