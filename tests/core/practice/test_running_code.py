"""Which functions and lines run."""

import ast
import sys

from core.practice.running_code import (
    Function,
    functions_called,
    lines_run,
    scopes_that_ran,
)

SOURCE = """\
def chosen(x, by=0.5):
    if x > 1:
        return x * 2.0
    return x * 3.0

make = lambda x: chosen(x)

def never(x):
    return x * 4.0
"""


def executed(file: str) -> dict:
    names: dict = {}
    exec(compile(SOURCE, file, "exec"), names)
    return names


def test_the_lines_of_each_function_are_noted():
    names = executed("port.py")
    with lines_run({"port.py"}) as lines:
        names["make"](0)
    assert {of.name: ran for of, ran in lines.items()} == {
        "<lambda>": {6},
        "chosen": {2, 4},
    }


def test_other_files_are_not_noted():
    names = executed("other.py")
    with lines_run({"port.py"}) as lines:
        names["make"](0)
    assert lines == {}


def test_called_functions_are_known_whatever_their_file():
    names = executed("anywhere.py")
    with functions_called() as called:
        names["never"](0)
    assert Function("anywhere.py", "never", 8) in called


def test_whoever_traces_already_goes_on_after_it():
    before = sys.gettrace()
    with functions_called():
        pass
    assert sys.gettrace() is before


def test_a_branch_that_was_not_taken_is_no_part_of_what_ran():
    names = executed("port.py")
    with lines_run({"port.py"}) as lines:
        names["make"](0)
    tree = ast.parse(SOURCE)
    numbers = {
        node.value
        for scope in scopes_that_ran(tree, "port.py", lines)
        for node in scope.nodes
        if isinstance(node, ast.Constant)
    }
    assert numbers == {0.5, 1, 3.0}
