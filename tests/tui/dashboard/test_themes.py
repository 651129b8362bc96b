"""Every theme can be read, and nothing is told by its colours alone."""

import pytest
from contrast import contrast
from fakes import FakeEngine, settle
from textual.color import Color

from tui import verdict_colours as verdicts
from tui.dashboard.app import Dashboard
from tui.dashboard.themes import HIGH_CONTRAST, THEMES
from tui.settings import Settings


@pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
def test_every_verdict_and_every_bar_can_be_read(theme):
    least = 7.0 if theme.name == HIGH_CONTRAST else 4.5
    ground = theme.background or "#121212"
    palette = verdicts.DARK if theme.dark else verdicts.LIGHT
    assert min(contrast(colour, ground) for colour in palette.values()) >= least
    for colour in (theme.success, theme.warning, theme.error):
        assert max(contrast(colour, "#000000"), contrast(colour, "#ffffff")) >= 4.5


def grey(colour: str | None) -> float:
    assert colour is not None
    return Color.parse(colour).monochrome.brightness


@pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
def test_amber_is_told_from_red_and_green_by_its_brightness_too(theme):
    amber = grey(theme.warning)
    assert amber - grey(theme.error) >= 0.05
    assert amber - grey(theme.success) >= 0.05


async def test_a_key_goes_through_the_themes(app, press):
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        gone_through = [app.theme]
        for _ in THEMES:
            await press(pilot, "l")
            gone_through.append(app.theme)
        assert gone_through == [*THEMES, "dark"]


async def test_without_colours_all_is_grey_and_says_the_same(app, press, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    made = Dashboard(Settings({"model": "imaginary"}, paused=True))
    async with made.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        FakeEngine.instances[-1].ratios = {5: 300.0}
        FakeEngine.instances[-1].isolated = {5: 280.0}
        await press(pilot, "c")
        strips = made.screen._compositor.render_strips()
        said = "\n".join(strip.text for strip in strips)
        assert "■ first wrong: blocks.0.attn" in said
        assert "✗ blocks.0.attn" in said
        styles = (segment.style for strip in strips for segment in strip)
        for style in filter(None, styles):
            for colour in filter(None, (style.color, style.bgcolor)):
                red, green, blue = colour.get_truecolor()
                assert red == green == blue
