"""What a port's result is used for."""

from types import SimpleNamespace
from typing import cast

import pytest
import torch
from port_files import write_port

from debug.port.outcome import are_logits, of_logits, of_texts
from debug.port.subject import PortSubject, open_port
from debug.protocol.diagnostic import Problem
from debug.subject import HasOutcome, Options

CONFIG = SimpleNamespace(config=SimpleNamespace(vocab_size=100, hidden_size=64))


def opened(path) -> PortSubject:
    return open_port(Options({"port": str(path), "device": "cpu"}))


def test_a_number_for_each_word_of_a_configuration_are_logits():
    module = cast(torch.nn.Module, CONFIG)
    assert are_logits(module, (2, 12, 100))
    assert not are_logits(module, (2, 12, 64))
    assert not are_logits(torch.nn.Linear(1, 1), (2, 100))


def test_the_likeliest_word_of_each_position_is_compared():
    reference = torch.eye(3)
    found = of_logits(reference, reference)
    assert (found.reference, found.candidate) == ("0 1 2", "0 1 2")
    assert (found.tokens, found.top1, found.kl) == (3, 1.0, 0.0)
    other = of_logits(reference, reference.flip(0))
    assert other.candidate == "2 1 0"
    assert other.top1 == pytest.approx(1 / 3)
    assert other.kl is not None
    assert other.kl > 0.1


def test_texts_of_ones_own_are_taken_as_they_are():
    found = of_texts(lambda r, c: ("cat", "dog"), torch.ones(1), torch.ones(1))
    assert (found.reference, found.candidate, found.tokens) == ("cat", "dog", 0)


def test_a_port_that_says_nothing_of_it_has_no_outcome(tmp_path):
    assert not isinstance(opened(write_port(tmp_path)), HasOutcome)


def test_a_ports_own_function_decides(tmp_path):
    own = "weights=weights,\n        outcome=lambda r, c: (f'{r.mean():.1f}', 'no'),"
    subject = opened(write_port(tmp_path, ("weights=weights,", own)))
    assert isinstance(subject, HasOutcome)
    found = subject.outcome(torch.ones(2), torch.ones(2), lambda: None)
    assert (found.reference, found.candidate) == ("1.0", "no")


def test_a_function_that_fails_is_placed_in_one_line(tmp_path):
    own = "weights=weights,\n        outcome=lambda r, c: 1 / 0,"
    subject = opened(write_port(tmp_path, ("weights=weights,", own)))
    assert isinstance(subject, HasOutcome)
    with pytest.raises(Problem, match=r"outcome= failed: ZeroDivisionError") as raised:
        subject.outcome(torch.ones(2), torch.ones(2), lambda: None)
    assert raised.value.diagnostic.line is not None


ANSWER = """\
class Answer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = seeded_network()

    def forward(self, x):
        return {"answer": self.inner(x)}


"""


def test_a_result_is_picked_once_however_it_is_used(tmp_path):
    used = "output=lambda y: y['answer'],\n        outcome=lambda r, c: ('a', 'b'),"
    path = write_port(
        tmp_path,
        ("reference=seeded_network()", "reference=Answer()"),
        ("def weights(", ANSWER + "def weights("),
        ("weights=weights,", f"weights=weights,\n        {used}"),
    )
    subject = opened(path)
    assert isinstance(subject, HasOutcome)
    assert isinstance(subject.reference()(subject.inputs[0].reference), torch.Tensor)
