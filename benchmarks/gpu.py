"""All that only a GPU can show, in one go of a few minutes.

Prints each row as it comes, goes on after one that fails, and writes JSON and a table after
every row, so that a run that is cut off leaves what it had. Each row has a process of its
own: a crash or a full memory ends that row only. What must be compiled is compiled beside
the other rows, and what is timed has the machine to itself.

Usage: python benchmarks/gpu.py [--device gpu:1] [--quick] [--minutes 8] [--only check ...]
       python benchmarks/gpu.py --device cpu     tries the script itself, without a GPU
"""

import argparse
import re
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.gpu_rows.children import Children  # noqa: E402
from benchmarks.gpu_rows.plan import planned  # noqa: E402
from benchmarks.gpu_rows.report import Report  # noqa: E402
from benchmarks.gpu_rows.schedule import run_rows  # noqa: E402

COULD_NOT_RUN = 2
MINUTES = {"gpu": (8.0, 3.0), "cpu": (60.0, 20.0)}
"""For everything, and for ``--quick``. A CPU of few cores compiles much longer."""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--device", default="gpu", help="gpu, gpu:1 or cpu (default: gpu)")
    parser.add_argument(
        "--quick", action="store_true", help="the first third, in 3 minutes"
    )
    parser.add_argument(
        "--minutes", type=float, help="to stop after (default: 8; 3 for --quick)"
    )
    parser.add_argument("--only", nargs="+", metavar="WORD", help="rows with these words")
    parser.add_argument(
        "--save", type=Path, default=ROOT / "benchmarks" / "results", help="the folder"
    )
    arguments = parser.parse_args()
    if not re.fullmatch(r"cpu|gpu(:\d+)?", arguments.device):
        print(
            f"unknown device {arguments.device!r}; choose gpu, gpu:1 or cpu",
            file=sys.stderr,
        )
        return COULD_NOT_RUN
    signal.signal(signal.SIGTERM, interrupt)  # as Ctrl-C: what is measured is written
    rows = planned(arguments.device, arguments.quick)
    if arguments.only:
        rows = [row for row in rows if any(word in row.name for word in arguments.only)]
    command = " ".join(["python", "benchmarks/gpu.py", *sys.argv[1:]])
    report = Report(arguments.save, command, arguments.device)
    minutes = arguments.minutes or MINUTES[arguments.device[:3]][arguments.quick]
    children = Children(arguments.device, report.folder)
    try:
        run_rows(rows, children, report, minutes * 60)
    except KeyboardInterrupt:
        print("interrupted: what was measured is written")
    finally:
        children.end()
        report.write()
    print(f"\n{report.summary()}\n{report.table_file}\n{report.json_file}")
    return 0 if report.all_good else 1


def interrupt(_: int, __: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
