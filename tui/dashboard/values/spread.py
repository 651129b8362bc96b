"""How the values of both sides are spread, and how the errors are.

Both histograms are on one range, their heights on a log scale, so that a few values far out
are seen. The line is the candidate over the reference: a slope of 1 and an intercept of 0
where both agree, another slope for a factor, another intercept for a bias.
"""

import math

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from debug.protocol.survey import Located, Surveyed
from debug.protocol.verdict import Verdict
from tui import words
from tui.verdict_colours import colour

HEIGHT = 2
"""Lines of a histogram."""
RISING = " ▁▂▃▄▅▆▇█"
PARTS = {0.5: "half", 0.99: "99 %", 0.999: "99.9 %", 1.0: "all"}


class SpreadPane(VerticalScroll):
    BORDER_TITLE = "spread"

    def __init__(self) -> None:
        super().__init__(id="spread")
        self._text = Static(markup=False)
        self._shown: tuple[Located | None, Surveyed | None] = None, None

    def compose(self) -> ComposeResult:
        yield self._text

    def on_resize(self) -> None:
        self.show(*self._shown)

    def show(self, located: Located | None, surveyed: Surveyed | None) -> None:
        self._shown = located, surveyed
        known = located and surveyed and self._told(located, surveyed)
        self._text.update(known or Text("…", "dim"))

    def _told(self, located: Located, found: Surveyed) -> Text:
        width = max(self.scrollable_content_region.width, 8)
        bars = found.histogram
        low, high = words.number(bars.low, 3), words.number(bars.high, 3)
        lines = [
            *self._histogram("PyTorch", bars.reference, width, Style(dim=False)),
            *self._histogram(
                "MAX", bars.candidate, width, Style(color=self._accent, dim=False)
            ),
            Text(low + high.rjust(width - len(low)), "dim"),
            line_told(found),
            Text("of all values    are off by up to   ÷ typical", "dim"),
        ]
        for each in found.quantiles:
            part = PARTS.get(each.share, f"{each.share:%}")
            relative = each.error / located.typical if located.typical else 0.0
            error, of_typical = words.number(each.error, 3), words.number(relative, 3)
            lines.append(Text(f"{part:<17}{error:<18}{of_typical}"))
        floor, typical = words.number(located.floor, 3), words.number(located.typical, 3)
        lines.append(Text(f"typical value {typical}, PyTorch's rounding {floor}", "dim"))
        return Text("\n").join(lines)

    @property
    def _accent(self) -> str:
        return colour(Verdict.OK, self.app.current_theme.dark)

    @staticmethod
    def _histogram(side: str, counts: list[int], width: int, style: Style) -> list[Text]:
        """Its heights on a log scale of what the fullest step has."""
        wide = gathered(counts, width)
        largest = math.log1p(max(wide, default=0)) or 1.0
        eighths = [round(math.log1p(count) / largest * HEIGHT * 8) for count in wide]
        eighths = [max(each, 1) if n else 0 for each, n in zip(eighths, wide, strict=True)]
        lines = []
        for line in range(HEIGHT - 1, -1, -1):
            filled = (min(max(each - line * 8, 0), 8) for each in eighths)
            lines.append(Text("".join(RISING[each] for each in filled), style))
        return [Text(side, style + Style(bold=True)), *lines]


def line_told(found: Surveyed) -> Text:
    """The line through all values, as an equation."""
    if found.slope is None or found.intercept is None:
        return Text("PyTorch has one value only: no line through them", "dim")
    sign = "-" if found.intercept < 0 else "+"
    slope, intercept = f"{found.slope:.7g}", words.number(abs(found.intercept), 3)
    return Text.assemble("MAX ≈ ", (slope, "bold"), f" × PyTorch {sign} {intercept}")


def gathered(counts: list[int], width: int) -> list[int]:
    """The same counts in as many steps as there is room for: each step once or several
    times, or several in one."""
    if width >= len(counts):
        times = width // len(counts)
        return [count for count in counts for _ in range(times)]
    step = math.ceil(len(counts) / width)
    return [sum(counts[begin : begin + step]) for begin in range(0, len(counts), step)]
