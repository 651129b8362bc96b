"""The answer of a run as plain text: what a person copies, and what stays in the shell."""

from pathlib import Path

from debug.protocol.values import Place
from debug.results.root_causes import RootCause, root_causes
from debug.results.run import Run
from debug.results.why import share
from tui import words

LEAST, MOST = 0.001, 10
"""Shares of the final error that are told in per cent."""
BY_ITSELF = " by itself"


def place_text(place: Place) -> str:
    """``encoder.py:28``."""
    return f"{Path(place.path).name}:{place.line}"


def cause_text(cause: RootCause, run: Run) -> str:
    """``/path/encoder.py:28: epsilon is ... (attn_ln)``: editors open the place."""
    where = f"{cause.place.path}:{cause.place.line}: " if cause.place else ""
    layers, part = layers_of(cause, run), share_by_itself(cause)
    return f"{where}{cause.why} ({layers})" + (f", {part}" if part else "")


def layers_of(cause: RootCause, run: Run) -> str:
    """The layers that a root cause makes wrong by itself."""
    return words.listed([run.layers[index].name for index in cause.layers], 1)


def share_by_itself(cause: RootCause) -> str:
    """``54 % of the final error by itself``; nothing where that is not known."""
    if cause.share is None:
        return ""
    part = f"{cause.share:.0f} times" if cause.share >= MOST else f"{share(cause.share)} of"
    if cause.share < LEAST:
        part = f"less than {share(LEAST)} of"
    return f"{part} the final error{BY_ITSELF}"


def answer(run: Run) -> list[str]:
    """The verdict, and a line for each root cause; nothing where nothing ran."""
    if run.position < 0:
        return []
    if run.stale:
        return [f"The last save could not be run: {run.stale}"]
    culprit = run.culprit()
    if culprit is None:
        is_sure = run.is_complete and run.settled
        return [words.all_ok(run) if is_sure else "No difference in what was run."]
    said = "First wrong" if run.settled else words.difference(run).capitalize()
    causes = [cause_text(cause, run) for cause in root_causes(run)]
    return [f"{said}: {run.layers[culprit].name}", *causes]
