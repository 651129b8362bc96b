"""Layers' names in less room than they take.

Names of deep models have 60 characters, and most of them are the same in every row. What
tells rows apart is the number of the block and the end ::

    vision_model.encoder.layers.11.self_attn.q_proj
    …11.self_attn.q_proj        the front is cut off: 20 characters
    …11.s.q_proj                then what is between number and end becomes letters

A table shortens all its names alike, and no further than they stay different (`Cut`).
"""

import re
from collections.abc import Callable, Collection
from difflib import get_close_matches

Cut = Callable[[str, int], str]
"""Makes a name fit into so many characters."""
CUT = "…"
NUMBER = re.compile(r"\d+")
SHORTEST = 12
"""Characters below which a name says nothing any more."""

ALIKE = 0.4
"""How alike a name must be to be meant by another, from 0 to 1."""


def nearest(name: str, names: Collection[str], most: int = 3) -> list[str]:
    """The names that may have been meant: those that it is the end or a part of, then those
    that are spelt alike, of the same number first."""
    within = [each for each in names if name and name in each]
    within.sort(key=lambda each: (not each.endswith(name), len(each)))
    order, number = [*names], NUMBER.findall(name)
    alike = get_close_matches(name, order, most, ALIKE)
    alike.sort(key=lambda each: (NUMBER.findall(each) != number, order.index(each)))
    return list(dict.fromkeys([*within, *alike]))[:most]


def without_front(name: str, room: int) -> str:
    return name if len(name) <= room else CUT + name[len(name) - max(room - 1, 1) :]


def without_middle(name: str, room: int) -> str:
    """For names that differ at their beginnings."""
    if len(name) <= room:
        return name
    head = max(room - 1, 1) // 2
    tail = max(room - 1 - head, 1)
    return name[:head] + CUT + name[-tail:]


def cut_of(names: Collection[str]) -> tuple[Cut, int]:
    """The cut under which names stay different in the least room, and that room."""
    cuts = (abbreviated, without_front, without_middle)
    rooms = [(_room(names, cut), cut) for cut in cuts]
    room, cut = min(rooms, key=lambda each: each[0])
    return cut, room


def abbreviated(name: str, room: int) -> str:
    return without_front(shortened("", name, room + 1), room)


def _room(names: Collection[str], cut: Cut) -> int:
    different = set(names)
    longest = max(map(len, different), default=0)
    enough = (
        room
        for room in range(min(SHORTEST, longest), longest)
        if len({cut(name, room) for name in different}) == len(different)
    )
    return next(enough, longest)


def shortened(indent: str, name: str, room: int) -> str:
    """A name in a fixed room, with as much of its end as fits: the number of its block is
    the last that goes."""
    parts = name.split(".")
    number = max((i for i, part in enumerate(parts) if part.isdigit()), default=None)
    if number is None:
        number = len(parts)
    forms = [CUT * (first > 0) + ".".join(parts[first:]) for first in range(number + 1)]
    block, inner = parts[number : number + 1], parts[number + 1 : -1]
    for letters in range(1, len(inner) + 1):
        within = [part[:1] for part in inner[:letters]] + inner[letters:]
        forms.append(CUT + ".".join([*block, *within, parts[-1]]))
    forms += [CUT + ".".join(parts[first:]) for first in range(number + 1, len(parts))]
    fitting = (indent + form for form in forms if len(indent + form) < room)
    return next(fitting, indent[: room // 2] + CUT + parts[-1])
