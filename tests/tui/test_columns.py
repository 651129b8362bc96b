"""Tables whose columns are objects."""

from rich.console import Console

from tui.columns import Column, fitting, table_of

COLUMNS = [
    Column[str]("word", lambda word: word),
    Column[str]("length", lambda word: str(len(word)), right=True),
    Column[str]("backwards", lambda word: word[::-1], roomy=True),
]


def lines(roomy: bool) -> list[str]:
    console = Console(width=60, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(table_of(fitting(COLUMNS, roomy), ["encoder", "mel"]))
    return [line.rstrip() for line in console.export_text().splitlines()]


def test_every_column_brings_its_title_its_cells_and_its_alignment():
    assert lines(roomy=True) == [
        "word     length  backwards",
        "encoder       7  redocne",
        "mel           3  lem",
    ]


def test_a_column_that_needs_room_is_left_out_without_it():
    assert lines(roomy=False)[0] == "word     length"
