"""The layer named on the command line: by its name in PyTorch, or in the port."""

from debug.protocol.diagnostic import Problem
from debug.results.run import Run
from tui.names import nearest
from tui.words import listed


def index_of(run: Run, name: str) -> int:
    """
    Args:
        run: knows its layers, and which module of the port each is.
        name: a layer as ``maxwhisper check`` lists it, or a module of the port.

    Raises:
        Problem: there is no such layer, or the module is several.
    """
    rows = {layer.name: index for index, layer in enumerate(run.layers)}
    if name in rows:
        return rows[name]
    modules = _by_module(run)
    layers = [each for each in modules.get(name, ()) if each in rows]
    if len(layers) == 1:
        return rows[layers[0]]
    if layers:
        message = f"{name} is {len(layers)} layers of PyTorch's: give one of them"
        raise Problem("arguments", f"{message}, {listed(layers, most=6)}")
    near = nearest(name, [*rows, *(each for each in modules if each not in rows)])
    meant = f"is it {' or '.join(near)}?" if near else "maxwhisper check lists them"
    raise Problem("arguments", f"there is no layer {name!r}: {meant}")


def _by_module(run: Run) -> dict[str, list[str]]:
    """The layers that are a module of the port, or a part of one."""
    found: dict[str, list[str]] = {}
    for pair in run.aligned.pairs if run.aligned else ():
        for module in filter(None, pair.modules):
            found.setdefault(module, []).append(pair.layer)
    return found
