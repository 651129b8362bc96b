"""What each view looks like, in every size and every theme. After a wanted change:
pytest --snapshot-update, and a look at each picture.

A colour does not depend on the size, nor a place on the theme: so each view is there in all
sizes in dark, and in the other themes at one size."""

from collections.abc import Iterator

import pytest
from dashboard_views import ON_TOP, VIEWS
from fakes import settle

from tui.dashboard.themes import THEMES

SIZES = ((60, 20), (80, 24), (120, 36), (160, 50))
USUAL_SIZE, USUAL_THEME = (80, 24), "dark"


def cases() -> Iterator:
    for view in VIEWS:
        # What lies on top of the rest is as large in any large terminal.
        for size in SIZES[:2] if view in ON_TOP else SIZES:
            for theme in THEMES:
                if size == USUAL_SIZE or theme == USUAL_THEME:
                    name = f"{view}-{size[0]}x{size[1]}-{theme}"
                    yield pytest.param(view, size, theme, id=name)


@pytest.mark.parametrize(("view", "size", "theme"), cases())
def test_a_view(app, snap_compare, view: str, size: tuple[int, int], theme: str):
    sight = VIEWS[view]

    async def seen(pilot) -> None:
        await settle(pilot)
        app.theme = theme
        await sight.state(pilot)
        await settle(pilot)
        await pilot.press(*sight.keys)
        await settle(pilot)

    assert snap_compare(app, terminal_size=size, run_before=seen)
