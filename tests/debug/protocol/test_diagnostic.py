from debug.protocol.diagnostic import Diagnostic, Problem, from_exception


def raise_deeply() -> None:
    raise ValueError("first line\nsecond line")


def caught() -> Exception:
    try:
        raise_deeply()
    except ValueError as error:
        return error
    raise AssertionError


def test_a_diagnostic_is_one_line_with_its_place():
    diagnostic = Diagnostic("graph", "two\nlines", "/somewhere/encoder.py", 7)
    assert str(diagnostic) == "encoder.py:7: two lines"


def test_an_exception_is_known_by_its_type_and_first_line():
    diagnostic = from_exception("graph", caught(), {__file__})
    assert diagnostic.message == "ValueError: first line"
    assert diagnostic.path == __file__
    assert diagnostic.line == raise_deeply.__code__.co_firstlineno + 1
    assert "Traceback" in diagnostic.detail


def test_an_exception_from_elsewhere_has_no_place():
    assert from_exception("graph", caught(), {"other.py"}).path is None


def test_a_problem_keeps_its_own_diagnostic():
    problem = Problem("audio", "no sound")
    assert from_exception("internal", problem) is problem.diagnostic


def test_an_exception_without_words_is_known_by_its_type():
    assert from_exception("graph", AssertionError()).message == "AssertionError"
