"""A first draft of a port's file, with what can be found out about two classes filled in.

``python -m debug.port.draft`` is the child process behind ``maxwhisper new``, for only it
may import torch and MAX. It prints the text of the file, or a diagnostic as JSON.
"""

import importlib
import inspect
import json
import sys
import textwrap
from typing import Any

from max.driver import CPU
from max.dtype import DType
from max.graph import DeviceRef

from debug.candidate.module_tree import construct
from debug.port.aligned import state_of
from debug.port.constants import RANDOMIZED
from debug.port.draft_weights import function
from debug.protocol.diagnostic import Problem, first_line

SMALL = {
    "vocab_size": 100,
    "hidden_size": 64,
    "n_embd": 64,
    "d_model": 64,
    "intermediate_size": 128,
    "encoder_ffn_dim": 128,
    "decoder_ffn_dim": 128,
    "num_hidden_layers": 2,
    "n_layer": 2,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "n_head": 4,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "max_position_embeddings": 40,
    "n_positions": 40,
}
"""Sizes under which a comparison takes seconds, by what configurations call them."""

INPUTS = {
    "input_ids": "torch.randint(1, 100, (2, 12))",
    "attention_mask": "torch.ones(2, 12)",
    "pixel_values": "torch.randn(2, 3, 32, 32)",
    "input_features": "torch.randn(1, 80, 100)",
    "inputs_embeds": "torch.randn(2, 12, 64)",
}
"""What an input may be, by the name of its parameter."""

TEMPLATE = '''"""MAX's {candidate} beside PyTorch's {reference}: maxwhisper-tui {file}"""

{head}import torch
{imports}

from maxwhisper import Port

{function}
def port() -> Port:
    torch.manual_seed(0)  # the same weights after every save
{config}    reference = {make_reference}.eval()
    {randomize}  # new norms are ones, biases zeros: they hide bugs
        {more}
    return Port(
        reference=reference,
        candidate=lambda device, dtype: {make_candidate},
        inputs={{
{inputs}
        }},{weights}
    )
'''


def draft(file: str, reference: str, candidate: str) -> str:
    """The text of a port's file.

    Args:
        file: what it will be called.
        reference: PyTorch's class, as ``module:class``.
        candidate: MAX's.

    Raises:
        Problem: one of the two can't be imported.
    """
    theirs, ours = _imported(reference), _imported(candidate)
    imports = [
        (reference.partition(":")[0], theirs.__name__),
        (candidate.partition(":")[0], f"{ours.__name__} as Candidate"),
    ]
    config_class = getattr(theirs, "config_class", None)
    config = ""
    if config_class is not None:
        imports.append(_shortest(config_class))
        config = _config(config_class)
    if adapter := _adapter(ours):
        imports.append((adapter, ADAPTER))
    given = "config" if config else _arguments(theirs, set())
    arguments = _arguments(ours, {"config"} if config else set())
    made = None if adapter else _function(theirs, ours, config, given, arguments)
    weights = ADAPTER if adapter else made and "weights"
    return TEMPLATE.format(
        head="import re\n\n" if made else "",
        function=f"\n{made}\n" if made else "",
        candidate=ours.__name__,
        reference=theirs.__name__,
        file=file,
        imports=_lines(imports),
        randomize=RANDOMIZED[0],
        more=RANDOMIZED[1],
        config=config,
        make_reference=f"{theirs.__name__}({given})",
        make_candidate=f"Candidate({arguments})",
        inputs=_inputs(theirs),
        weights=f"\n        weights={weights}," if weights else "",
    )


VARIADIC = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
ADAPTER = "convert_safetensor_state_dict"
"""What Modular's architectures call the function that renames a checkpoint's weights."""


def _imported(place: str) -> Any:
    module, _, name = place.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except Exception as error:  # the module is a person's own, and may raise anything
        message = f"can't import {place}: {first_line(error)}; give it as module:class"
        raise Problem("arguments", message) from error


def _shortest(of: Any) -> tuple[str, str]:
    """The shortest module that a class can be imported from, and its name."""
    package = of.__module__.partition(".")[0]
    short = getattr(sys.modules.get(package), of.__name__, None) is of
    return package if short else of.__module__, of.__name__


def _lines(imports: list[tuple[str, str]]) -> str:
    by_module: dict[str, list[str]] = {}
    for module, name in sorted(set(imports)):
        by_module.setdefault(module, []).append(name)
    return "\n".join(f"from {m} import {', '.join(n)}" for m, n in by_module.items())


def _config(config_class: Any) -> str:
    """A small configuration, of the fields that this one has."""
    made = config_class()
    aliases: dict[str, str] = getattr(config_class, "attribute_map", {})
    taken = inspect.signature(config_class.__init__).parameters

    def is_field(name: str) -> bool:  # of Swin the number of heads is a list
        known = name not in aliases or aliases[name] in taken
        return known and isinstance(getattr(made, name, None), int)

    fields = [f"        {n}={size},\n" for n, size in SMALL.items() if is_field(n)]
    return f"    config = {config_class.__name__}(\n{''.join(fields)}    )\n"


def _arguments(of: Any, known: set[str]) -> str:
    """What a class is built from: what has a known name, and ``...`` to be filled in."""
    found = []
    parameters = [
        each
        for each in list(inspect.signature(of.__init__).parameters.values())[1:]
        if each.default is each.empty and each.kind not in VARIADIC
    ]
    others = [each for each in parameters if each.name not in ("dtype", "device")]
    lone = others[0] if len(others) == 1 else None
    for each in parameters:
        if "config" in known and (each.name.endswith("config") or each is lone):
            found.append("config" if not found else f"{each.name}=config")
        elif each.name in ("dtype", "device"):
            found.append(f"{each.name}={each.name}")
        else:
            found.append(f"{each.name}=...")
    return ", ".join(found)


def _inputs(reference: Any) -> str:
    names = list(inspect.signature(reference.forward).parameters)[1:]
    main = getattr(reference, "main_input_name", None) or (names[0] if names else "x")
    wanted = [main, *(name for name in ("attention_mask",) if name in names)]
    return "\n".join(f'            "{name}": {INPUTS.get(name, "...")},' for name in wanted)


def _function(
    theirs: Any, ours: Any, config: str, given: str, arguments: str
) -> str | None:
    """A function that gives the port its weights, where their names are not PyTorch's; None
    also where one of the two can't be built of what is known."""
    if "..." in (given, arguments) or "=..." in given + arguments:
        return None
    names: dict[str, Any] = {"dtype": DType.float32, "device": DeviceRef.CPU()}
    try:
        if config:
            names[theirs.config_class.__name__] = theirs.config_class
            exec(textwrap.dedent(config), names)
        reference = eval(f"reference({given})", {**names, "reference": theirs})
        tree = construct(
            lambda: eval(f"candidate({arguments})", {**names, "candidate": ours}),
            CPU(),
            DType.float32,
        )
    except Exception:
        return None
    state = state_of(reference).items()
    shapes = {n: tuple(each.shape) for n, each in state if each.is_floating_point()}
    return function(shapes, {name: shape for name, (shape, _) in tree.declared.items()})


def _adapter(candidate: Any) -> str | None:
    """The module beside the candidate's that renames its weights, as an architecture of
    Modular's has one; its draft does without where that can't be imported."""
    package = candidate.__module__.rpartition(".")[0]
    module = f"{package}.weight_adapters".lstrip(".")
    try:
        found = importlib.import_module(module)
    except Exception:
        return None
    return module if hasattr(found, ADAPTER) else None


def main() -> None:
    try:
        print(json.dumps({"text": draft(*sys.argv[1:])}))
    except Problem as problem:
        print(json.dumps({"problem": str(problem)}))
    except Exception as error:
        said = f"no draft can be made of these classes: {first_line(error)}"
        print(json.dumps({"problem": said}))


if __name__ == "__main__":
    main()
