"""Pictures of the running dashboard, as SVG: the README's is one of them.

Usage: python -m scripts.screenshots FILE.svg [--graph FILE] [--size 120x36] [--keys "x 4"]

Without a graph it is the shipped one with a bug, as the README says.
"""

import argparse
import asyncio
import tempfile
from pathlib import Path

import core
from tui.dashboard.app import Dashboard
from tui.settings import Settings

SHIPPED = Path(core.__file__).with_name("encoder.py")
BUG = "return ops.gelu(x)", 'return ops.gelu(x, "tanh")'


async def picture(graph: str, keys: list[str], size: tuple[int, int], light: bool) -> str:
    """Runs every layer on the real engine, presses keys, and draws the screen."""
    app = Dashboard(Settings({"graph": graph}))
    async with app.run_test(size=size) as pilot:
        if light:
            await pilot.press("l")
        while not (app.state.results.is_complete and app.state.results.settled):
            await pilot.pause(0.1)
        await pilot.press(*keys)
        await pilot.pause(0.3)
        return app.export_screenshot(title="maxwhisper")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--graph")
    parser.add_argument("--size", default="120x36")
    parser.add_argument("--light", action="store_true")
    parser.add_argument("--keys", default="")
    arguments = parser.parse_args()
    width, _, height = arguments.size.partition("x")
    size = int(width), int(height)
    with tempfile.TemporaryDirectory() as folder:
        broken = Path(folder) / SHIPPED.name
        broken.write_text(SHIPPED.read_text().replace(*BUG))
        graph = arguments.graph or str(broken)
        keys = arguments.keys.split()
        svg = asyncio.run(picture(graph, keys, size, arguments.light))
    arguments.file.write_text(svg)


if __name__ == "__main__":
    main()
