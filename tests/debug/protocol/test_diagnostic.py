from debug.protocol.diagnostic import (
    DETAIL_LIMIT,
    MESSAGE_LIMIT,
    Diagnostic,
    Problem,
    first_line,
    from_exception,
)


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


KERNEL = """\
An error occurred in kernel entry point named "__gather_async":
An error occurred in kernel named "__gather":
gather index 23 is out of bounds for axis 1 with size 20

Fusion info:
  mo.gather
"""


def test_what_stands_below_the_headings_of_a_kernels_error_is_said():
    said = first_line(ValueError(KERNEL))
    assert said == "ValueError: gather index 23 is out of bounds: there are 20"
    assert first_line(ValueError("it fails:")) == "ValueError: it fails:"


def test_a_message_that_prints_a_tensor_is_cut_and_its_end_is_kept():
    diagnostic = from_exception("graph", ValueError("x" * 3_000_000 + " end"))
    assert len(diagnostic.message) <= MESSAGE_LIMIT + 3
    assert len(diagnostic.detail) <= DETAIL_LIMIT + 3
    assert diagnostic.message.endswith(" end")


def test_a_diagnostic_is_one_plain_line_whatever_its_message_and_file_hold():
    diagnostic = Diagnostic("graph", "a\x1b[2J\nb \udc80", "/x/\x07[/x].py", 3)
    assert str(diagnostic) == "x].py:3: a b \ufffd"
