import pytest
from fakes import ROWS, layers

from debug.results.stepper import Stepper

NAMES = [name for name, _ in ROWS]


@pytest.fixture
def stepper() -> Stepper:
    return Stepper(layers())


def rows(*names: str) -> list[int]:
    return [NAMES.index(name) for name in names]


@pytest.mark.parametrize(
    ("move", "start", "end"),
    [
        ("step", "conv", "blocks.0.norm"),
        ("step", "model", "model"),
        ("next", "conv", "blocks.0"),
        ("next", "blocks.0.norm", "blocks.0.attn"),
        ("next", "blocks.0.attn.query", "blocks.0.attn.key"),
        ("next", "blocks.0.attn.key", "blocks.0.attn"),
        ("finish", "blocks.0.attn.query", "blocks.0.attn"),
        ("finish", "blocks.0.attn", "blocks.0"),
        ("finish", "blocks.0", "model"),
        ("finish", "model", "model"),
        ("step_back", "conv", "noise"),
        ("step_back", "noise", "noise"),
        ("next_back", "blocks.1", "blocks.0"),
        ("next_back", "blocks.0", "conv"),
        ("finish_back", "blocks.0.attn.key", "blocks.0.attn.query"),
        ("outer", "blocks.0.attn.key", "blocks.0.attn"),
        ("outer", "model", "model"),
        ("inner", "blocks.0", "blocks.0.norm"),
        ("inner", "blocks.0.attn", "blocks.0.attn.query"),
        ("inner", "conv", "conv"),
    ],
)
def test_a_move_leads_where_a_debugger_user_expects(stepper, move, start, end):
    start_row, end_row = rows(start, end)
    assert getattr(stepper, move)(start_row) == end_row


def test_the_first_step_leads_to_the_first_row(stepper):
    assert stepper.step(-1) == stepper.next(-1) == 0
    assert stepper.finish(-1) == stepper.last


def test_continue_stops_at_the_next_breakpoint_or_the_end(stepper):
    attn, mlp = rows("blocks.0.attn", "blocks.0.mlp")
    breakpoints = {"blocks.0.attn", "blocks.0.mlp"}
    assert stepper.resume(-1, breakpoints) == attn
    assert stepper.resume(attn, breakpoints) == mlp
    assert stepper.resume(mlp, breakpoints) == stepper.last
    assert stepper.resume_back(stepper.last, breakpoints) == mlp
    assert stepper.resume_back(attn, breakpoints) == 0


def test_a_breakpoint_on_a_layer_that_is_gone_is_passed(stepper):
    assert stepper.resume(0, {"blocks.9"}) == stepper.last


def test_search_goes_round_in_both_directions(stepper):
    query, norm, last = rows("blocks.0.attn.query", "blocks.0.norm", "norm")
    assert stepper.search("QUERY", 0) == query
    assert stepper.search("norm", last) == norm
    assert stepper.search("norm", norm, -1) == last
    assert stepper.search("nothing", 0) is None


def test_a_run_of_nothing_has_nowhere_to_go():
    stepper = Stepper([])
    assert stepper.last == -1
    assert stepper.search("x", 0) is None
