"""The command palette: every key by its name, and each control."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from textual.app import App, SystemCommand
from textual.widget import Widget

from tui.dashboard.controls import CONTROLS
from tui.dashboard.keys import APP_KEYS, ENGINE, KEYS
from tui.dashboard.overlay import Overlay


def commands_within(screen: Overlay[Any]) -> Iterator[SystemCommand]:
    """Those of the screen that lies on top."""
    for key in screen.KEYS:
        run = partial(screen.run_action, key.action)
        yield SystemCommand(f"{key.group.lower()}: {key.label}", key.help, run)


def commands_of(
    app: App[int], view: Widget, change: Callable[[str], None]
) -> Iterator[SystemCommand]:
    """
    Args:
        app: whose actions most keys are.
        view: whose actions those about the rows are.
        change: opens what runs at a control.
    """
    for key in KEYS:
        run = partial(app.run_action, key.action, app if key in APP_KEYS else view)
        yield SystemCommand(f"{key.group.lower()}: {key.label}", key.help, run)
    for control in CONTROLS:
        title = f"{ENGINE.lower()}: {control.label}"
        yield SystemCommand(title, control.help, partial(change, control.name))
