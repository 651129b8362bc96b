"""Tables whose columns are objects."""

import pytest
from rich.console import Console

from tui.columns import LEGIBLE, Column, table_of

COLUMNS = [
    Column[str]("word", lambda word: word, is_name=True),
    Column[str]("length", lambda word: str(len(word)), right=True),
    Column[str]("backwards", lambda word: word[::-1], dispensable=1),
    Column[str]("loud", lambda word: word.upper(), dispensable=2),
]
LAYERS = [
    f"vision_model.encoder.layers.{number}.self_attn.{name}_proj"
    for number in range(12)
    for name in "qkv"
]
NUMBERS = [
    Column[str]("verdict", lambda _: "✗ diverged"),
    Column[str]("layer", lambda name: name, is_name=True),
    Column[str]("R", lambda _: "2.13e+12", right=True),
    Column[str]("shape", lambda _: "1×1500×384", dispensable=1),
]


def lines(columns: list[Column[str]], rows: list[str], width: int | None) -> list[str]:
    console = Console(width=width or 1000, color_system=None)
    with console.capture() as captured:
        console.print(table_of(columns, rows, width), crop=False)
    return [line.rstrip() for line in captured.get().splitlines()]


def test_every_column_brings_its_title_its_cells_and_its_alignment():
    assert lines(COLUMNS, ["encoder", "mel"], None) == [
        "word     length  backwards  loud",
        "encoder       7  redocne    ENCODER",
        "mel           3  lem        MEL",
    ]


@pytest.mark.parametrize(
    ("width", "titles"),
    [
        (35, "word     length  backwards  loud"),
        (30, "word     length  backwards"),
        (20, "word     length"),
        (5, "word     length"),
    ],
)
def test_the_most_dispensable_columns_are_left_out_first(width: int, titles: str):
    assert lines(COLUMNS, ["encoder", "mel"], width)[0] == titles


def test_names_are_shortened_before_a_column_is_left_out():
    title, *rows = lines(NUMBERS, LAYERS, 60)
    assert "shape" in title
    assert max(map(len, rows)) <= 60
    assert rows[-1].split()[2].endswith("11.self_attn.v_proj")


@pytest.mark.parametrize("width", [44, 50, 60, 80, 110, None])
def test_no_number_and_no_verdict_is_ever_cut_and_no_two_rows_look_alike(width: int | None):
    _, *rows = lines(NUMBERS, LAYERS, width)
    assert all("✗ diverged" in row and "2.13e+12" in row for row in rows)
    assert len(set(rows)) == len(LAYERS)


def test_where_not_even_that_fits_the_lines_are_too_long_rather_than_cut():
    _, *rows = lines(NUMBERS, LAYERS, 20)
    assert all("✗ diverged" in row and "2.13e+12" in row for row in rows)


def test_a_text_is_wrapped_to_lines_that_can_be_read():
    reason = "the candidate has another shape here: 1×384×1500 where PyTorch has 1×1500×384"
    columns = [*NUMBERS, Column[str]("", lambda _: reason, wraps=True)]
    title, *rows = lines(columns, LAYERS[:1], 70)
    assert "shape" not in title
    start = rows[0].index("the candidate")
    assert all(len(row[start:]) > LEGIBLE / 2 for row in rows[:-1])
    assert " ".join(row[start:] for row in rows) == reason


def test_two_columns_of_names_share_the_room():
    columns = [NUMBERS[1], Column[str]("MAX", lambda name: name, is_name=True)]
    _, *rows = lines(columns, LAYERS, 60)
    widths = [[len(name) for name in row.split()] for row in rows]
    assert max(map(max, widths)) - min(map(min, widths)) <= 2


def test_a_column_without_any_text_takes_no_room():
    empty = Column[str]("nothing", lambda _: "")
    assert lines([COLUMNS[0], empty], ["mel"], None) == ["word", "mel"]
