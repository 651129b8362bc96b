"""The rows of the debugger that come of pairs of modules."""

import torch
from torch import Tensor, nn

from debug.port.aligned import MODEL, align, reference_side, state_of
from debug.port.side import Side
from debug.subject import CalledModule, Counterpart


class Twice(nn.Module):
    """Calls one layer two times."""

    def __init__(self) -> None:
        super().__init__()
        self.lin = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.lin(self.lin(x).relu())


def test_each_call_of_a_module_that_is_called_twice_is_a_row():
    module = Twice()
    theirs = reference_side(module, lambda each: each(torch.ones(2, 4)))
    calls = [CalledModule("proj", 1, (2, 4)), CalledModule("proj", 2, (2, 4))]
    weights = {f"proj.{n.split('.')[1]}": w for n, w in state_of(module).items()}
    ours = Side([*calls, CalledModule("", 1, (2, 4))], weights)
    alignment = align(module, theirs, ours, {}, (), lambda _: True)
    assert [layer.name for layer in alignment.layers] == ["lin", "lin#2", MODEL]
    assert alignment.layers[1].path == "lin"
    assert alignment.counterparts["lin#2"] == Counterpart(("proj",), 2)
