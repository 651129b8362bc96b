"""What a port's file can't mean is refused in one line."""

from pathlib import Path
from typing import Any

import pytest
import torch
from port_files import write_port
from torch import Tensor, nn

from debug.candidate.source import load_source
from debug.port.port import Port
from debug.port.said import check, does_not_run
from debug.port.subject import open_port
from debug.protocol.diagnostic import Problem
from debug.subject import Options


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(3, 3), nn.Linear(3, 3)])

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x if mask is None else x * mask


X = torch.ones(2, 3)


def build(device: Any, dtype: Any) -> None:
    """Nothing is built before what the file says is looked at."""


def said_of(**fields: Any) -> str:
    given: dict[str, Any] = {
        "reference": Network(),
        "candidate": lambda device, dtype: None,
        "inputs": {"x": X},
    }
    with pytest.raises(Problem) as raised:
        check(Port(**{**given, **fields}))
    message = str(raised.value)
    assert "\n" not in message
    return message


def test_what_can_be_meant_is_taken():
    inputs = {"x": X, "mask": X}
    names = {"layers.0": "first"}
    check(
        Port(Network(), build, inputs, layers=names, ignore=("layers.1",), sizes={"n": 2})
    )
    check(Port(Network(), build, inputs, candidate_inputs=[X], weights=dict, output=max))


@pytest.mark.parametrize(
    ("field", "value", "must_be"),
    [
        ("reference", "model", "reference= is a str: give a torch.nn.Module"),
        ("candidate", None, "candidate= is a NoneType: give a function of a device"),
        ("inputs", [X], "inputs= is a list of other things: give a dictionary"),
        ("inputs", X, "inputs= is a Tensor: give a dictionary"),
        ("candidate_inputs", X, "candidate_inputs= is a Tensor: give a list of tensors"),
        ("weights", [1], "weights= is a list of other things: give a dictionary"),
        ("layers", "layers.0", "layers= is a str: give a dictionary of the port's names"),
        ("layers", [("layers.0", "a")], "layers= is a list"),
        ("layers", {"layers.0": 3}, "layers= is a dict of other things"),
        (
            "sizes",
            {"n": "2"},
            "sizes= is a dict of other things: give a dictionary of whole",
        ),
        ("ignore", "layers.0", "ignore= is a str: give a list of names"),
        ("output", "logits", "output= is a str: give a function"),
        ("outcome", 3, "outcome= is a int: give a function of both results"),
        ("title", None, "title= is a NoneType: give a text"),
    ],
)
def test_a_field_of_another_kind_is_refused_with_what_it_must_be(field, value, must_be):
    assert must_be in said_of(**{field: value})


@pytest.mark.parametrize("field", ["layers", "ignore"])
def test_a_name_that_the_reference_lacks_is_refused_with_the_close_ones(field):
    names = {"layer.0": "first"} if field == "layers" else ["layer.0"]
    message = said_of(**{field: names})
    assert message.startswith(f"{field}= names 'layer.0', and the reference has no such")
    assert "close to it are layers.0" in message
    assert "close" not in said_of(ignore=["nothing_like_it"])


def test_inputs_that_forward_does_not_take_are_refused_with_those_it_takes():
    takes = "Network.forward takes x, mask"
    assert said_of(inputs={"x": X, "ids": X}) == f"inputs= has 'ids', and {takes}"
    assert said_of(inputs={}) == f"inputs= is empty, and {takes}: give what it needs"
    assert said_of(inputs={"mask": X}) == f"inputs= lacks 'x': {takes}"


def test_what_a_draft_left_open_is_said_to_be_open():
    assert said_of(inputs={"x": ...}) == "inputs= still has ... for 'x': fill in a tensor"


def test_arrays_of_numpy_and_halves_are_refused_with_what_makes_them_right():
    assert said_of(inputs={"x": X.numpy()}).endswith("give a tensor, torch.from_numpy(...)")
    message = said_of(reference=Network().half())
    assert message.startswith("reference= holds layers.0.weight in float16")


def test_a_forward_that_takes_any_name_is_not_guessed_at():
    class Wrapped(Network):
        def forward(self, mask: Tensor | None = None, **more: Any) -> Tensor:
            return super().forward(X, mask)

    port = Port(Wrapped(), build, {"ids": X})
    check(port)
    assert does_not_run(port) == (
        "the reference does not run on these inputs "
        "(inputs= has 'ids', and Wrapped.forward takes mask)"
    )
    assert does_not_run(Port(Network(), build, {"x": X})).endswith("these inputs")


@pytest.mark.max
def test_a_name_that_the_port_lacks_is_refused_with_the_close_ones(tmp_path: Path):
    path = write_port(tmp_path, ("weights=weights,", "weights=weights, layers=PAIRS,"))
    path.write_text(path.read_text() + "\n\nPAIRS = {'grow': 'frist'}\n")
    subject = open_port(Options({"port": str(path), "device": "cpu"}))
    with pytest.raises(Problem) as raised:
        subject.candidate(load_source(path).module)
    message = str(raised.value)
    assert "layers= names 'frist', and the port has no such module" in message
    assert "close to it are first" in message
