"""Lines of the candidate's own source."""

import sys

from max.graph import DeviceRef

from debug.candidate.source_lines import assignment, calling_line, definition
from debug.protocol.values import Place
from examples.two_layers.graph import Network


def inner(files: set[str]) -> Place | None:
    return calling_line(sys._getframe(), files)


def test_the_innermost_line_of_the_files_is_meant():
    line = inner.__code__.co_firstlineno + 1
    assert inner({__file__, "elsewhere.py"}) == Place(__file__, line)


def test_frames_of_other_files_are_passed_over():
    code = compile("def call(f, files):\n    return f(files)\n", "port.py", "exec")
    names: dict = {}
    exec(code, names)
    assert names["call"](inner, {"port.py"}) == Place("port.py", 2)


def test_where_no_file_is_on_the_stack_there_is_no_line():
    assert inner({"elsewhere.py"}) is None


def test_the_candidate_begins_where_its_call_is_defined():
    place = definition(Network(2, 3, DeviceRef.CPU()))
    assert place is not None
    with open(place.path) as source:
        assert "def __call__" in source.read().splitlines()[place.line - 1]


def test_what_is_no_layer_has_no_definition():
    assert definition(object()) is None


class Base:
    def __init__(self) -> None:
        self.first = 1
        self.second: int = 2


class Derived(Base):
    def method(self) -> bool:
        return self.first == 1


def test_an_attribute_is_assigned_in_the_class_or_one_that_it_extends():
    for name in ("first", "second"):
        place = assignment(Derived, name)
        assert place is not None
        assert place.path == __file__
        with open(place.path) as source:
            line = source.read().splitlines()[place.line - 1]
        assert line.strip().startswith(f"self.{name}")


def test_what_nobody_assigns_has_no_line():
    assert assignment(Derived, "third") is None
    assert assignment(int, "first") is None
