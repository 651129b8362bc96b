"""The config file: what a person wants of every dashboard.

    theme = "light"

    [keys]
    step = "s,f11"

An entry that can't be meant is left out, and said with its line and what is allowed; the
others hold. So does all that is usual where the file is no TOML at all: a config never
keeps the dashboard from starting.
"""

import math
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from debug.protocol.diagnostic import Diagnostic
from debug.protocol.plain import plain
from debug.protocol.values import Tolerance
from tui.dashboard.arrangement import ColumnKey
from tui.dashboard.keys import KEYS, Key, keys_of
from tui.dashboard.room import SIDE_PANES, PaneSizes
from tui.dashboard.themes import THEMES
from tui.paths import config_folder

LARGEST = 1 << 20
"""Bytes of a file that somebody may have written by hand."""
AT = re.compile(r" \(at line (\d+), column \d+\)$")


@dataclass
class Config:
    theme: str | None = None
    confirm: bool | None = None
    """Whether each save is confirmed by the compiled graph; None for what is usual."""
    columns: list[ColumnKey] | None = None
    """The most wanted first."""
    keys: dict[str, str] = field(default_factory=dict)
    """By the names of `Key`, as Textual writes them."""
    side: str | None = None
    """The pane beside the layers where there is room for one."""
    panes: PaneSizes = field(default_factory=PaneSizes)
    tolerance: Tolerance | None = None
    problems: list[Diagnostic] = field(default_factory=list)
    """What was left out, and why, each with its line."""


def config_path() -> Path:
    """``$XDG_CONFIG_HOME/maxwhisper/config.toml``."""
    return config_folder() / "config.toml"


def read_config(path: Path) -> Config:
    """What a file says; nothing of it where there is none."""
    config = Config()

    def complain(message: str, line: int | None) -> None:
        config.problems.append(Diagnostic("config", plain(message), str(path), line))

    try:
        with path.open("rb") as file:
            text = file.read(LARGEST).decode()
        tables = tomllib.loads(text)
    except FileNotFoundError:
        return config
    except OSError as error:
        complain(f"can't be read ({error.strerror}): what is usual holds", None)
        return config
    except UnicodeDecodeError:
        complain("is no text in UTF-8: what is usual holds", None)
        return config
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        said, at = str(error), AT.search(str(error))
        line = int(at[1]) if at else None
        message = said[: at.start()] if at else said
        complain(f"is no TOML ({message}): what is usual holds", line)
        return config
    for names, value in _entries(tables):
        try:
            _take(config, names, value)
        except ValueError as error:
            complain(f"{'.'.join(names)} {error}", line_of(text, names))
    for message, names in _clashes(config):
        complain(message, line_of(text, names))
    return config


def _entries(tables: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, value in tables.items():
        if isinstance(value, dict) and name in TABLES:
            for inner, entry in value.items():
                yield (name, inner), entry
        else:
            yield (name,), value


def _take(config: Config, names: tuple[str, ...], value: Any) -> None:
    """
    Raises:
        ValueError: what is allowed.
    """
    match names:
        case ("theme",):
            config.theme = _one_of(tuple(THEMES), value)
        case ("confirm",):
            config.confirm = _yes_or_no(value)
        case ("columns",):
            config.columns = _columns(value)
        case ("keys", name):
            config.keys[_named_key(name)] = _keys(value)
        case ("panes", "side"):
            config.side = _side(value)
        case ("panes", ("left" | "top" | "bottom") as name):
            config.panes = replace(config.panes, **{name: _cells(value)})
        case ("tolerance", ("rtol" | "atol") as name):
            number = _at_least_zero(value)
            known = config.tolerance or Tolerance(0.0, 0.0)
            rtol, atol = known.rtol, known.atol
            rtol, atol = (number, atol) if name == "rtol" else (rtol, number)
            config.tolerance = Tolerance(rtol, atol)
        case (name,):
            allowed = ", ".join((*TOP, *(f"[{each}]" for each in TABLES)))
            raise ValueError(f"is unknown; allowed are {allowed}")
        case (table, _):
            raise ValueError(f"is unknown; [{table}] has {', '.join(TABLES[table])}")


TOP = ("theme", "columns", "confirm")
TABLES: dict[str, Sequence[str]] = {
    "keys": ("the names of the palette",),
    "panes": ("side", *(each.name for each in fields(PaneSizes))),
    "tolerance": ("rtol", "atol"),
}


def _one_of(allowed: Sequence[str], value: object) -> str:
    if value not in allowed or not isinstance(value, str):
        raise ValueError(f"is {_shown(value)}; allowed are {', '.join(allowed)}")
    return value


def _yes_or_no(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"is {_shown(value)}; allowed are true and false")
    return value


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _columns(value: object) -> list[ColumnKey]:
    allowed = [key.value for key in ColumnKey if key not in FIXED]
    if not isinstance(value, list):
        raise ValueError(f"must be a list of {', '.join(allowed)}")
    for each in value:
        _one_of(allowed, each)
    return list(dict.fromkeys(ColumnKey(each) for each in value))


FIXED = (ColumnKey.MARK, ColumnKey.VERDICT, ColumnKey.NAME)
"""Columns that are always there."""


def _side(value: object) -> str:
    return _one_of(SIDE_PANES, value)


def _cells(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 3 <= value <= 500:
        raise ValueError(f"is {_shown(value)}; allowed are 3 to 500 cells")
    return value


def _at_least_zero(value: object) -> float:
    if isinstance(value, int | float) and 0 <= value < math.inf and value is not True:
        return float(value)
    raise ValueError(f"is {_shown(value)}; allowed are numbers from 0")


def _named_key(name: str) -> str:
    names = [key.name for key in KEYS]
    if name not in names:
        near = f"{', '.join(names[:6])} ... as the palette (ctrl+p) and docs/config.md say"
        raise ValueError(f"is no command; allowed are {near}")
    return name


def _keys(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f'is {_shown(value)}; allowed are keys such as "s" or "s,f11"')
    return keys_of(value)


def _clashes(config: Config) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Takes away the keys that something else has; says which, and whose they are."""
    owner = {}
    for key in effective(config.keys):
        for each in key.keys.split(","):
            other = owner.setdefault(each, key)
            if other is key:
                continue
            loser, winner = (key, other) if key.name in config.keys else (other, key)
            if loser.name in config.keys:
                del config.keys[loser.name]
                message = f"keys.{loser.name} is {each!r}, which is {winner.name}'s"
                yield f"{message}; allowed is any that is free", ("keys", loser.name)


def effective(keys: Mapping[str, str]) -> list[Key]:
    """Every key of the dashboard, with those of the config."""
    return [key.on(keys[key.name]) if key.name in keys else key for key in KEYS]


def line_of(text: str, names: tuple[str, ...]) -> int | None:
    """Where an entry stands, counted from 1; None if it is not seen."""
    table, wanted = "", ".".join(names)
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[+\s*([^\]]+?)\s*\]", line):
            table = _bare(header[1])
            if table == wanted:
                return number
        elif entry := re.match(r"\s*([\w.\"' -]+?)\s*=", line):
            name = _bare(entry[1])
            if (f"{table}.{name}" if table else name) == wanted:
                return number
    return None


def _bare(name: str) -> str:
    return re.sub(r"[\s\"']", "", name)
