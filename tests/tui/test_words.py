import pytest
from fakes import compared, isolated, opened, probed
from msgspec.structs import replace

from debug.protocol.messages import Loaded
from debug.protocol.statistics import Stats
from debug.protocol.values import (
    Cause,
    Divergence,
    Finding,
    Outcome,
    Slice,
)
from debug.protocol.verdict import LAYER, Verdict
from debug.results.run import Run
from debug.results.why import reasons
from tui import words
from tui.dashboard.panes.statistics import sparkline
from tui.verdict_colours import colour


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (0.0, "0"),
        (0.5, "0.5"),
        (-0.0230842, "-0.02308"),
        (3.14e-7, "3.14e-7"),
        (2.5e8, "2.50e+8"),
        (12345.6, "12346"),
    ],
)
def test_numbers_are_short(value, text):
    assert words.number(value) == text


@pytest.mark.parametrize(
    ("dtype", "emulated", "said"),
    [
        ("float32", [], "float32"),
        ("float16", ["float16"], "float16 (emulated)"),
        ("float32", ["bfloat16"], "float32 (bfloat16 emulated)"),
        ("float16", ["bfloat16", "float16"], "float16 (bfloat16 and float16 emulated)"),
    ],
)
def test_a_precision_is_said_to_be_emulated(dtype: str, emulated: list[str], said: str):
    run = Run()
    run.apply(replace(opened(), dtype=dtype))
    run.apply(Loaded(1, {}, 0.1, emulated=emulated))
    assert words.precision(run) == said


def test_a_ratio_fits_its_column():
    ratios = [10.0**exponent * 1.347 for exponent in range(-8, 12)]
    assert max(len(words.ratio(ratio)) for ratio in ratios) <= 7


def test_a_bar_grows_by_decades():
    lengths = [len(words.bar(10.0**e, 8).rstrip()) for e in range(-8, 1)]
    assert lengths == sorted(lengths)
    assert lengths[0] == 0
    assert lengths[-1] == 8


def test_a_bar_without_a_number_is_no_bar():
    assert words.bar(None, 4) == "!!!!"


def test_every_verdict_has_a_glyph_of_its_own_and_a_colour_in_both_themes():
    assert len({words.GLYPHS[verdict] for verdict in Verdict}) == len(Verdict)
    for dark in (True, False):
        assert len({colour(verdict, dark) for verdict in Verdict}) == len(Verdict)


def test_a_sparkline_shows_the_worst_of_what_a_cell_stands_for():
    values: list[float | None] = [1e-8] * 64
    values[63] = 1.0
    line = sparkline(values, 16)
    assert len(line) == 16
    assert line[-1] == "█"
    assert line[0] == "▁"
    assert sparkline([None, 1e-8], 2) == "!▁"
    assert sparkline([], 16) == ""


def run_of(chained: dict[int, float], isolated_ratios: dict[int, float]) -> Run:
    """With the ratio of some rows, in the run of the whole model and in isolation."""
    run = Run()
    run.apply(opened())
    run.apply(Loaded(1, {}, 0.1))
    for index, ratio in chained.items():
        run.apply(compared(index, ratio))
    for index, ratio in isolated_ratios.items():
        run.apply(isolated(index, ratio))
    return run


def test_a_layer_is_blamed_that_is_wrong_in_isolation():
    run = run_of({3: 50.0}, {3: 50.0})
    assert words.blame(run, 3) == "blocks.0.attn.query is wrong in isolation"


def test_every_other_bug_is_named_too():
    run = run_of({3: 50.0, 8: 70.0}, {3: 50.0, 8: 60.0})
    assert words.blame(run, 3).endswith("wrong in isolation; so is blocks.1.norm")


def test_a_layer_with_a_wrong_input_is_not_blamed():
    run = run_of({6: 50.0}, {6: 1.0, 7: 50.0})
    assert words.blame(run, 6).endswith(
        "is ok in isolation, but its input is wrong: see blocks.0"
    )


def test_a_layer_that_runs_later_does_not_make_an_input_wrong():
    run = run_of({2: 50.0, 6: 50.0, 8: 50.0}, {2: 1.0, 6: 60.0, 8: 60.0})
    assert words.blame(run, 2) == ""


def test_an_input_that_no_layer_makes_wrong_comes_from_the_ports_inputs():
    run = run_of({2: 50.0, 8: 50.0}, {2: 1.0, 8: 60.0})
    run.apply(Loaded(1, {}, 0.1, uncompared=["candidate_inputs[1]"]))
    assert words.blame(run, 2) == (
        "blocks.0.norm is ok in isolation, but its input is wrong: it comes from one of "
        "the port's inputs (candidate_inputs[1]), for no layer before it is wrong"
    )
    [note] = words.notes(run)
    assert note.startswith("candidate_inputs[1] is none of inputs=")


def test_a_layer_that_can_not_be_compared_alone_is_noted_and_not_blamed():
    run = run_of(dict.fromkeys(range(12), 1.0), {6: 50.0})
    assert words.blame(run, 6).startswith("blocks.0.mlp can't be compared alone")
    assert words.notes(run) == [words.blame(run, 6)]


def test_nobody_is_blamed_before_the_layers_have_run_in_isolation():
    assert words.blame(run_of({6: 50.0}, {}), 6) == ""


def finding(*causes: Cause) -> Finding:
    return Finding("the result", None, "softmax", None, None, "", list(causes))


def test_a_cause_that_leaves_more_than_rounding_is_a_part_of_it_and_says_what_it_leaves():
    part = finding(Cause("epsilon is 0.0001", 0.92, 7200.0))
    assert reasons(part) == [
        "partly: epsilon is 0.0001 (explains 92 %, leaves 7,200 times rounding)"
    ]
    whole = finding(Cause("epsilon is 0.001", 1.0, LAYER.ok_up_to), Cause("other", 1.0, 9))
    assert reasons(whole) == ["epsilon is 0.001 (explains 100 %)"]


def test_two_parts_are_both_called_so():
    both = finding(Cause("a", 0.99, 50.0), Cause("b", 0.95, 90.0), Cause("c", 0.4, 500.0))
    assert [reason.partition(" (")[0] for reason in reasons(both)] == [
        "partly: a",
        "partly: b",
    ]


def test_what_explains_little_is_no_explanation():
    weak = finding(Cause("the bias is left out", 0.5, 300.0))
    assert reasons(weak) == [
        "no hypothesis explains it; partly: the bias is left out "
        "(explains 50 %, leaves 300 times rounding)"
    ]
    assert reasons(finding()) == ["no hypothesis explains it"]


def test_what_makes_the_first_nan_leaves_nothing_to_explain():
    first = finding(Cause("log makes the first NaN or Inf, of 0", 1.0, None))
    assert reasons(first) == ["log makes the first NaN or Inf, of 0 (explains 100 %)"]


def test_a_probe_is_one_line_with_its_verdict_and_its_place():
    right = words.probed(probed(6, "a.k", 1.5, "transposed"), "k")
    assert right == "✓ ok k, R 1.5, rel. L2 4.5e-7, line 7, transposed"
    wrong = words.probed(probed(6, "a.k", 5000.0), "a.k")
    assert wrong.startswith("✗ diverged a.k, R 5")
    unknown = words.probed(probed(6, "a.b", None, "a has no b; it has q, k"), "a.b")
    assert unknown == "? a.b: a has no b; it has q, k, line 7"


def test_long_lists_are_cut():
    assert words.listed(list("abcde")) == "a, b, c and 2 more"
    assert words.listed(["a", "b"]) == "a, b"


def test_a_spoiled_slice_is_named_where_the_whole_is_ok():
    frame = Slice(17, 300.0, 1e-4, Verdict.DIVERGED)
    spoiled = Divergence(Verdict.DIVERGED, ratio=1.5, frame=frame)
    assert words.spoiled(spoiled, "token") == "token 17: R 300.0"
    assert (
        words.spoiled(Divergence(Verdict.DIVERGED, ratio=50.0, frame=frame), "token") == ""
    )


def test_what_overflows_squared_is_marked():
    wide = Stats([2], "float32", 0.0, 1.0, -300.0, 2.0, 0)
    assert words.headroom(wide) == "! ×218, squared ×0.728"
    assert (
        words.headroom(Stats([2], "float32", 0, 1, -4, 5, 0)) == "×13,100, squared ×2,620"
    )
    assert words.headroom(Stats([2], "float32", 0.0, 0.0, 0.0, 0.0, 0)) == ""


def test_an_outcome_shows_both_texts_and_how_far_the_decoder_is_off():
    lines = words.outcome(Outcome("It is one.", "", 9, 0.25, 2 / 3))
    assert lines[0].endswith("It is one.")
    assert lines[1].endswith("(nothing)")
    assert lines[2] == "the likeliest next token is the same in 66.6 % of 9, KL 0.25 nats"


def test_a_text_that_nobody_has_said_is_doubted():
    assert words.nonsense("It is one of the seven bridges over the river.") == ""
    assert words.nonsense(" ") == "is empty"
    assert words.nonsense("la " * 30) == "repeats itself"
    doubtful = words.outcome(Outcome("", "", 9, 0.25, 1.0))
    assert any("PyTorch's own text is empty" in line for line in doubtful)
