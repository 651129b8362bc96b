"""Numbers as a person reads them: short enough for a column, exact enough to compare."""


def number(value: float | None, digits: int = 4) -> str:
    """Short enough for a column, exact enough to compare."""
    if value is None:
        return "-"
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e5:
        text = f"{value:.{digits}g}"
        return f"{value:.0f}" if "e" in text else text
    return f"{value:.{digits - 2}e}".replace("e-0", "e-").replace("e+0", "e+")


def factor(value: float) -> str:
    """Three digits are enough to know how far something is."""
    return f"{float(f'{value:.3g}'):,.0f}" if 100 <= value < 1e6 else number(value, 3)
