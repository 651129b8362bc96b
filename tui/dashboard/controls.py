"""What runs, and how a person changes it without leaving the dashboard.

A control is one such thing: the sound clip, where it starts, the model, the device, the
precision, interpreted or compiled. What is typed for them makes new `Settings`, with which
the engine starts anew. What a mistyped number or a file that is not there would cost, a
restart, is refused before; all else the engine refuses in its own words.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from debug.protocol.diagnostic import Problem
from debug.protocol.values import Mode
from tui.settings import PORT, Settings

SHORTEST = 1.0
"""Seconds of a window, at least."""


def _file(text: str) -> str:
    path = Path(text).expanduser()
    if not path.is_file():
        reason = "is a folder" if path.is_dir() else "is not there"
        raise ValueError(f"{text} {reason}: give an audio file, or nothing for the clip")
    if path.suffix == ".py":
        raise ValueError(f"{text} is a port: quit (q), then maxwhisper-tui {text}")
    return str(path)


def _seconds(least: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not least <= value < math.inf:
            raise ValueError(f"{text!r} is no number of seconds from {least:g}")
        return value

    return read


@dataclass(frozen=True)
class Control:
    name: str
    """The option that it stands for."""
    label: str
    help: str
    usual: str = ""
    """What holds where nothing was asked for."""
    choices: tuple[str, ...] = ()
    """All that may be asked for; none where anything may be typed."""
    read: Callable[[str], Any] = str
    """Raises a ValueError that says what is allowed."""
    of_whisper: bool = False
    """Whether a port's file says it itself."""


ENGINE = "engine"
CONTROLS = (
    Control("audio", "input", "an audio file", "", (), _file, True),
    Control("start", "start", "seconds into the audio", "0", (), _seconds(0), True),
    Control("seconds", "window", "seconds of audio", "30", (), _seconds(SHORTEST), True),
    Control("model", "model", "a name, file or folder", "micro", of_whisper=True),
    Control("device", "device", "auto, cpu, gpu or gpu:1", "auto"),
    Control(
        "dtype",
        "dtype",
        "MAX computes in it",
        "float32",
        ("float32", "float64", "float16", "bfloat16"),
    ),
    Control(
        ENGINE,
        "engine",
        "compile takes minutes",
        Mode.INTERPRET.value,
        tuple(mode.value for mode in Mode),
    ),
)


def controls_of(settings: Settings) -> list[Control]:
    """Those that matter to what is being debugged."""
    is_port = settings.factory == PORT
    return [each for each in CONTROLS if not (is_port and each.of_whisper)]


def why_not(control: Control, settings: Settings) -> str:
    """Why a control can't be changed, in a line; empty if it can."""
    if control in controls_of(settings):
        return ""
    port = Path(str(settings.options.get("port", "its file"))).name
    return f"{port} says itself what it runs: change its {control.label} there, and save"


def current(control: Control, settings: Settings) -> str:
    """What was asked for, as it would be typed."""
    if control.name == ENGINE:
        return settings.mode.value
    value = settings.options.get(control.name)
    if value is None:
        return control.usual
    return f"{value:g}" if isinstance(value, float) else str(value)


def changed(settings: Settings, typed: Mapping[str, str]) -> Settings:
    """With what was typed, by the controls' names, in the place of what was.

    Raises:
        Problem: one of them can't be meant; it says which, and what is allowed.
    """
    options, mode = dict(settings.options), settings.mode
    for control in controls_of(settings):
        text = typed.get(control.name, current(control, settings)).strip()
        if text == current(control, settings):
            continue
        if control.name == ENGINE:
            mode = Mode(text)
        elif text in ("", control.usual):
            options.pop(control.name, None)
        else:
            try:
                options[control.name] = control.read(text)
            except ValueError as error:
                raise Problem("arguments", f"{control.label}: {error}") from error
    if "seconds" in options and options["seconds"] == float(_usual("seconds")):
        del options["seconds"]
    return replace(settings, options=options, mode=mode)


def _usual(name: str) -> str:
    return next(each.usual for each in CONTROLS if each.name == name)


def difference(before: Settings, after: Settings) -> str:
    """What has changed, for the log: ``dtype float64, engine compile``."""
    return ", ".join(
        f"{each.label} {current(each, after) or 'the bundled clip'}"
        for each in controls_of(after)
        if current(each, before) != current(each, after)
    )
