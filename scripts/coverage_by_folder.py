"""Prints what share of its lines the tests ran, folder by folder: make coverage

Exit status 1 if core and debug together are below the floor in pyproject.toml.
"""

import sys
from collections import defaultdict
from pathlib import Path

from coverage import Coverage
from rich.console import Console
from rich.table import Table

PROMISED = ("core", "debug")
"""The packages that the floor is of."""


class Lines:
    """Counts of lines."""

    def __init__(self) -> None:
        self.all = self.run = 0

    @property
    def share(self) -> float:
        return 100 * self.run / self.all if self.all else 100.0


def counted(measured: Coverage) -> tuple[dict[str, Lines], dict[str, list[int]]]:
    """The counts by folder, and the lines by file that no test ran."""
    folders: defaultdict[str, Lines] = defaultdict(Lines)
    missing: dict[str, list[int]] = {}
    for file in sorted(measured.get_data().measured_files()):
        _, statements, _, left_out, _ = measured.analysis2(file)
        path = Path(file)
        for name in {path.parent.as_posix(), path.parts[0]}:
            folders[name].all += len(statements)
            folders[name].run += len(statements) - len(left_out)
        if left_out:
            missing[file] = left_out
    return dict(sorted(folders.items())), missing


def main() -> int:
    measured = Coverage()
    measured.load()
    folders, missing = counted(measured)
    console = Console(highlight=False)
    table = Table("folder", "lines", "run", box=None, pad_edge=False)
    for name, lines in folders.items():
        table.add_row(name, str(lines.all), f"{lines.share:.1f} %")
    console.print(table)
    for file, numbers in missing.items():
        console.print(f"{file}: {', '.join(map(str, numbers))}", soft_wrap=True)
    total = sum(folders[name].run for name in PROMISED if name in folders)
    share = 100 * total / sum(folders[name].all for name in PROMISED if name in folders)
    floor = measured.get_option("report:fail_under")
    assert isinstance(floor, float | int)
    console.print(f"{' and '.join(PROMISED)}: {share:.1f} %, of which {floor} are promised")
    return 0 if share >= floor else 1


if __name__ == "__main__":
    sys.exit(main())
