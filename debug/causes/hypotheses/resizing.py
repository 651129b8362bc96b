"""Another way to make an image larger or smaller than PyTorch's ``interpolate``."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from debug.causes.hypotheses.mistake import Called, Mistake

SAID = {
    "nearest": "its nearest pixel",
    "nearest-exact": "its nearest pixel, from centre to centre",
    "bilinear": "the mean of the four around it",
    "bicubic": "a cubic of those around it",
    "area": "the mean of its area",
}
CORNERS = ("bilinear", "bicubic")
"""Those that may take corners for corners."""


def resized(called: Called) -> Iterator[Mistake]:
    """The image repeated as a whole, and other ways to tell what is between pixels."""
    if len(called.sizes[0]) != 4:
        return
    text = "the image is repeated as a whole, PyTorch's pixel by pixel"
    yield Mistake(("resized", "tiled"), text, _tiled(called.step.function))
    given = called.step.kwargs
    own = given.get("mode", "nearest"), bool(given.get("align_corners"))
    ways = [(mode, False) for mode in SAID] + [(mode, True) for mode in CORNERS]
    for mode, corners in (way for way in ways if way != own):
        what = f"{SAID[mode]}{', corners on corners' if corners else ''}"
        right = f"{SAID[own[0]]}{', corners on corners' if own[1] else ''}"
        text = f"each pixel is {what}, PyTorch's {right}"
        by = _by(called.step.function, mode, corners)
        yield Mistake(("resized", mode, corners), text, by, right=own[0], wrong=mode)


def _tiled(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def call(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Tensor:
        x, size = args[0], function(*args, **kwargs).shape[2:]
        times = [large // small for large, small in zip(size, x.shape[2:], strict=True)]
        return x.repeat(1, 1, *times)

    return call


def _by(function: Callable[..., Tensor], mode: str, corners: bool) -> Callable[..., Tensor]:
    def call(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Tensor:
        size = function(*args, **kwargs).shape[2:]
        given = {"align_corners": corners} if mode in CORNERS else {}
        return F.interpolate(args[0], size=size, mode=mode, **given)

    return call
