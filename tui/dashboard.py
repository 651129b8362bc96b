"""The command ``maxwhisper-tui``."""

import argparse
import sys

from tui.settings import add_subject_options, settings_of


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="maxwhisper-tui",
        description="Step Whisper's encoder on MAX beside PyTorch, layer by layer.",
    )
    add_subject_options(parser)
    settings = settings_of(parser.parse_args())
    from tui.app import Dashboard  # after the arguments: --help need not wait for it

    return Dashboard(settings).run() or 0


if __name__ == "__main__":
    sys.exit(main())
