"""The reference's run, or what an earlier session has kept of it.

The truth follows from the reference with its weights, from the inputs, from the precision
and the layers that are asked for, and from what computes it: this debugger's own code,
PyTorch, and the processor. A hash of all of these is the name under which it is kept. So
whatever changes, a stale truth is never found.

A subject says what its reference follows from (`debug.subject.KnowsReference`). One that
does not, such as a port whose PyTorch side is anybody's code, has its reference run anew.
"""

import hashlib
import platform
from functools import cache
from pathlib import Path

import torch

from debug.measure.archive import Archive
from debug.measure.products import EXACT, Products
from debug.measure.truth import Truth
from debug.reference.both_runs import run_reference
from debug.subject import KnowsReference, Subject, bytes_of


def reference_of(
    subject: Subject,
    dtype: str,
    products: Products = EXACT,
    archive: Archive | None = None,
) -> dict[str, Truth]:
    """The truth about every input and layer, in order of computation.

    Args:
        subject: whose reference it is.
        dtype: what the candidate computes in.
        products: how its device multiplies.
        archive: where it is kept.

    Raises:
        Problem: nothing can be compared with this reference, or there is no room for what
            it computes.
    """
    key = key_of(subject, dtype, products)
    if key is None:
        return run_reference(subject, dtype, products)
    archive = archive or Archive()
    return archive.of(key, lambda shelf: run_reference(subject, dtype, products, shelf))


def key_of(subject: Subject, dtype: str, products: Products) -> str | None:
    """A hash of all that the truth follows from; None where nobody can know."""
    if not isinstance(subject, KnowsReference):
        return None
    found = hashlib.sha256()
    texts = subject.follows_from(), dtype, products, list(subject.layers), computes_with()
    found.update(repr(texts).encode())
    for value in subject.inputs:
        found.update(repr((value.name, value.is_argument, value.compared)).encode())
        for tensor in (value.exact, value.reference):
            found.update(repr((tensor.dtype, tensor.shape)).encode())
            found.update(bytes_of(tensor))
    return found.hexdigest()[:32]


@cache
def computes_with() -> tuple[str, ...]:
    """What else decides the last digits, or what is made of them."""
    here = Path(__file__).parent
    sources = [*here.glob("*.py"), *(here.parent / "measure").glob("*.py")]
    own = hashlib.sha256()
    for source in sorted(sources):
        own.update(source.read_bytes())
    capability = torch.backends.cpu.get_cpu_capability()
    machine = platform.machine(), capability, str(torch.get_num_threads())
    return own.hexdigest(), str(torch.__version__), *machine
