"""What a screen is told once the reference has run, before the candidate does."""

from collections.abc import Mapping

from debug.measure.products import EXACT, Products
from debug.measure.truth import Truth
from debug.protocol.messages import Opened
from debug.protocol.values import Layer, Mode
from debug.subject import Subject, model_of, row_of, warnings_of


def opened(
    subject: Subject,
    truths: Mapping[str, Truth],
    mode: Mode,
    seconds_load: float,
    seconds_reference: float,
    products: Products = EXACT,
) -> Opened:
    """Every layer of the subject with the reference's side of it; inputs come first.

    ``products`` is how the candidate's device multiplies.
    """
    inputs = {value.name for value in subject.inputs}
    parents = {layer.name: layer.parent for layer in subject.layers}
    parents.update(dict.fromkeys(inputs, model_of(subject.layers).name))
    layers = [
        Layer(
            name,
            parents.get(name),
            name in inputs,
            truth.stats,
            truth.floor,
            truth.place,
            row_of(subject, truth.stats.shape),
        )
        for name, truth in truths.items()
    ]
    device = "cpu" if subject.device.is_host else f"gpu {subject.device.id}"
    return Opened(
        model=subject.title,
        audio=subject.audio,
        graph=str(subject.graph),
        device=device,
        dtype=subject.dtype.name,
        mode=mode,
        layers=layers,
        seconds_load=seconds_load,
        seconds_reference=seconds_reference,
        warnings=[*warnings_of(subject), *([] if products.exact else [products.said])],
    )
