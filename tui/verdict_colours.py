"""The colours of the verdicts, which colour-blind people can tell apart.

Okabe and Ito's palette, darkened for light themes.
"""

from debug.protocol.verdict import Verdict

DARK = {
    Verdict.OK: "#56B4E9",
    Verdict.UNSEEN: "#9AA5B1",
    Verdict.WATCH: "#E69F00",
    Verdict.DIVERGED: "#FF7043",
    Verdict.INVALID: "#E58BC0",
    Verdict.MISSING: "#F0E442",
}
LIGHT = {
    Verdict.OK: "#0062A0",
    Verdict.UNSEEN: "#56616C",
    Verdict.WATCH: "#8A5A00",
    Verdict.DIVERGED: "#B03A00",
    Verdict.INVALID: "#9C2F74",
    Verdict.MISSING: "#6B5E00",
}


def colour(verdict: Verdict, dark: bool) -> str:
    return DARK[verdict] if dark else LIGHT[verdict]


def marked_background(dark: bool) -> str:
    """Of the line of a source that is looked at."""
    return "#4A2E14" if dark else "#FFE4C4"
