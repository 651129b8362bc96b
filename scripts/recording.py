"""The README's recording: a bug, its cause and its end, as one SVG that moves.

Usage: python -m scripts.recording [docs/recording.svg]

The real dashboard runs on a copy of the shipped port, which is saved with a bug and mended
again. Each picture is one of the screen at such a moment, shown for some seconds; all are
in one file without scripts, fonts or anything else from elsewhere.
"""

import argparse
import asyncio
import re
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from textual.pilot import Pilot

from scripts.screenshots import SHIPPED
from tui.dashboard.app import Dashboard
from tui.settings import Settings

SIZE = 120, 36
RIGHT, WRONG = "epsilon=1e-5", "epsilon=1e-3"
FONT = re.compile(r"@font-face\s*{[^}]*}")
VIEW_BOX = re.compile(r'viewBox="([^"]*)"')


@dataclass(frozen=True)
class Picture:
    svg: str
    seconds: float


async def pictures(port: Path) -> AsyncIterator[Picture]:
    """Plays it: some minutes at most, as long as the engine takes.

    Args:
        port: a right one, which is written over.
    """
    app = Dashboard(Settings({"graph": str(port)}))

    def seen(title: str, seconds: float) -> Picture:
        return Picture(app.export_screenshot(title=title), seconds)

    async with app.run_test(size=SIZE) as pilot:
        await _settled(app, pilot, 1)
        yield seen("make run", 2)
        port.write_text(port.read_text().replace(RIGHT, WRONG))
        while not (app.state.results.generation == 2 and app.state.results.is_complete):
            await pilot.pause(0.02)
        yield seen(f"core/encoder.py is saved with {WRONG}", 1.5)
        await _settled(app, pilot, 2)
        yield seen("the guilty line, the mistake, and the layers that it makes wrong", 3)
        await pilot.press("V")
        await pilot.pause(1)
        yield seen("V: the values of the layer, MAX beside PyTorch", 1.5)
        await pilot.press("escape")
        port.write_text(port.read_text().replace(WRONG, RIGHT))
        await _settled(app, pilot, 3)
        yield seen(f"saved with {RIGHT} again", 2)


async def _settled(app: Dashboard, pilot: Pilot, generation: int) -> None:
    run = app.state.results
    while not (run.generation == generation and run.is_complete and run.settled):
        await pilot.pause(0.1)
    await pilot.pause(0.3)


def moving(shown: list[Picture]) -> str:
    """One SVG of all, each visible for its seconds, around."""
    whole, begin = sum(each.seconds for each in shown), 0.0
    [box] = set(VIEW_BOX.findall("".join(each.svg.partition(">")[0] for each in shown)))
    styles, frames = [], []
    for number, each in enumerate(shown):
        first, last = (100 * at / whole for at in (begin, begin + each.seconds))
        begin += each.seconds
        hidden = "0% { visibility: hidden } " if number else ""
        seen = (
            f"{first:.2f}% {{ visibility: visible }} {last:.2f}% {{ visibility: hidden }}"
        )
        styles.append(f"@keyframes shown-{number} {{ {hidden}{seen} }}")
        style = f"animation: shown-{number} {whole:g}s step-end infinite"
        svg = FONT.sub("", each.svg)
        svg = svg[svg.index("<svg") :].replace("<svg", f'<svg style="{style}"', 1)
        frames.append(svg)
    style = "\n".join(styles)
    begin_of = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}">'
    return "\n".join([begin_of, f"<style>{style}</style>", *frames, "</svg>\n"])


async def _played() -> list[Picture]:
    with tempfile.TemporaryDirectory() as folder:
        port = Path(folder) / SHIPPED.name
        port.write_text(SHIPPED.read_text())
        return [each async for each in pictures(port)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, nargs="?", default=Path("docs/recording.svg"))
    arguments = parser.parse_args()
    arguments.file.write_text(moving(asyncio.run(_played())))


if __name__ == "__main__":
    main()
