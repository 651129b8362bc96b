"""Prints the table of keys, or puts it into a document in place of the one that is there.

Usage: python -m scripts.keys [docs/keys.md]
"""

import re
import sys
from pathlib import Path

from tui.dashboard.keys import KEYS

HEAD = "| key | does |\n|---|---|\n"


def table() -> str:
    rows = [f"| `{key.display.replace(' ', '` `')}` | {key.help} |\n" for key in KEYS]
    return HEAD + "".join(rows)


def main() -> None:
    if not sys.argv[1:]:
        print(table(), end="")
        return
    document = Path(sys.argv[1])
    before, after = re.split(
        rf"{re.escape(HEAD)}(?:\|.*\n)*", document.read_text(), maxsplit=1
    )
    document.write_text(before + table() + after)


if __name__ == "__main__":
    main()
