"""Mistakes in small sources: what becomes of a line."""

import ast

import pytest

from core.practice.mistakes import KINDS
from core.practice.mutants import Mutant, mutants_of
from core.practice.running_code import Function

FILE = "port.py"
MADE = """\
class Attention:
    def __init__(self):
        self.q_proj = Linear()
        self.k_proj = Linear()

    def forward(self, x, y):
"""


def lines_of(source: str, *ran: str) -> dict[Function, set[int]]:
    """All lines of the functions that are said to have run."""
    return {
        Function(FILE, node.name, node.lineno): set(range(1, source.count("\n") + 1))
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef) and node.name in ran
    }


def mutants(source: str, *ran: str) -> list[Mutant]:
    return mutants_of({FILE: source.encode()}, lines_of(source, *ran))


def wrong(kind: str, line: str) -> set[str]:
    """What a mistake of some kind makes of a line in a method."""
    source = f"{MADE}        {line}\n"
    made = [each for each in mutants(source, "forward") if each.kind == kind]
    texts = [each.edit.applied(source.encode()).decode() for each in made]
    assert all(text.startswith(MADE) for text in texts)
    return {text.removeprefix(MADE).strip() for text in texts}


MISTAKES = [
    ("number", "norm(x, eps=1e-5)", {"norm(x, eps=1e-3)"}),
    ("number", "norm(x, eps=1e-12)", {"norm(x, eps=1e-5)"}),
    ("number", "y = x * 0.5", {"y = x * 0.25"}),
    ("number", "conv(x, stride=2)", {"conv(x, stride=3)"}),
    ("term", "return x + f(x)", {"return f(x)", "return x"}),
    ("term", "x += f(x)", {"x = f(x)"}),
    ("sign", "return x + f(x)", {"return x - f(x)"}),
    ("sign", "return x - y", {"return x + y"}),
    ("factor", "y = (x - y) / sqrt(d)", {"y = (x - y)"}),
    ("factor", "y = x * scale", {"y = x", "y = scale"}),
    ("arguments", "f(x, y, dtype)", {"f(y, x, dtype)"}),
    ("exchange", "self.q_proj(x)", {"self.k_proj(x)"}),
    ("softmax_axis", "ops.softmax(x)", {"ops.softmax(x, axis=-2)"}),
    ("softmax_axis", "ops.softmax(x, axis=-2)", {"ops.softmax(x, axis=-1)"}),
    ("approximation", "ops.gelu(x)", {'ops.gelu(x, approximate="tanh")'}),
    ("approximation", 'ops.gelu(x, "tanh")', {'ops.gelu(x, "none")'}),
    ("activation", 'ops.gelu(x, "tanh")', {"ops.relu(x)"}),
    ("activation", "ops.mean(x, axis=1)", {"ops.max(x, axis=1)"}),
    ("norm", "f(self.norm(x + y))", {"f((x + y))"}),
    ("no_activation", "y = ops.gelu(x)", {"y = x"}),
    ("no_activation", "y = self.intermediate_act_fn(x)", {"y = x"}),
    ("keyword", "f(x, scale=2)", {"f(x)"}),
    ("keyword", "f(scale=2, bias=3)", {"f(bias=3)", "f(scale=2)"}),
    ("slices", "x[..., :width]", {"x[..., 1 : width + 1]"}),
    ("slices", "x[1:5]", {"x[2 : 6]"}),
    ("slices", "x.shape[0]", {"x.shape[1]"}),
    ("axes", "x.transpose(1, 2).reshape(s)", {"x.reshape(s)"}),
    (
        "axes",
        "ops.permute(x, [0, 2, 1])",
        {"x", "ops.permute(x, [2, 0, 1])", "ops.permute(x, [0, 1, 2])"},
    ),
    ("axes", "x @ self.weight.T", {"x @ self.weight"}),
]


@pytest.mark.parametrize(("kind", "line", "expected"), MISTAKES)
def test_a_line_is_written_wrong_as_people_do(kind: str, line: str, expected: set[str]):
    assert wrong(kind, line) == expected


def test_every_kind_is_tried_here():
    assert {kind.__name__ for kind, _ in KINDS} == {kind for kind, _, _ in MISTAKES}


SIZES = [
    ("term", "y = x.shape[:-1] + [self.heads]"),
    ("term", "y = x[: length + 1]"),
    ("factor", "y = 2 * 3"),
    ("norm", "y = LayerNorm(width)"),
    ("slices", "y = x[:-1]"),
    ("keyword", "y = f(x, device=device)"),
    ("arguments", "y = f([1], x)"),
]


@pytest.mark.parametrize(("kind", "line"), SIZES)
def test_what_is_no_such_mistake_is_left_alone(kind: str, line: str):
    assert wrong(kind, line) == set()


def test_nothing_else_in_the_file_changes():
    source = "# é\r\ndef f( x ):  # odd\r\n    return  x+1.0 # ü\r\n"
    (mutant,) = [each for each in mutants(source, "f") if each.kind == "number"]
    changed = mutant.edit.applied(source.encode()).decode()
    assert changed == source.replace("1.0", "0.5")


def test_only_functions_that_ran_are_mutated():
    source = "def torchs(x):\n    return x * 0.5\n\ndef ours(x):\n    return x * 0.5\n"
    assert {each.edit.start > source.index("ours") for each in mutants(source, "ours")} == {
        True
    }


def test_a_number_means_the_same_bug_for_the_same_source():
    source = f"{MADE}        return x + self.q_proj(x) * 0.5\n"
    assert mutants(source, "forward") == mutants(source, "forward")
    kinds = [each.kind for each in mutants(source, "forward")]
    places = [each.edit.start for each in mutants(source, "forward")]
    assert places != sorted(places)
    assert len(set(kinds)) > 3


def test_the_solution_is_a_diff_of_the_change():
    source = f"{MADE}        return ops.gelu(x)\n"
    mutant = next(each for each in mutants(source, "forward") if each.kind == "activation")
    lines = mutant.diff(source.encode()).splitlines()
    assert lines[0] == f"--- {FILE}"
    assert "-        return ops.gelu(x)" in lines
    assert "+        return ops.relu(x)" in lines
