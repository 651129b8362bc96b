"""What the command line asks for."""

import json

import pytest

from debug.protocol.diagnostic import Diagnostic, Problem
from debug.protocol.values import Mode
from tui.settings import (
    COULD_NOT_RUN,
    OneLineParser,
    Settings,
    add_subject_options,
    complain,
    settings_of,
)


def parsed(*arguments: str) -> Settings:
    parser = OneLineParser(prog="maxwhisper")
    add_subject_options(parser)
    return settings_of(parser.parse_args(arguments))


def test_the_engine_runs_operation_by_operation_unless_it_is_told_to_compile():
    assert parsed().mode is Mode.INTERPRET
    assert parsed("--engine", "compile").mode is Mode.COMPILE


def test_what_was_not_given_is_left_to_the_subject():
    options = parsed("clip.wav", "--start", "30").options
    assert options["audio"] == "clip.wav"
    assert options["start"] == 30.0
    assert "graph" not in options


def test_a_wrong_argument_is_a_problem_that_points_to_the_help():
    with pytest.raises(Problem, match=r"--start.*see maxwhisper --help"):
        parsed("--start", "soon")


def test_a_complaint_is_a_line_for_a_person_and_an_object_for_a_program(capsys):
    status = complain("maxwhisper", Diagnostic("audio", "there is no file x"), as_json=True)
    said = capsys.readouterr()
    assert status == COULD_NOT_RUN
    assert said.err == "maxwhisper: there is no file x\n"
    assert json.loads(said.out)["error"] == {
        "kind": "audio",
        "message": "there is no file x",
    }
