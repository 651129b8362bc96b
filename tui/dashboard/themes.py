"""How the dashboard looks: dark, light, and with high contrast.

The colours of `ok`, `watch` and the other verdicts are in ``tui/verdict_colours.py``, since
the commands use them, too.

Green, amber and red of the status bar are Okabe and Ito's, which colour-blind people can
tell apart; a glyph and a word stand beside each. With NO_COLOR, Textual draws all of it in
grey.
"""

from collections.abc import Sequence
from typing import Any

from textual.app import App
from textual.filter import DimFilter, LineFilter
from textual.theme import Theme

HIGH_CONTRAST = "high-contrast"

THEMES = {
    "dark": Theme(
        name="dark",
        primary="#0178D4",
        secondary="#004578",
        accent="#FFA62B",
        warning="#E69F00",
        error="#E0603A",
        success="#2FB68D",
        foreground="#E0E0E0",
        dark=True,
        variables={
            "edge": "#E0E0E0 30%",
            "caption": "#E0E0E0 70%",
            "chosen": "#FFA62B 35%",
            "cursor": "#E0E0E0 18%",
        },
    ),
    "light": Theme(
        name="light",
        primary="#004578",
        secondary="#0178D4",
        accent="#9A5200",
        warning="#E69F00",
        error="#B03A00",
        success="#00724F",
        foreground="#1A1A1A",
        background="#F2F2F2",
        surface="#E8E8E8",
        panel="#DADADA",
        dark=False,
        variables={
            "edge": "#1A1A1A 40%",
            "caption": "#1A1A1A 80%",
            "chosen": "#9A5200 30%",
            "cursor": "#1A1A1A 14%",
            "footer-key-foreground": "#004578",
        },
    ),
    HIGH_CONTRAST: Theme(
        name=HIGH_CONTRAST,
        primary="#5CB8FF",
        secondary="#5CB8FF",
        accent="#FFD700",
        warning="#FFB000",
        error="#FF7A50",
        success="#00D69A",
        foreground="#FFFFFF",
        background="#000000",
        surface="#000000",
        panel="#262626",
        dark=True,
        variables={
            "edge": "#FFFFFF",
            "caption": "#FFFFFF",
            "chosen": "#0050A0",
            "cursor": "#404040",
            "footer-key-foreground": "#FFD700",
        },
    ),
}
"""By name, in the order in which a key goes through them."""

USUAL = {
    "edge": "#808080 60%",
    "caption": "#808080",
    "chosen": "#808080 50%",
    "cursor": "#808080 30%",
}
"""What a theme of Textual's has: lines around panes, their titles, the row that is selected
with the focus and without."""

DIM = {HIGH_CONTRAST: 0.8}
"""How much of its colour is left of what is dim, if not half."""


class ThemedApp(App[int]):
    """An app that has these themes, and begins with the first."""

    def __init__(self) -> None:
        super().__init__()
        for theme in THEMES.values():
            self.register_theme(theme)
        self.theme = next(iter(THEMES))

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return USUAL

    def notify(self, message: str, **options: Any) -> None:
        """In the last line, where only the latest has room."""
        self.clear_notifications()
        super().notify(message, **options)

    def get_line_filters(self) -> Sequence[LineFilter]:
        filters, factor = super().get_line_filters(), DIM.get(self.theme)
        if factor is None:
            return filters
        return [DimFilter(factor) if isinstance(f, DimFilter) else f for f in filters]

    def action_light(self) -> None:
        """The next theme, around."""
        names = list(THEMES)
        place = names.index(self.theme) + 1 if self.theme in names else 0
        self.theme = names[place % len(names)]
        self.notify(f"theme: {self.theme}")
