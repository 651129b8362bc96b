"""What ``check`` makes of a run: the JSON, the table and the exit status."""

import pytest
from fakes import ROWS, compared, isolated, opened, probed
from msgspec.structs import replace

from debug.protocol.diagnostic import ARCHIVE, FAILED, Diagnostic
from debug.protocol.messages import (
    Compared,
    ComparedWithoutTaps,
    Explained,
    Failed,
    Idle,
    Loaded,
    NotPossible,
    OutcomeKnown,
)
from debug.protocol.values import Cause, Divergence, Finding, Outcome, Place
from debug.protocol.verdict import LAYER, Verdict
from debug.results.root_causes import UNEXPLAINED
from debug.results.run import Run
from tui import words
from tui.commands.check import exit_status
from tui.commands.check_json import report
from tui.commands.check_table import (
    COLUMNS,
    Row,
    conclusion,
    print_answer,
    print_table,
)
from tui.verdict_colours import colour

NAMES = [name for name, _ in ROWS]
ATTENTION = NAMES.index("blocks.0.attn")


def run_with(chained: dict[int, float] | None = None, own: dict[int, float] | None = None):
    run = Run()
    places = {"blocks.0": Place("model.py", 20)}
    run.apply(opened())
    run.apply(Loaded(1, places, 0.1))
    for index in range(len(run.layers)):
        run.apply(compared(index, (chained or {}).get(index, 1.5)))
        run.apply(isolated(index, (own or {}).get(index, 1.0)))
    return run


def explained() -> Run:
    run = run_with({ATTENTION: 300.0}, {ATTENTION: 280.0})
    cause = Cause("the scale is left out", 0.999, 1.0)
    place, theirs = Place("model.py", 13), Place("/site/openai.py", 135)
    finding = Finding("the result", None, "softmax", place, theirs, "", [cause])
    run.apply(Explained(1, ATTENTION, [finding]))
    return run


def printed(run: Run, capsys: pytest.CaptureFixture[str]) -> list[str]:
    print_table(run)
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(("ratio", "status"), [(1.5, 0), (300.0, 1)])
def test_the_exit_status_says_whether_anything_is_wrong(ratio: float, status: int):
    assert exit_status(run_with({5: ratio})) == status


def test_inputs_and_layers_are_apart_in_the_json():
    found = report(run_with())
    assert [row["name"] for row in found["inputs"]] == ["noise"]
    assert [row["name"] for row in found["layers"]] == NAMES[1:]


def test_the_json_names_the_culprit_its_line_and_its_causes():
    found = report(explained())
    assert found["culprit"] == {
        "layer": "blocks.0.attn",
        "op": "softmax",
        "file": "model.py",
        "line": 13,
        "kind": "isolated",
    }
    assert found["causes"][0]["hypothesis"] == "the scale is left out"
    assert found["causes"][0]["complete"]
    assert found["faults"] == ["blocks.0.attn"]


def test_a_row_of_the_json_has_the_keys_that_scripts_rely_on():
    row = report(run_with())["layers"][0]
    assert list(row) == ["name", "shape", "reference", "candidate", "chained", "isolated"]
    assert list(row["chained"]) == [
        *("rel_l2", "ratio", "max_abs", "max_abs_at", "cosine_distance", "reason"),
        *("channel", "frame", "head", "verdict"),
    ]


def test_the_table_explains_r_with_the_limits_that_decide(capsys):
    text = "\n".join(printed(run_with(), capsys))
    ok, bug = f"{LAYER.ok_up_to:g}", f"{LAYER.watch_up_to:g}"
    assert (
        f"R = error ÷ PyTorch's own rounding error (up to {ok} is ok, above {bug} is a bug)"
        in text
    )


def test_the_table_has_a_row_a_layer_below_its_titles(capsys):
    _, titles, *rows = printed(run_with({ATTENTION: 300.0}, {ATTENTION: 1.5}), capsys)
    assert titles.split()[:4] == ["verdict", "layer", "shape", "R"]
    assert "R isolated" in titles
    assert [row.split()[2] for row in rows[: len(ROWS)]] == NAMES
    attention = rows[ATTENTION].split()
    assert attention[:2] == ["✗", "diverged"]
    assert attention[4:6] == ["300.0", "1.5"]


LONG = "vision_model.encoder.layers.11.self_attn_with_a_long_name.output"


def run_with_long_names() -> Run:
    """With a wrong layer, a missing one, and names as Hugging Face's have them."""
    run = run_with({ATTENTION: 2.13e12}, {ATTENTION: 2.13e12})
    gone = Divergence(
        Verdict.MISSING, reason="the candidate never calls it: it has no such"
    )
    run.apply(Compared(1, ATTENTION + 1, None, gone, 0.0, False))
    assert run.opened is not None
    longer = [replace(layer, name=f"{LONG}.{layer.name}") for layer in run.layers]
    run.opened = replace(run.opened, layers=longer)
    return run


@pytest.mark.parametrize("columns", ["", "60", "80", "100", "140"])
def test_long_names_never_cost_a_number_or_a_verdict(capsys, monkeypatch, columns: str):
    monkeypatch.setenv("COLUMNS", columns)
    text = "\n".join(printed(run_with_long_names(), capsys)[: len(ROWS) + 4])
    assert "✗ diverged" in text
    assert text.count("2.1e+12") == 2
    assert "? missing" in text
    assert ".query" in text
    table = text.splitlines()[2 : len(ROWS) + 2]
    assert not columns or max(map(len, table)) <= int(columns)
    assert (f"{LONG}.{NAMES[ATTENTION]}" in text) == (not columns)


def test_a_reason_is_shown_where_there_is_little_room(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = printed(run_with_long_names(), capsys)
    assert any("the candidate never" in line for line in lines)


def test_a_layer_with_a_wrong_input_is_not_coloured_in_isolation():
    run = run_with({ATTENTION: 300.0}, {ATTENTION: 1.5})
    chained = run.results[ATTENTION].chained
    row = Row(run.layers[ATTENTION], chained, run.isolated(ATTENTION))
    cells = {column.title: column.cell(row) for column in COLUMNS}
    styles = {title: str(getattr(cell, "style", "")) for title, cell in cells.items()}
    assert styles["R"] == colour(Verdict.DIVERGED, dark=True)
    assert styles["R isolated"] == ""


def test_the_conclusion_says_where_and_why():
    assert conclusion(explained()).plain.splitlines() == [
        "First wrong: blocks.0.attn (diverged), model.py:13, softmax",
        "blocks.0.attn is wrong in isolation",
        "Why: the scale is left out (explains 99.9 %)",
        "PyTorch does it in openai.py:135",
    ]
    assert conclusion(run_with()).plain == "All 11 layers and 1 input are ok."


def test_probes_the_compiled_graph_and_the_texts_follow(capsys):
    run = run_with()
    run.apply(probed(ATTENTION, "blocks.0.attn.k", 50.0))
    run.apply(ComparedWithoutTaps(1, Divergence(Verdict.OK, ratio=1.1), 0.0, 0.0))
    run.apply(OutcomeKnown(1, Outcome("It is one.", "It is on.", 9, 0.25, 2 / 3)))
    lines = printed(run, capsys)
    assert any(line.startswith("probe ✗ diverged blocks.0.attn.k") for line in lines)
    assert any(line.startswith("Compiled, without taps it gives") for line in lines)
    assert "PyTorch's features say: It is one." in lines


def test_a_layer_that_cant_be_seen_is_no_error_and_not_counted_as_ok():
    run = run_with()
    unseen = Divergence(Verdict.UNSEEN, reason="called within a condition")
    run.apply(Compared(1, ATTENTION, None, unseen, 0.0, False))
    assert exit_status(run) == 0
    assert run.verdict() is Verdict.OK
    assert conclusion(run).plain == "All 10 layers and 1 input are ok, 1 can't be seen."


def test_what_the_debugger_itself_failed_at_is_a_line_and_changes_no_status(capsys):
    run = run_with()
    said = "the search for the cause of blocks.0.attn failed: TypeError: no"
    run.apply(NotPossible(Diagnostic(FAILED, said)))
    assert f"! {said}" in printed(run, capsys)
    assert report(run)["failures"] == [said]
    assert exit_status(run) == 0
    run.apply(Loaded(2, {}, 0.1))
    assert run.failures == []


def test_an_op_that_is_refused_is_no_failure_of_the_debugger():
    run = run_with()
    run.apply(NotPossible(Diagnostic("interpreter", "can't run it")))
    assert run.failures == []


@pytest.mark.parametrize(
    ("kind", "said", "advised"),
    [
        ("run", "gather failed: no such kernel", True),
        ("run", "index 23 is out of bounds: ...", False),
        (ARCHIVE, "the reference's values were damaged", False),
    ],
)
def test_the_compiler_is_advised_only_where_it_may_help(
    kind: str, said: str, advised: bool
):
    run = run_with()
    run.apply(Failed(Diagnostic(kind, said), fatal=False))
    assert ("--engine compile" in str(words.could_not_run(run))) is advised


def test_a_run_that_is_only_to_be_watched_is_all_right_and_says_why():
    run = run_with()
    said = "rounding of a long sum: 1,500 numbers in line 9, 7 times PyTorch's"
    watched = Divergence(Verdict.WATCH, ratio=6.0, reason=said)
    run.apply(Compared(1, ATTENTION, None, watched, 0.0, False))
    assert exit_status(run) == 0
    assert report(run)["culprit"] is None
    text = conclusion(run).plain
    assert text.startswith("All 11 layers and 1 input are ok")
    assert text.endswith(f"blocks.0.attn: {said}")


def test_why_the_results_may_say_little_stands_above_the_table(capsys):
    run = run_with()
    run.opened = replace(opened(), warnings=["noise.wav is silent"])
    assert report(run)["warnings"] == ["noise.wav is silent"]
    assert "~ noise.wav is silent" in printed(run, capsys)


def layers_printed(lines: list[str]) -> list[str]:
    return [line.split()[2] for line in lines if line.split()[2:3] and line[:1] in "✓✗~?!·"]


def test_only_wrong_leaves_out_the_rows_that_are_ok(capsys):
    run = run_with({ATTENTION: 300.0}, {ATTENTION: 280.0})
    watched = Divergence(Verdict.WATCH, ratio=6.0)
    run.apply(Compared(1, ATTENTION + 1, None, watched, 0.0, False))
    print_table(run, only_wrong=True)
    lines = capsys.readouterr().out.splitlines()
    assert layers_printed(lines) == [NAMES[ATTENTION], NAMES[ATTENTION + 1]]
    assert any(line.startswith("First wrong: blocks.0.attn") for line in lines)


def test_a_layer_that_is_wrong_in_isolation_alone_is_not_left_out(capsys):
    print_table(run_with({5: 300.0, 7: 2.0}, {5: 280.0, 7: 90.0}), only_wrong=True)
    assert layers_printed(capsys.readouterr().out.splitlines()) == [NAMES[5], NAMES[7]]


def test_where_all_is_ok_only_wrong_has_no_table_to_show(capsys):
    print_table(run_with(), only_wrong=True)
    _, *lines = capsys.readouterr().out.splitlines()
    assert lines == ["All 11 layers and 1 input are ok."]


def test_the_answer_comes_before_the_table_only_where_that_is_asked_for(capsys):
    def place_of(said: str) -> int:
        lines = capsys.readouterr().out.splitlines()
        titles = next(n for n, line in enumerate(lines) if line.startswith("verdict"))
        return [line.startswith(said) for line in lines].index(True) - titles

    print_table(explained(), answer_first=True)
    assert place_of("First wrong: blocks.0.attn") < 0
    print_table(explained())
    assert place_of("First wrong: blocks.0.attn") > 0


def test_the_answer_alone_is_the_verdict_and_the_root_causes(capsys):
    print_answer(explained())
    assert capsys.readouterr().out == f"{conclusion(explained())}\n"


def test_a_cause_of_the_json_has_fields_beside_its_sentence():
    run = run_with({ATTENTION: 300.0}, {ATTENTION: 280.0})
    text = "epsilon is 0.001, PyTorch's is 1e-05"
    known = Cause(text, 0.999, 1.0, None, "epsilon", 1e-5, 1e-3)
    causes = [known, Cause("other words", 0.95, 30.0)]
    place, theirs = Place("model.py", 13), Place("/site/openai.py", 135)
    finding = Finding("the result", None, "softmax", place, theirs, "", causes)
    run.apply(Explained(1, ATTENTION, [finding]))
    first, second = report(run)["causes"]
    (root,) = report(run)["root_causes"]
    assert first["hypothesis"] == text
    assert root["why"] == f"{text} (explains 99.9 %)"
    for each in (first, root):
        assert (each["kind"], each["from"], each["to"]) == ("epsilon", 1e-5, 1e-3)
        assert each["layers"] == ["blocks.0.attn"]
        assert each["place"] == {"file": "model.py", "line": 13}
    assert root["reference"] == {"file": "/site/openai.py", "line": 135}
    assert list(first)[6:] == ["from", "to", "layers", "place"]
    unknown = ("kind", "from", "to", "weight", "layers")
    assert [second[name] for name in unknown] == [None] * 5


def test_a_wrong_layer_whose_cause_nobody_knows_is_a_root_cause_with_nulls():
    run = run_with({ATTENTION: 300.0}, {ATTENTION: 280.0})
    assert report(run)["root_causes"] == []  # it may be another's error
    run.apply(Idle(1))
    (root,) = report(run)["root_causes"]
    assert root["why"] == UNEXPLAINED
    assert root["layers"] == ["blocks.0.attn"]
    names = ("explains", "ratio", "weight", "complete", "kind", "from", "to", "reference")
    assert [root[name] for name in names] == [None] * len(names)
    assert report(run_with())["root_causes"] == []
