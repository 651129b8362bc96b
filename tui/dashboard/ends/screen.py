"""The overlay of both ends: the input with the error over it, and what comes of the result.

A bug at the edge of a window, in one word, or wherever a clip is silent, is seen at once
where the error stands under the sound. Inputs that are no sound are maps or numbers.
"""

from rich.console import Group, RenderableType
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container
from textual.widgets import Static

from debug.protocol.diagnostic import LOOK, Problem
from debug.protocol.survey import Axis, Sketch, Sketched
from debug.protocol.values import Layer
from tui import words
from tui.dashboard.changes import Answered, Change, Refused
from tui.dashboard.ends.outcome import told
from tui.dashboard.ends.sketches import (
    LABEL,
    numbers,
    profile,
    scale,
    shaded,
    waveform,
)
from tui.dashboard.engine_link import EngineLink
from tui.dashboard.overlay import Overlay
from tui.dashboard.overlay_keys import ENDS_KEYS
from tui.dashboard.text_pane import TextPane

ERROR_LINES = 3
MOST_LINES = 16
"""Of one drawing."""


class EndsScreen(Overlay[int]):
    """Gives back the layer whose error was looked at last."""

    KEYS = ENDS_KEYS
    BINDINGS = [key.binding() for key in KEYS]

    def __init__(self, link: EngineLink, index: int) -> None:
        """
        Raises:
            Problem: there is no model yet.
        """
        super().__init__(link)
        if not link.state.results.layers:
            raise Problem(LOOK, "the model is not loaded yet")
        self._index = index
        self._sketches: dict[int, Sketched] = {}
        self._asked: tuple[int, int, int] | None = None
        """The generation, the width and the height that were asked for last."""
        self._refused = ""
        self.input, self.outcome = TextPane("ends-input"), TextPane("ends-outcome")

    def compose(self) -> ComposeResult:
        yield Static(id="ends-title", classes="overlay-title", markup=False)
        with Container(id="ends"):
            yield self.input
            yield self.outcome
        yield self.keys_line

    def on_mount(self) -> None:
        self.input.focus()
        self.call_after_refresh(self.draw)

    def on_resize(self) -> None:
        self.draw_soon()

    # -- Asking ----------------------------------------------------------------------

    @property
    def _inputs(self) -> list[int]:
        layers = self._link.state.results.layers
        return [index for index, layer in enumerate(layers) if layer.is_input]

    @property
    def _width(self) -> int:
        """Columns of a drawing."""
        return max(self.input.room - LABEL, 10)

    @property
    def _height(self) -> int:
        """Lines of a drawing, so that all of them fit if they can."""
        count = max(len(self._inputs), 1)
        lines = self.input.size.height - ERROR_LINES - 3 - count
        return min(max(lines // count, 2), MOST_LINES)

    def _ask(self) -> None:
        """For what is drawn otherwise than it was, once the inputs have been compared."""
        run, link = self._link.state.results, self._link
        wanted = run.generation, self._width, self._height
        ran = [index for index in self._inputs if run.current(index) is not None]
        if wanted == self._asked or not link.alive or not ran:
            return
        self._asked, self._refused = wanted, ""
        for index in ran:
            link.send(Sketch(index, self._height, self._width))

    def hear(self, change: Change) -> None:
        match change:
            case Answered(Sketched() as found):
                self._sketches[found.index] = found
            case Refused(diagnostic) if diagnostic.kind == LOOK:
                self._refused = diagnostic.message
        self.draw_soon()

    # -- Keys ------------------------------------------------------------------------

    def action_layer(self, step: int) -> None:
        run = self._link.state.results
        index = self._index + step
        if not 0 <= index <= run.last:
            self.notify("that is the last layer" if step > 0 else "that is the first layer")
            return
        self._index = index
        self.draw()

    def action_pane(self, name: str) -> None:
        self.query_one(f"#{name}").focus()

    def action_copy(self) -> None:
        self.app.copy_to_clipboard(self.outcome.as_text())
        self.notify("copied: the outcome on both sides")

    def action_close(self) -> None:
        self.dismiss(self._index)

    # -- Drawing ---------------------------------------------------------------------

    def draw(self) -> None:
        if not self.is_mounted:
            return
        self.offer()
        self._ask()
        run = self._link.state.results
        opened = run.opened
        title = Text(" input and outcome ", "bold")
        title.append(f" {opened.audio} · {opened.model}" if opened else "")
        is_old = self._is_old
        title.append("  of an earlier save" if is_old else "", "italic")
        self.query_one("#ends-title", Static).update(title)
        parts = [part for index in self._inputs for part in self._drawn(index)]
        if not parts:
            parts = [Text("none of this model's inputs has a row", "dim")]
        self.input.show("input", Group(*parts, *self._errors()))
        self.outcome.show("outcome", told(run, self._link.state.keyboard))
        self.input.set_class(is_old, "gone")
        self.outcome.set_class(is_old, "gone")

    @property
    def _is_old(self) -> bool:
        run = self._link.state.results
        generations = [each.generation for each in self._sketches.values()]
        if run.outcome_known is not None:
            generations.append(run.outcome_known.generation)
        return run.stale is not None or any(n != run.generation for n in generations)

    def _drawn(self, index: int) -> list[RenderableType]:
        """One input, and the port's own beside it where that is another one."""
        run, found = self._link.state.results, self._sketches.get(index)
        layer, result = run.layers[index], run.results.get(index)
        head = Text.assemble(
            (layer.name, "bold"), f"  {words.shape(layer.reference.shape)}"
        )
        if result is not None:
            ratio = words.ratio(result.chained.ratio)
            head.append(f"  {words.verdict(result.chained.verdict)}  R {ratio}")
        if found is None:
            why = self._refused or ("the engine is asked …" if result else "not run yet")
            return [head, Text(f"  {why}", "dim")]
        same = result is None or result.chained.verdict.healthy
        sides = [found.reference] if same else [found.reference, found.candidate]
        lines: list[RenderableType] = [head]
        for name, band in zip(("PyTorch", "MAX"), sides, strict=False):
            if not same:
                lines.append(Text(f"{name}'s", "italic"))
            if "float" not in layer.reference.dtype:
                lines += numbers(band)
            elif len(found.axes) > 1:
                lines += shaded(band, found.axes, self.app.current_theme.dark)
            else:
                lines += waveform(band, self._height)
        return lines

    def _across(self, layer: Layer) -> Axis:
        """What goes from left to right: the time, if the inputs have one."""
        axes = [each.axes[-1] for each in self._sketches.values()]
        timed = [axis for axis in axes if axis.unit]
        shape = layer.reference.shape
        return timed[-1] if timed else Axis(layer.row, shape[-2] if shape[1:] else 1)

    def _errors(self) -> list[RenderableType]:
        """The error over time of the selected layer, under the inputs."""
        run = self._link.state.results
        layer, result = run.layers[self._index], run.results.get(self._index)
        lines: list[RenderableType] = []
        if self._sketches:
            lines.append(scale(self._across(layer), self._width))
        if result is None or not result.chained.frames:
            return [*lines, Text(f"{layer.name} has no error over {layer.row}s yet", "dim")]
        floor = words.number(layer.floor, 2)
        head = Text.assemble("error of ", (layer.name, "bold"), f" over {layer.row}s")
        lines.append(head.append(f" (floor {floor}); j and k choose the layer", "dim"))
        return [*lines, *profile(result.chained.frames, self._width, ERROR_LINES)]
