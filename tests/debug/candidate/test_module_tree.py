"""Modules of both of MAX's kinds by name, alone and within each other; nothing is run."""

from typing import Any

import numpy as np
import pytest
from max import nn
from max.driver import CPU, Buffer
from max.dtype import DType
from max.experimental.nn import Linear, Module, ModuleList
from max.graph import DeviceRef

from debug.candidate.max_v3 import is_v3
from debug.candidate.module_tree import ModuleTree, construct

HERE = DeviceRef.CPU()


def old_linear() -> nn.Linear:
    return nn.Linear(2, 3, DType.float32, HERE, has_bias=True)


class Old(nn.Module):
    """One of `max.nn` with a list of V3 modules in it."""

    def __init__(self) -> None:
        super().__init__()
        self.first = old_linear()
        self.new = [Linear(3, 2), Linear(3, 2)]

    def __call__(self, x: Any) -> Any: ...


class New(Module):
    """A V3 module with others, one of them twice, and one of `max.nn`."""

    def __init__(self) -> None:
        self.layers = ModuleList([Linear(2, 3), Linear(3, 2)])
        self.tied = self.layers[0]
        self.old = Old()


class Transparent(Module):
    name_transparent = True

    def __init__(self) -> None:
        self.inner = Linear(2, 2)


class WithTransparent(Module):
    def __init__(self) -> None:
        self.wrapper = Transparent()


def tree_of(make: Any, dtype: DType = DType.float32) -> ModuleTree:
    return construct(make, CPU(), dtype)


def given(tree: ModuleTree) -> dict[str, Buffer]:
    return {
        name: Buffer.from_numpy(np.zeros(shape, np.float32))
        for name, (shape, _) in tree.declared.items()
    }


def test_modules_of_max_nn_have_their_names():
    tree = tree_of(lambda: nn.LayerList([old_linear(), old_linear()]))
    assert set(tree.modules) == {"", "0", "1"}
    assert tree.modules[""] is tree.root
    assert tree.declared["1.weight"] == ((3, 2), DType.float32)


def test_a_v3_modules_weights_have_names_and_the_precision_that_is_asked_for():
    tree = tree_of(lambda: Linear(2, 3), DType.float64)
    assert tree.declared == {
        "weight": ((3, 2), DType.float64),
        "bias": ((3,), DType.float64),
    }
    assert tree.root.weight.external_name == "weight"


def test_what_is_declared_once_stays_the_same_object():
    tree = tree_of(lambda: Linear(2, 3))
    assert ModuleTree(tree.root).root is tree.root


def test_a_module_at_two_paths_has_the_first():
    tree = tree_of(New)
    assert tree.root.tied is tree.root.layers[0]
    assert tree.modules["layers.0"] is tree.root.tied
    assert "tied" not in tree.modules
    assert "tied.weight" not in tree.declared


def test_both_kinds_within_each_other_have_whole_names():
    tree = tree_of(New)
    assert set(tree.declared) == {
        f"{name}.{weight}"
        for name in ("layers.0", "layers.1", "old.first", "old.new.0", "old.new.1")
        for weight in ("weight", "bias")
    }
    assert set(tree.declared) == set(ModuleTree(tree.root).declared)
    assert not is_v3(tree.modules["old.first"])
    assert tree.modules["old.new.1"] is tree.root.old.new[1]
    assert tree.root.old.new[1].weight.external_name == "old.new.1.weight"


def test_weights_of_both_kinds_are_asked_for_by_their_whole_names():
    tree = tree_of(New)
    tree.load(given(tree))
    assert tree.root.old.first.weight.name == "old.first.weight"
    assert set(ModuleTree(tree.root).declared) == set(tree.declared)


def test_a_weight_without_a_value_is_refused():
    tree = tree_of(New)
    values = given(tree)
    del values["old.new.0.bias"]
    with pytest.raises(KeyError, match=r"old\.new\.0\.bias"):
        tree.load(values)


def test_a_module_whose_name_is_dropped_leaves_the_root_in_its_place():
    tree = tree_of(WithTransparent)
    assert tree.modules[""] is tree.root
    assert set(tree.declared) == {"inner.weight", "inner.bias"}
    assert "inner" in tree.modules


def test_maxs_own_blocks_are_nobodys_package():
    assert tree_of(lambda: Linear(2, 3)).packages == set()
    assert len(tree_of(New).packages) == 1


def test_a_module_that_does_not_say_its_inputs_has_none():
    assert tree_of(New).input_types() == []
