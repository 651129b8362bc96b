"""One layer of a port to MAX beside the reference's own, on the same input.

Needs what README.md says, and the files beside it. Exit status 1 if the port's layer is
wrong, 0 if it is right, 2 if either side can't be run.
"""

import importlib
import json
import sys
import traceback
from pathlib import Path

HERE = Path(__file__).parent


def main(layer: str) -> int:
    # Only here, so that what can't be imported is no wrong layer.
    said, wrong = importlib.import_module("maxwhisper.comparison").compared(HERE)
    print(f"{layer}: {said}")
    return int(wrong)


if __name__ == "__main__":
    layer = json.loads((HERE / "metrics.json").read_text())["layer"]
    try:
        sys.exit(main(layer))
    except Exception as error:
        traceback.print_exc()
        reason = traceback.format_exception_only(error)[0].splitlines()[0]
        print(f"{layer}: can't be run, {reason}")
        sys.exit(2)
