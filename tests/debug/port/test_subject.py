"""A port's file as a subject: what is aligned, what is said, and what a save changes."""

from pathlib import Path

import pytest
import torch
from editing import replace
from port_files import write_port

from debug.candidate.source import load_source
from debug.engine.session import Session
from debug.port.subject import PortSubject, open_port
from debug.protocol.diagnostic import Problem
from debug.protocol.messages import Aligned, Explained, Message, Open, Opened
from debug.protocol.verdict import Verdict
from debug.results.run import Run
from debug.subject import Options

FACTORY = "debug.port.subject:open_port"


def opened(path: Path) -> PortSubject:
    return open_port(Options({"port": str(path), "device": "cpu"}))


def problem_of(path: Path) -> str:
    with pytest.raises(Problem) as raised:
        opened(path)
    return str(raised.value)


class Compared:
    """A port that has run, with all that was said of it."""

    def __init__(self, path: Path) -> None:
        self.run, self.heard = Run(), list[Message]()
        command = Open({"port": str(path), "device": "cpu"}, watch=False)
        self.session = Session.open(FACTORY, command, self._hear)
        self.again()

    def _hear(self, message: Message) -> None:
        self.heard.append(message)
        self.run.apply(message)  # pyright: ignore[reportArgumentType]

    def again(self) -> None:
        self.session.load()
        for _ in self.session.names:
            self.session.advance()
        while not self.session.settled:
            self.session.go_on()

    @property
    def verdicts(self) -> dict[str, Verdict]:
        layers = enumerate(self.run.layers)
        return {each.name: self.run.results[n].chained.verdict for n, each in layers}


def test_layers_of_other_names_are_found_by_their_weights(tmp_path):
    subject = opened(write_port(tmp_path))
    assert [layer.name for layer in subject.layers] == ["grow", "shrink", "model"]


def test_a_candidate_that_can_not_be_built_yet_leaves_the_references_layers(tmp_path):
    subject = opened(write_port(tmp_path, ("ops.gelu(", "ops.no_such(")))
    assert [layer.name for layer in subject.layers] == ["grow", "shrink", "model"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("def port()", "def prot()", "no function port() is here"),
        ("    return Port(", "    return dict(", "port() returned a dict"),
        ("torch.randn(1, 6, WIDTH)", "torch.randn(1, 6, 3)", "the reference does not run"),
        ("torch.manual_seed(1)", "1 / 0", "division by zero"),
        ("torch.manual_seed(1)", "raise SystemExit(3)", "my_port.py:37: SystemExit: 3"),
    ],
)
def test_what_is_no_port_is_said_in_one_line(tmp_path, old, new, said):
    message = problem_of(write_port(tmp_path, (old, new)))
    assert said in message
    assert "\n" not in message


def test_a_file_that_is_not_there_is_named(tmp_path):
    assert "there is no file" in problem_of(tmp_path / "none.py")


@pytest.mark.max
def test_a_right_port_is_ok_in_every_layer(tmp_path):
    compared = Compared(write_port(tmp_path))
    assert set(compared.verdicts.values()) == {Verdict.OK}
    assert compared.run.doubts == []


@pytest.mark.max
def test_a_mistake_is_found_at_its_line(tmp_path):
    path = write_port(tmp_path, ("ops.gelu(self.first(x))", "ops.relu(self.first(x))"))
    compared = Compared(path)
    (explained,) = [each for each in compared.heard if isinstance(each, Explained)]
    finding = explained.findings[0]
    assert finding.causes[0].hypothesis == "ReLU instead of GELU"
    assert finding.place is not None
    assert "ops.relu" in path.read_text().splitlines()[finding.place.line - 1]


@pytest.mark.max
def test_weights_that_were_never_loaded_are_named(tmp_path):
    path = write_port(
        tmp_path,
        ("    return {f", "    made = {f"),
        ("for a, b in parts}", "for a, b in parts}\n    made['first.weight'] *= 1.5\n"),
    )
    text = path.read_text().replace("*= 1.5\n", "= torch.rand(16, 8)\n    return made\n")
    path.write_text(text)
    compared = Compared(path)
    (doubt,) = compared.run.doubts
    assert doubt == "first's weights equal none of the reference: were they loaded?"
    assert compared.verdicts["grow"] is Verdict.DIVERGED


@pytest.mark.max
def test_a_layer_that_a_save_takes_away_is_left_out_and_comes_back(tmp_path):
    path = write_port(tmp_path)
    compared = Compared(path)
    inline = "x @ self.first.weight.T + self.first.bias"
    replace(path, "self.first(x)", inline)
    compared.again()
    assert list(compared.verdicts) == ["x", "shrink", "model"]
    assert set(compared.verdicts.values()) == {Verdict.OK}
    replace(path, inline, "self.first(x)")
    compared.again()
    assert list(compared.verdicts) == ["x", "grow", "shrink", "model"]
    openings = [each for each in compared.heard if isinstance(each, Opened)]
    assert [len(each.layers) for each in openings] == [4, 3, 4]


@pytest.mark.max
def test_a_save_computes_again_only_what_it_changed(tmp_path):
    path = write_port(tmp_path)
    compared = Compared(path)
    replace(path, "ops.gelu(self.first(x)))", "ops.gelu(self.first(x))) * 2")
    compared.again()
    run = compared.run
    reused = {run.layers[n].name: result.reused for n, result in run.results.items()}
    assert (reused["grow"], reused["shrink"], reused["model"]) == (True, True, False)


def test_a_reference_that_differs_after_a_save_is_refused(tmp_path):
    path = write_port(tmp_path)
    subject = opened(path)
    replace(path, "reference=seeded_network()", "reference=type(seeded_network())()")
    with pytest.raises(Problem, match="not those of the first load; seed them"):
        Session(subject, lambda message: None).load()


@pytest.mark.max
def test_every_load_says_which_layer_is_which_module(tmp_path):
    compared = Compared(write_port(tmp_path))
    (aligned,) = [each for each in compared.heard if isinstance(each, Aligned)]
    pairs = {pair.layer: (pair.candidate, pair.how) for pair in aligned.pairs}
    assert pairs["grow"] == ("first", "weights")
    assert pairs["model"] == ("model", "the model")


def test_the_inputs_are_rows_by_their_names(tmp_path):
    subject = opened(write_port(tmp_path))
    assert [value.name for value in subject.inputs] == ["x"]
    assert subject.inputs[0].exact.dtype is torch.float64


def built(path: Path) -> str:
    with pytest.raises(Problem) as raised:
        opened(path).candidate(load_source(path).module)
    return str(raised.value)


def test_a_weight_of_another_size_is_said_at_the_line_that_declares_it(tmp_path):
    path = write_port(tmp_path, ("Linear(HIDDEN, WIDTH,", "Linear(3, WIDTH,"))
    lines = path.read_text().splitlines()
    line = next(n for n, text in enumerate(lines, 1) if "self.weight =" in text)
    message = built(path)
    assert message.startswith(f"my_port.py:{line}: the port declares second.weight")
    assert "no layout makes 24 numbers and 128 the same" in message


def test_what_is_no_module_of_max_is_no_candidate(tmp_path):
    path = write_port(tmp_path, ("dtype: Network(device),", "dtype: None,"))
    assert "candidate= built a NoneType; it must build a module of max.nn" in built(path)


def test_a_port_without_weights_is_said_to_have_none(tmp_path):
    bare = "class Bare(nn.Module):\n    def __call__(self, x):\n        return x\n\n\n"
    head = "def weights(state):"
    path = write_port(tmp_path, ("Network(device),", "Bare(),"), (head, bare + head))
    assert built(path).startswith("the port has no weights, and the reference has 4: ")
