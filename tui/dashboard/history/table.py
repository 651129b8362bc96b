"""A row a save, the last one on top."""

from rich.text import Text
from textual.coordinate import Coordinate
from textual.widgets import DataTable

from debug.protocol.values import Divergence
from debug.results.run import Run
from tui import words
from tui.dashboard.history.difference import file_changes
from tui.dashboard.history.texts import unexplained
from tui.dashboard.room import SLIM_BELOW
from tui.dashboard.saves import History, Result, Save
from tui.verdict_colours import colour

ROOMY = 100
"""Cells from which the outcome has a column of its own."""
GAPS = 2
"""Cells around a column's text."""
NUMBER, TIME, CHANGE, RATIO, OUTCOME = 5, 8, 22, 9, 14
"""Cells of the columns; the root causes have the rest."""
NARROW_CHANGE, SLIM_CHANGE, LEAST = 16, 12, 20
COMPARED_WITH = "⇄"


class SavesPane(DataTable[Text]):
    BORDER_TITLE = "saves"

    def __init__(self) -> None:
        super().__init__(id="saves", cursor_type="row", zebra_stripes=False)
        self._numbers: list[int] = []
        self._widths: list[tuple[str, int]] = []
        self._changed: dict[int, str] = {}
        """What a save changed: it never becomes another."""
        self.filling = False
        """Whether the cursor is moved by nobody."""

    def number_at(self, row: int) -> int | None:
        return self._numbers[row] if 0 <= row < len(self._numbers) else None

    def fill(
        self, history: History, run: Run, number: int | None, marked: int | None
    ) -> None:
        """
        Args:
            history: all saves.
            run: what is known of the last one.
            number: of the save to be selected.
            marked: of the one that others are compared with.
        """
        widths = self._columns()
        numbers = [save.number for save in reversed(history.saves)]
        is_new = widths != self._widths or numbers != self._numbers
        if is_new:
            self.filling = True
            self.clear(columns=True)
            for title, width in widths:
                right = "right" if title == "worst R" else "left"
                self.add_column(Text(title, justify=right), width=width)
            for save in reversed(history.saves):
                self.add_row(*(Text() for _ in widths), key=str(save.number))
        self._widths, self._numbers = widths, numbers
        for row, save in enumerate(reversed(history.saves)):
            cells = self._cells(history, save, history.result(save, run), marked)
            for column, (_, width) in enumerate(widths):
                text = cells[widths[column][0]]
                text.truncate(width, overflow="ellipsis")
                place = Coordinate(row, column)
                if self.get_cell_at(place) != text:
                    self.update_cell_at(place, text)
        if is_new:  # else it is where the person has left it
            if number in numbers:
                self.move_cursor(row=numbers.index(number), animate=False)
            self.call_after_refresh(self._filled)

    def _filled(self) -> None:
        self.filling = False

    def _columns(self) -> list[tuple[str, int]]:
        """The titles and widths that fit."""
        width = max(self.size.width, self.app.size.width) - 2
        change = CHANGE if width >= ROOMY else NARROW_CHANGE
        columns = [("save", NUMBER), ("time", TIME), ("change", change)]
        if width < SLIM_BELOW - 2:
            columns = [("save", NUMBER), ("change", SLIM_CHANGE)]
        last = [("worst R", RATIO)]
        if width >= ROOMY:
            last.append(("outcome", OUTCOME))
        used = sum(each + GAPS for _, each in (*columns, *last)) + GAPS
        return [*columns, ("root causes", max(width - used, LEAST)), *last]

    def _cells(
        self, history: History, save: Save, result: Result, marked: int | None
    ) -> dict[str, Text]:
        mark = COMPARED_WITH if save.number == marked else " "
        style = "" if history.is_last(save) else "dim"
        worst = result.layers[result.worst].chained if result.worst else None
        return {
            "save": Text(f"{mark} {save.number}", "bold" if not style else ""),
            "time": Text(save.time),
            "change": Text(self._change(history, save)),
            "root causes": self._answer(result, history.is_last(save)),
            "worst R": Text(_number(worst) if worst else "", justify="right"),
            "outcome": Text(said(result)),
        }

    def _change(self, history: History, save: Save) -> str:
        if save.number not in self._changed:
            before, same = history.before(save), history.same_as(save)
            changes = file_changes(before.files, save.files) if before else []
            text = ", ".join(str(change) for change in changes) or "as it was opened"
            self._changed[save.number] = f"as save {same.number}" if same else text
        return self._changed[save.number]

    def _answer(self, result: Result, is_last: bool) -> Text:
        """The first root cause, and how many more there are."""
        if result.problem is not None and not result.layers:
            return Text(f"✗ {result.problem}", "bold")
        verdict = result.verdict
        if verdict is None:
            return Text("it is being run …" if is_last else "nothing was run", "dim")
        shade = colour(verdict, self.app.current_theme.dark)
        text = Text.assemble((f"{words.GLYPHS[verdict]} ", f"bold {shade}"))
        if result.causes:
            more = len(result.causes) - 1
            text.append(f"{more + 1} causes: " if more else "")
            return text.append(result.causes[0])
        if verdict.wrong:
            return text.append(unexplained(result))
        return text.append(f"{'all layers' if result.is_complete else result.ran} ok")


def _number(of: Divergence) -> str:
    """R, or why there is none."""
    return words.verdict(of.verdict) if of.ratio is None else words.ratio(of.ratio)


def said(result: Result) -> str:
    """Whether the outcome is the same on both sides, in a word."""
    found = result.outcome
    if found is None:
        return ""
    return "the same" if found.reference == found.candidate else "another"
