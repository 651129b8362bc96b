"""A run as test results for a build server."""

from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import pytest
from broken_runs import ATTENTION, NAMES, explained, run_with
from fakes import opened

from debug.protocol.diagnostic import Diagnostic, Problem
from debug.protocol.messages import Aligned, Compared, Failed, Loaded
from debug.protocol.values import Cause, Divergence, PairedLayer
from debug.protocol.verdict import Verdict
from debug.results.run import Run
from tui.commands.check import exit_status
from tui.report.junit import as_junit, error_as_junit, refuse_junit


def suite_of(text: str) -> Element:
    (suite,) = fromstring(text)
    return suite


def case(suite: Element, name: str) -> Element:
    (found,) = (each for each in suite.iter("testcase") if each.get("name") == name)
    return found


def test_every_layer_is_a_case_and_a_healthy_one_passes():
    suite = suite_of(as_junit(run_with()))
    assert [each.get("name") for each in suite.iter("testcase")] == NAMES
    assert suite.attrib["tests"] == "12"
    assert suite.attrib["failures"] == suite.attrib["errors"] == "0"
    assert all(len(each) == 0 for each in suite.iter("testcase"))


def test_a_wrong_layer_fails_with_its_cause_and_line():
    suite = suite_of(as_junit(explained()))
    failure = case(suite, "blocks.0.attn").find("failure")
    assert failure is not None
    said = "model.py:13: epsilon is 0.001, PyTorch's is 1e-05 (explains 99.9 %)"
    assert (failure.get("type"), failure.get("message")) == ("diverged", said)
    assert "R 300.0" in str(failure.text)
    assert suite.attrib["failures"] == "1"


def test_a_layer_with_a_wrong_input_says_where_that_is_from():
    run = run_with({ATTENTION: 300.0, ATTENTION + 1: 300.0}, {ATTENTION: 280.0})
    failure = case(suite_of(as_junit(run)), NAMES[ATTENTION + 1]).find("failure")
    assert failure is not None
    assert "its input is wrong: see blocks.0.attn" in str(failure.get("message"))


def test_what_is_only_to_be_watched_passes_and_what_cant_be_seen_is_skipped():
    run = run_with()
    for index, verdict in ((3, Verdict.WATCH), (4, Verdict.UNSEEN)):
        divergence = Divergence(verdict, ratio=6.0, reason="why")
        run.apply(Compared(1, index, None, divergence, 0.0, False))
    suite = suite_of(as_junit(run))
    assert case(suite, NAMES[3]).find("failure") is None
    assert "watch" in str(case(suite, NAMES[3]).findtext("system-out"))
    assert case(suite, NAMES[4]).find("skipped") is not None
    assert (suite.attrib["failures"], suite.attrib["skipped"]) == ("0", "1")
    assert exit_status(run) == 0


def test_a_doubt_about_the_alignment_is_a_failure_for_it_is_one_of_check():
    run = run_with()
    doubt = "blocks.1 holds the weights of blocks.0"
    pair = PairedLayer("blocks.1", "port.blocks[1]", "weights", doubt)
    run.apply(Aligned(1, [pair], []))
    assert exit_status(run) == 1
    assert suite_of(as_junit(run)).attrib["failures"] == "1"


def test_a_run_that_ended_early_has_an_error_at_the_next_layer():
    run = Run()
    run.apply(opened())
    run.apply(Loaded(1, {}, 0.1))
    run.apply(Failed(Diagnostic("run", "no memory", "port.py", 3), fatal=False))
    suite = suite_of(as_junit(run))
    error = case(suite, NAMES[0]).find("error")
    assert error is not None
    assert str(error.get("message")).startswith("port.py:3: no memory")
    assert suite.attrib["errors"] == "1"


def test_a_run_that_never_began_is_an_error():
    suite = suite_of(error_as_junit(Diagnostic("model", "no such model")))
    assert suite.attrib["errors"] == suite.attrib["tests"] == "1"


def test_what_xml_cant_write_does_not_break_it():
    odd = "\x1b[31m<b> & \"'\x00 \ud800 ]]>"
    text = as_junit(explained(cause=Cause(odd, 0.999, 1.0)))
    failure = case(suite_of(text), "blocks.0.attn").find("failure")
    assert failure is not None
    assert "<b> & \"'" in str(failure.get("message"))


def test_results_are_replaced_and_other_files_kept(tmp_path: Path):
    file = tmp_path / "results.xml"
    refuse_junit(file)
    assert not file.exists()
    file.write_text(as_junit(run_with()))
    refuse_junit(file)
    file.write_text("import max\n")
    with pytest.raises(Problem, match="has no test results; give another name"):
        refuse_junit(file)
    assert file.read_text() == "import max\n"
