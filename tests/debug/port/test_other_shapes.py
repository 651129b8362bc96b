"""Ports that keep axes apart which PyTorch has joined, and tables that nothing calls."""

from pathlib import Path

import pytest
from port_files import WITH_A_TABLE, write_edited
from ports import debugged

from debug.results.run import Run
from debug.results.why import why

pytestmark = pytest.mark.max


def run_of(folder: Path, *edits: tuple[str, str]) -> Run:
    return debugged(write_edited(folder, WITH_A_TABLE, *edits)).run


def wrong(run: Run) -> list[str]:
    return [
        layer.name
        for index, layer in enumerate(run.layers)
        if run.results[index].chained.verdict.wrong or run.wrong_in_isolation(index)
    ]


def test_a_map_of_height_and_width_is_compared_with_one_of_positions(tmp_path):
    run = run_of(tmp_path)
    assert not wrong(run)
    assert [run.layers[i].name for i in range(run.last + 1) if run.not_alone(i)] == []


def test_a_table_that_the_port_has_computed_beforehand_is_no_error_where_all_is_right(
    tmp_path,
):
    run = run_of(tmp_path)
    assert [each.name for each in run.computed_within] == ["positions"]
    assert run.doubts == []


def test_a_table_is_found_by_its_numbers_where_something_else_is_wrong(tmp_path):
    run = run_of(tmp_path, ("dtype, eps=1e-5", "dtype, eps=0.1"))
    assert [run.layers[index].name for index in run.faults()] == ["norm"]
    assert run.doubts == []


def test_a_table_that_the_port_has_forgotten_is_an_error_by_name(tmp_path):
    forgotten = '    return {**state, "bias": torch.zeros(16, D)}'
    run = run_of(tmp_path, ('    return {**state, "bias": bias}', forgotten))
    assert "positions has no counterpart: no module holds its weights" in run.doubts
    assert wrong(run)


def test_a_map_whose_height_and_width_were_exchanged_is_still_wrong(tmp_path):
    run = run_of(tmp_path, ("self.norm(x)", "self.norm(x.permute([0, 2, 1, 3]))"))
    assert "norm" in wrong(run)


def test_what_nothing_depends_on_is_not_right_because_the_result_is(tmp_path):
    run = run_of(
        tmp_path,
        ("        self.unused(x)\n        x = self.last", "        x = self.last"),
        ('"bias": bias}', '"bias": bias, "unused.weight": torch.zeros(D, D)}'),
    )
    doubt = "unused has no counterpart: no module holds its weights"
    assert doubt in run.doubts


CUBE = """\
import torch
from max.nn import LayerNorm, Module
from max.nn.conv import Conv2d
from torch import nn

from maxwhisper import Port


class Reference(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.second = nn.Conv2d(3, 8, 1), nn.Conv2d(8, 8, 1)
        self.norm = nn.LayerNorm(8)

    def forward(self, x):
        return self.norm(self.second(self.conv(x)).permute(0, 2, 3, 1))


class Candidate(Module):
    def __init__(self, dtype, device):
        super().__init__()
        self.conv = Conv2d(1, 3, 8, dtype, device=device, has_bias=True)
        self.second = Conv2d(1, 8, 8, dtype, device=device, has_bias=True)
        self.norm = LayerNorm(8, [device], dtype, eps=1e-5)

    def __call__(self, x):
        return self.norm(self.second(self.conv(x)))


def weights(state):
    return {n: w.permute(2, 3, 1, 0) if w.ndim == 4 else w for n, w in state.items()}


def port() -> Port:
    torch.manual_seed(0)
    image = torch.randn(2, 3, 8, 8)
    return Port(
        reference=Reference(),
        candidate=lambda device, dtype: Candidate(dtype, device),
        inputs={"x": image},
        candidate_inputs=[image.permute(0, 2, 3, 1)],
        weights=weights,
    )
"""


@pytest.mark.parametrize(
    ("edits", "layers"),
    [
        ([], []),
        ([("(2, 3, 8, 8)", "(2, 3, 8, 12)")], []),  # columns, or channels, last?
        ([("self.conv(x)))", "self.conv(x) * 1.01))")], ["second", "norm", "model"]),
        ([("dtype, eps=1e-5", "dtype, eps=0.1")], ["norm", "model"]),
    ],
)
def test_an_image_of_as_many_channels_as_rows_is_laid_out_as_the_others(
    tmp_path, edits, layers
):
    assert wrong(debugged(write_edited(tmp_path, CUBE, *edits)).run) == layers


def test_the_cause_in_such_an_image_is_found_in_the_layer_itself(tmp_path):
    edits = [("dtype, eps=1e-5", "dtype, eps=0.1")]
    run = debugged(write_edited(tmp_path, CUBE, *edits)).run
    culprit = run.culprit()
    assert culprit is not None
    assert run.layers[culprit].name == "norm"
    assert any("epsilon is 0.1" in reason for reason in why(run, culprit))
