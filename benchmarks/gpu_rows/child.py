"""A row in its own process: python -m benchmarks.gpu_rows.child MEASURE ARGUMENTS CORES

Ends when its stdin does, so that nothing goes on computing after the script was ended.
Every 20 s its log gets the functions that are at work: a row that is cut off has said where
its time went.
"""

import faulthandler
import importlib
import json
import os
import sys
from dataclasses import asdict
from typing import Any

from benchmarks.gpu_rows.found import rounded
from debug.protocol.child_end import end_with, private_stdout
from debug.protocol.diagnostic import from_exception

SAMPLE_SECONDS = 20


def main() -> int:
    os.sched_setaffinity(0, json.loads(sys.argv[3]))  # before a library counts them
    messages = private_stdout()
    end_with(sys.stdin.fileno())
    faulthandler.dump_traceback_later(SAMPLE_SECONDS, repeat=True)
    module, _, name = sys.argv[1].partition(":")

    def tell(message: dict[str, Any]) -> None:
        messages.write(json.dumps(rounded(message)).encode() + b"\n")

    try:
        measure = getattr(importlib.import_module(f"benchmarks.gpu_rows.{module}"), name)
        arguments = json.loads(sys.argv[2])
        found = measure(lambda figures: tell({"figures": figures}), **arguments)
    except Exception as error:
        diagnostic = from_exception("row", error)
        print(diagnostic.detail, file=sys.stderr)
        tell({"problem": str(diagnostic)})
        return 1
    tell(asdict(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
