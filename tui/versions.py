"""Which versions are installed. They are looked up: importing torch takes seconds."""

import platform
from argparse import SUPPRESS, Action, ArgumentParser
from importlib.metadata import PackageNotFoundError, version
from typing import Any

PACKAGES = {"maxwhisper": "maxwhisper-tui", "max": "max", "torch": "torch"}
"""What a bug report needs, and what the package index calls each."""
MISSING = "not installed"


def versions() -> dict[str, str]:
    """By name: the project, MAX, torch and Python."""
    found = {name: _version(package) for name, package in PACKAGES.items()}
    return {**found, "Python": platform.python_version()}


def versions_line() -> str:
    """``maxwhisper 0.1.0, max 26.7.0, torch 2.13.0, Python 3.11.9``."""
    return ", ".join(f"{name} {number}" for name, number in versions().items())


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return MISSING


def add_version_option(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--version",
        action=_ShowVersions,
        nargs=0,
        default=SUPPRESS,
        dest=SUPPRESS,
        help="say which versions of maxwhisper, MAX and torch are installed, and end",
    )


class _ShowVersions(Action):
    """As argparse's own, but they are looked up only if somebody asks."""

    def __call__(self, parser: ArgumentParser, *_: Any, **__: Any) -> None:
        print(versions_line(), flush=True)
        parser.exit()
