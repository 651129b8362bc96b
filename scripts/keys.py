"""Prints the table of keys, or puts it into a document in place of the one that is there.

Usage: python -m scripts.keys [docs/keys.md]
"""

import re
import sys
from pathlib import Path

from tui.dashboard.keys import KEYS, Key
from tui.dashboard.overlay_keys import OVERLAYS

HEAD = "| key | does |\n|---|---|\n"


def table() -> str:
    rooms = (f"\nIn {name}:\n\n{_rows(keys)}" for name, keys in OVERLAYS)
    return _rows(KEYS) + "".join(rooms)


def _rows(keys: list[Key]) -> str:
    rows = [f"| `{key.display.replace(' ', '` `')}` | {key.help} |\n" for key in keys]
    return HEAD + "".join(rows)


def main() -> None:
    if not sys.argv[1:]:
        print(table(), end="")
        return
    document = Path(sys.argv[1])
    one = rf"{re.escape(HEAD)}(?:\|.*\n)*"
    every = rf"{one}(?:\nIn [^\n]*:\n\n{one})*"
    before, after = re.split(every, document.read_text(), maxsplit=1)
    document.write_text(before + table() + after)


if __name__ == "__main__":
    main()
