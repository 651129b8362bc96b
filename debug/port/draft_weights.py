"""What of a port's ``weights=`` can be found out before anything was compared.

Both modules are built once, small. Where their weights' names agree, nothing need be said.
Else modules are paired by the shapes of what they hold, by how alike their names are and
by their order, and written down as a table of names, for a person to read through: a wrong
pair shows in ``align``.
"""

import re
from collections.abc import Mapping
from itertools import takewhile

from debug.port.names import core, plain, similarity, words_of

Shapes = Mapping[str, tuple[int, ...]]
"""The shapes of weights by their names."""

FILTERS = (2, 3, 1, 0)
"""The order of axes in which MAX's convolutions have PyTorch's filters."""
NUMBER = re.compile(r"(?:^|(?<=\.))\d+(?=\.|$)")
"""Of a block: ``3`` in ``layers.3.norm1.weight``, and not the 1."""
TEMPLATE = """# PyTorch's weights and the port's, # for a block's number: guesses by shapes
# and names.
NAMES = {{
{names}
}}
NUMBER = re.compile(r"(?:^|(?<=\\.))\\d+(?=\\.|$)")


def weights(state):
    found = {{}}
    for name, value in state.items():
        numbers = iter(NUMBER.findall(name))
        if ours := NAMES.get(NUMBER.sub("#", name)):
            ours = re.sub("#", lambda _: next(numbers), ours)
            found[ours] = {value}
{lacking}    return found
"""


def function(theirs: Shapes, ours: Shapes) -> str | None:
    """The text of a function that gives the port its weights; None where the names of both
    sides agree.

    Args:
        theirs: the reference's weights.
        ours: the port's.
    """
    known = {plain(name) for name in theirs}
    if not ours or all(plain(name) in known for name in ours):
        return None
    pairs = paired(theirs, ours)
    table = dict(_pattern(its, mine) for mine, its in pairs.items())
    permuted = any(
        ours[mine] == tuple(theirs[its][axis] for axis in FILTERS) != theirs[its]
        for mine, its in pairs.items()
        if len(theirs[its]) == len(FILTERS)
    )
    value = f"value.permute{FILTERS} if value.ndim == 4 else value" if permuted else "value"
    unknown = {NUMBER.sub("#", name): ours[name] for name in ours if name not in pairs}
    lacking = (
        f'    # found["{name}"] = ...  # nothing like its {list(shape)} was found\n'
        for name, shape in unknown.items()
    )
    return TEMPLATE.format(
        names="\n".join(f'    "{its}": "{mine}",' for its, mine in table.items()),
        value=value,
        lacking="".join(lacking),
    )


def paired(theirs: Shapes, ours: Shapes) -> dict[str, str]:
    """The reference's weight that each of the port's may be, by the port's name: the
    modules most alike first, of those that hold weights of the same sizes."""
    its, mine = _modules(theirs), _modules(ours)
    likely = sorted(
        (
            (
                _likeness(one, other)
                + (_shapes(its[one]) == _shapes(mine[other]))
                - abs(i / len(its) - k / len(mine)),
                one,
                other,
            )
            for i, one in enumerate(its)
            for k, other in enumerate(mine)
            if _sizes(its[one]) == _sizes(mine[other])
        ),
        key=lambda each: -each[0],
    )
    found: dict[str, str] = {}
    taken: set[str] = set()
    for _, one, other in likely:
        if not taken.isdisjoint((f"its {one}", f"mine {other}")):
            continue
        taken.update((f"its {one}", f"mine {other}"))
        weights = sorted(its[one], key=lambda last: (sorted(its[one][last]), last))
        same = sorted(mine[other], key=lambda last: (sorted(mine[other][last]), last))
        for a, b in zip(weights, same, strict=True):
            found[f"{other}.{b}".lstrip(".")] = f"{one}.{a}".lstrip(".")
    return found


def _modules(shapes: Shapes) -> dict[str, dict[str, tuple[int, ...]]]:
    """What each module holds itself, by its name."""
    found: dict[str, dict[str, tuple[int, ...]]] = {}
    for name, shape in shapes.items():
        module, _, last = name.rpartition(".")
        if shape:  # else a counter
            found.setdefault(module, {})[last] = shape
    return found


def _shapes(held: Shapes) -> list[tuple[int, ...]]:
    """Where they are the same, nothing need be transposed."""
    return sorted(held.values())


def _sizes(held: Shapes) -> list[list[int]]:
    return sorted(sorted(shape) for shape in held.values())


def _likeness(one: str, other: str) -> float:
    """Of two modules' names: of their last parts, of the words before those, such as
    ``encoder`` and ``self_attn``, and of how many numbers they share."""
    alike = similarity(one, other) + (core(one)[:1] == core(other)[:1]) / 2
    words = {*words_of(one)}, {*words_of(other)}
    if all(words):
        alike += 2 * len(words[0] & words[1]) / len(words[0] | words[1])
    numbers = NUMBER.findall(one), NUMBER.findall(other)
    most = max(map(len, numbers))
    return alike + 2 * (_shared(*numbers) / most if most else 1)


def _shared(one: list[str], other: list[str]) -> int:
    """How many numbers two names begin with are the same."""
    pairs = zip(one, other, strict=False)
    return len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))


def _pattern(its: str, mine: str) -> tuple[str, str]:
    """A pair for all blocks: the numbers that both names begin with are left open."""
    shared = _shared(NUMBER.findall(its), NUMBER.findall(mine))
    kept = NUMBER.sub("#", mine, count=shared) if shared else mine
    return NUMBER.sub("#", its), kept
