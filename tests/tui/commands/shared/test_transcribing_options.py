"""The options that say what transcribes, and how."""

import pytest

from core.messages import BACKENDS, Decoding
from debug.protocol.diagnostic import Problem
from tui.commands.shared.transcribing_options import (
    add_backend_choice,
    add_transcribing_options,
    backend_options,
    chosen_backends,
    decoding_of,
)
from tui.settings import OneLineParser


def parsed(*arguments: str):
    parser = OneLineParser(prog="maxwhisper")
    add_transcribing_options(parser)
    add_backend_choice(parser)
    return parser.parse_args(arguments)


def test_without_options_everything_is_openais_default():
    assert decoding_of(parsed()) == Decoding()


def test_decoding_takes_what_was_asked_for():
    given = parsed("--language", "de", "--task", "translate", "--temperature", "0.2")
    assert decoding_of(given) == Decoding(language="de", task="translate", temperature=0.2)


def test_all_backends_run_unless_some_are_chosen_and_none_twice():
    assert chosen_backends(parsed()) == list(BACKENDS)
    given = parsed("--backend", "max", "--backend", "cpu", "--backend", "max")
    assert chosen_backends(given) == ["cpu", "max"]


def test_a_backend_gets_the_model_and_the_graph():
    options = backend_options(parsed("--model", "tiny", "--graph", "port.py"), "max")
    assert (options.name, options.model, options.graph) == ("max", "tiny", "port.py")


@pytest.mark.parametrize("given", ["hot", "-0.1", "1.1"])
def test_a_temperature_is_a_number_from_0_to_1(given: str):
    with pytest.raises(Problem, match="not a temperature from 0 to 1"):
        parsed(f"--temperature={given}")
