"""Gets kernels ready, and says so: compiling takes minutes, once on a machine."""

from collections.abc import Callable

from max.dtype import DType

from debug.candidate import kernels
from debug.candidate.device_products import products_of
from debug.candidate.emulation import computed_in
from debug.candidate.source import Source
from debug.candidate.trace import Traced, build
from debug.measure.products import Products
from debug.protocol.messages import Message, Progress
from debug.protocol.values import Mode
from debug.subject import Subject, model_of

HINT = "leave it running, it is kept"
OTHER_WAY = "; or start with --engine compile"


def announcer(emit: Callable[[Message], None], mode: Mode) -> Callable[[str], None]:
    """Says what is being compiled, with what a person can do meanwhile."""
    hint = HINT + (OTHER_WAY if mode is Mode.INTERPRET else "")
    return lambda what: emit(Progress(what, hint=hint))


def warm(subject: Subject, mode: Mode, emit: Callable[[Message], None]) -> None:
    """Loads the kernels that a graph in the subject's precision is likely to need."""
    device, said = subject.device, announcer(emit, mode)
    kernels.warm(computed_in(subject.dtype, device), device, said)


def traced_again(subject: Subject, source: Source, tapped: bool) -> Traced:
    """The graph once more, with every layer as an output or with the result alone."""
    layers = subject.layers if tapped else [model_of(subject.layers)]
    return build(subject, source, layers, False)[1]


def device_products(
    subject: Subject, mode: Mode, emit: Callable[[Message], None]
) -> Products:
    """How the subject's device multiplies. A GPU is asked, which takes its kernels."""
    if not subject.device.is_host and subject.dtype == DType.float32:
        warm(subject, mode, emit)
    return products_of(subject.device, subject.dtype)
