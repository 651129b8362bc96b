"""The page that lies in a folder of ``maxwhisper repro``, for whoever gets it."""

from typing import Any

SCRIPT = "repro.py"
NO_NEED = ("python", "openai-whisper")
"""Versions that are recorded although the script runs without these packages."""
README = """\
{layer} in {file} is wrong ({verdict}){where}{why}.
`python {script}` exits with 1 while it is, with 0 once it is fixed; it needs {needs}.
{sides}{emulated}
"""
EMULATED = """
The numbers under "check" are of {dtypes} emulated: computed in float32, rounded after every
operation. `python {script}` runs what MAX's compiler makes of the layer."""
OF_ENCODER = """\
PyTorch's side is reference.py, both get inputs.npz, metrics.json has every number."""
OF_PORT = """\
{port} has both sides, of which this layer is compared: it gets {given}.
inputs.npz is what the models are called with, metrics.json has every number."""


def readme(metrics: dict[str, Any]) -> str:
    """What is wrong, and how to see it.

    Args:
        metrics: what the folder's metrics.json says.
    """
    seen = metrics["check"]["isolated"] or metrics["check"]["chained"]
    causes, versions, op = metrics["causes"], metrics["versions"], metrics["op"]
    line = f" at line {metrics['line']}" if metrics["file"] else ""
    return README.format(
        layer=metrics["layer"],
        file=metrics["file"] or metrics["graph"],
        verdict=seen["verdict"],
        where=line + (f", {op}" if op else ""),
        why=f": {_cause(causes[0])}" if causes else "",
        script=SCRIPT,
        needs=", ".join(f"{n} {v}" for n, v in versions.items() if n not in NO_NEED),
        emulated=EMULATED.format(dtypes=" and ".join(emulated), script=SCRIPT)
        if (emulated := metrics["emulated"])
        else "",
        sides=OF_ENCODER if metrics["build"]["of"] == "encoder" else _of_port(metrics),
    )


def _of_port(metrics: dict[str, Any]) -> str:
    build = metrics["build"]
    is_given = build["argument"] is not None
    given = "PyTorch's input" if is_given else "the port's own input"
    beside = [each["layer"]["path"] for each in build["aside"]]
    if beside:
        given += f", PyTorch's {' and '.join(beside)} beside it"
    if build["own"]:
        given += f", and {' and '.join(build['own'])} as the port itself prepares it"
    return OF_PORT.format(port=metrics["graph"], given=given)


def _cause(cause: dict[str, Any]) -> str:
    return f"{'' if cause['complete'] else 'partly: '}{cause['hypothesis']}"
