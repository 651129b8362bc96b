"""Prints the table of keys for the README."""

from tui.dashboard.keys import KEYS


def table() -> str:
    rows = ["| key | does |", "|---|---|"]
    rows += [f"| `{key.display.replace(' ', '` `')}` | {key.help} |" for key in KEYS]
    return "\n".join(rows)


if __name__ == "__main__":
    print(table())
