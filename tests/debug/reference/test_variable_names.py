"""Names are read from the frames of code that runs."""

from debug.reference.recording import ValueId
from debug.reference.variable_names import Bindings

HERE, NOWHERE = (__file__,), ("/nowhere",)


class Value:
    """Stands for a tensor that was recorded."""

    def __init__(self, index: int) -> None:
        self.index = ValueId(index)


def bindings(passed_over: tuple[str, ...] = NOWHERE) -> Bindings:
    return Bindings(lambda value: getattr(value, "index", None), passed_over)


def code(found: Bindings) -> None:
    first = Value(0)
    found.look()
    second = inner(found, first)
    found.look()
    del first
    assert second


def inner(found: Bindings, given: Value) -> Value:
    found.look()
    assert given
    last = Value(1)
    return last


def read(found: Bindings) -> list[tuple[str, int]]:
    outside = Value(9)
    found.enter()
    code(found)
    found.leave()
    assert outside
    return [(name, int(index)) for name, index in found.found]


def test_each_name_is_found_with_what_it_stood_for():
    assert read(bindings())[:2] == [("first", 0), ("given", 0)]
    assert set(read(bindings())) == {("first", 0), ("given", 0), ("second", 1), ("last", 1)}


def test_what_was_bound_before_the_layer_was_entered_is_not_its_own():
    assert "outside" not in dict(read(bindings()))


def test_files_that_are_passed_over_name_nothing():
    assert read(bindings(HERE)) == []


def test_a_name_that_is_given_again_stands_for_both():
    found = bindings()

    def again() -> None:
        y = Value(0)
        found.look()
        y = Value(1)
        assert y

    found.enter()
    again()
    found.leave()
    assert [(n, int(i)) for n, i in found.found if n == "y"] == [("y", 0), ("y", 1)]
