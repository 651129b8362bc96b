"""Every layer that is wrong by itself, in ``check``'s conclusion and in its JSON."""

from fakes import ROWS, compared, isolated, opened

from debug.protocol.messages import Aligned, Compared, Explained, Idle, Loaded
from debug.protocol.values import Cause, Divergence, Finding, PairedLayer, Place
from debug.protocol.verdict import Verdict
from debug.results.run import Run
from tui.commands.check_json import report
from tui.commands.check_table import conclusion
from tui.commands.shared.faults import also_wrong

NAMES = [name for name, _ in ROWS]
QUERY, KEY, MLP, NORM = (
    NAMES.index(name)
    for name in (
        "blocks.0.attn.query",
        "blocks.0.attn.key",
        "blocks.0.mlp",
        "blocks.1.norm",
    )
)
BLOCKS = NAMES.index("blocks.0"), NAMES.index("blocks.1")


def mistake(
    line: int, hypothesis: str, ratio: float = 1.0, explains: float = 0.999
) -> Finding:
    cause = Cause(hypothesis, explains, ratio)
    return Finding("the result", None, "mul", Place("port.py", line), None, "", [cause])


def run_with(findings: dict[int, list[Finding]]) -> Run:
    """One where these layers are wrong in isolation, and were looked into."""
    run = Run()
    run.apply(opened())
    run.apply(Loaded(1, {"blocks.0.mlp": Place("port.py", 6)}, 0.1))
    for index in range(len(ROWS)):
        run.apply(compared(index, 300.0 if index in findings else 1.5))
        run.apply(isolated(index, 300.0 if index in findings else 1.0))
    for index, found in findings.items():
        run.apply(Explained(1, index, found))
    run.apply(Idle(1))
    return run


def test_every_other_faulty_layer_has_its_line_and_its_first_cause():
    run = run_with({QUERY: [mistake(11, "bias")], MLP: [mistake(88, "epsilon", 900.0)]})
    partly = "partly: epsilon (explains 99.9 %, leaves 900 times rounding)"
    assert also_wrong(run) == [f"Also wrong: blocks.0.mlp, port.py:88: {partly}"]
    assert conclusion(run).plain.endswith(also_wrong(run)[0])


def test_layers_with_the_same_line_and_cause_are_one_line():
    same = [mistake(88, "epsilon")]
    run = run_with({QUERY: [mistake(11, "bias")], KEY: same, MLP: same, NORM: same})
    assert also_wrong(run) == [
        "Also wrong: blocks.0.attn.key and 2 more with the same cause, port.py:88: "
        "epsilon (explains 99.9 %)"
    ]


def test_a_cause_that_explains_a_little_more_elsewhere_is_the_same():
    first, other = mistake(88, "epsilon", 900.0, 0.94), mistake(88, "epsilon", 70.0, 0.96)
    run = run_with({QUERY: [mistake(11, "bias")], MLP: [first], NORM: [other]})
    [line] = also_wrong(run)
    assert line.startswith("Also wrong: blocks.0.mlp and 1 more with the same cause")


def test_those_with_the_mistake_of_the_first_are_not_explained_again():
    same = [mistake(88, "epsilon")]
    run = run_with({QUERY: same, MLP: same, NORM: [mistake(88, "another")]})
    assert also_wrong(run) == [
        "The same cause in blocks.0.mlp",
        "Also wrong: blocks.1.norm, port.py:88: another (explains 99.9 %)",
    ]


def test_the_second_mistake_of_the_first_layer_counts_too():
    run = run_with({QUERY: [mistake(11, "bias"), mistake(12, "scale")]})
    assert also_wrong(run) == [
        "Also wrong: blocks.0.attn.query, port.py:12: scale (explains 99.9 %)"
    ]


def test_a_layer_in_which_nothing_was_found_says_so_at_the_line_that_calls_it():
    run = run_with({QUERY: [mistake(11, "bias")], MLP: []})
    assert also_wrong(run) == [
        "Also wrong: blocks.0.mlp, port.py:6: "
        "no single operation is off by more than rounding"
    ]


def test_weights_that_are_in_the_wrong_block_are_one_mistake():
    def of_weight(line: int, name: str) -> Finding:
        cause = Cause(f"another {name}", 1.0, 1.0, f"blocks.0.{name}.weight")
        return Finding("the result", None, "mul", Place("port.py", line), None, "", [cause])

    found = {QUERY: [of_weight(11, "attn.query")], KEY: [of_weight(12, "attn.key")]}
    run = run_with({**found, MLP: [mistake(88, "epsilon")]})
    doubt = "blocks.0 holds blocks.1's weights, not blocks.0's"
    run.apply(Aligned(1, [PairedLayer("blocks.0", "blocks.0", "name", doubt)], []))
    assert also_wrong(run) == [
        "The same cause in blocks.0.attn.key",
        "Also wrong: blocks.0.mlp, port.py:88: epsilon (explains 99.9 %)",
    ]


def test_a_cause_that_names_what_is_in_its_own_block_is_the_same_in_each():
    found = {i: [mistake(88, f"{NAMES[i]}.norm is left out")] for i in BLOCKS}
    run = run_with({QUERY: [mistake(11, "bias")], **found})
    assert also_wrong(run) == [
        "Also wrong: blocks.0 and 1 more with the same cause, port.py:88: "
        "blocks.0.norm is left out (explains 99.9 %)"
    ]


def test_and_so_is_one_that_names_its_neighbours():
    found = {
        i: [mistake(88, f"{NAMES[i]}.attn.query is called in place of {NAMES[i]}.attn.key")]
        for i in BLOCKS
    }
    [line] = also_wrong(run_with({QUERY: [mistake(11, "bias")], **found}))
    assert line.startswith("Also wrong: blocks.0 and 1 more with the same cause")


def test_what_is_explained_in_part_is_one_line_for_all_instances_of_the_code():
    found = {i: [mistake(88, f"scaled by {i}", 900.0, 0.5)] for i in BLOCKS}
    [line] = also_wrong(run_with({QUERY: [mistake(11, "bias")], **found}))
    assert line.startswith("Also wrong: blocks.0 and 1 more with the same cause")


def of_number(place: Place, right: float = 1e-5) -> Finding:
    text = f"epsilon is 1e-06, PyTorch's is {right:g}"
    cause = Cause(text, 1.0, 1.0, None, "epsilon", right, 1e-6)
    return Finding("the result", None, "norm", place, None, "", [cause])


def test_one_wrong_number_in_several_blocks_that_are_only_called_is_one_mistake():
    places = {NAMES[index]: Place("port.py", index) for index in (QUERY, KEY, MLP)}
    found = {index: [of_number(places[NAMES[index]])] for index in (QUERY, KEY)}
    run = run_with({**found, MLP: [of_number(places[NAMES[MLP]], 1e-4)]})
    run.apply(Loaded(1, places, 0.1))
    same, other = also_wrong(run)
    assert same == "The same cause in blocks.0.attn.key"
    assert other.startswith("Also wrong: blocks.0.mlp")


def test_the_same_number_in_two_lines_that_compute_is_two_mistakes():
    found = {i: [of_number(Place("port.py", i))] for i in (QUERY, KEY)}
    assert len(also_wrong(run_with(found))) == 1


def test_a_layer_that_is_never_called_belongs_to_the_cause_that_names_it():
    text = "blocks.0.attn.query is called in place of blocks.0.attn.key and blocks.0.mlp"
    run = run_with({KEY: [mistake(11, text)], MLP: []})
    missing = Divergence(Verdict.MISSING, reason="the candidate never calls it")
    run.apply(Compared(1, MLP, None, missing, 0.0, False))
    run.apply(Idle(1))
    assert also_wrong(run) == ["The same cause in blocks.0.mlp"]


def test_a_second_finding_of_the_first_layer_is_not_the_same_cause_in_itself():
    run = run_with({QUERY: [mistake(11, "bias"), mistake(11, "bias")]})
    assert also_wrong(run) == []


def test_where_one_layer_is_wrong_nothing_more_is_said():
    assert also_wrong(run_with({QUERY: [mistake(11, "bias")]})) == []
    assert also_wrong(run_with({})) == []


def test_the_json_has_every_layers_causes_and_whether_they_are_complete():
    same = [mistake(88, "epsilon")]
    found = report(run_with({QUERY: [mistake(11, "bias", 50.0)], KEY: same, MLP: same}))
    rows = [(each["layer"], each["line"]) for each in found["findings"]]
    assert rows == [(NAMES[QUERY], 11), (NAMES[KEY], 88), (NAMES[MLP], 88)]
    complete = [cause["complete"] for each in found["findings"] for cause in each["causes"]]
    assert complete == [False, True, True]
    assert found["causes"][0]["complete"] is False
