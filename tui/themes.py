"""The colours of the verdicts: Okabe and Ito's palette, which colour-blind people can tell
apart, darkened for light themes."""

DARK = {
    "verdict-ok": "#56B4E9",
    "verdict-watch": "#E69F00",
    "verdict-diverged": "#FF7043",
    "verdict-invalid": "#E58BC0",
    "verdict-missing": "#F0E442",
}
LIGHT = {
    "verdict-ok": "#0062A0",
    "verdict-watch": "#8A5A00",
    "verdict-diverged": "#B03A00",
    "verdict-invalid": "#9C2F74",
    "verdict-missing": "#6B5E00",
}


def verdict_colours(dark: bool) -> dict[str, str]:
    return DARK if dark else LIGHT
