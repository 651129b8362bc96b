"""Which module is which layer: by weights, by names, and by order where neither tells."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from recordings import numbers
from torch import Tensor

from debug.port.alignment import How, Matched, match
from debug.port.side import Side
from debug.subject import CalledModule, Counterpart

Weights = Mapping[str, Tensor]


def side(weights: Weights, calls: Sequence[str] = (), often: Sequence[str] = ()) -> Side:
    """A side whose modules are called in the order of their weights, then what is around
    them, unless ``calls`` says otherwise. ``often`` are called once more at the end."""
    order = list(calls)
    if not order:
        leaves = list(dict.fromkeys(name.rpartition(".")[0] for name in weights))
        around = {leaf.rpartition(".")[0] for leaf in leaves} - {"", *leaves}
        order = [*leaves, *sorted(sorted(around), key=len, reverse=True), ""]
    made = [CalledModule(name, 1, (2, 4)) for name in order]
    made += [CalledModule(name, 2, (2, 4)) for name in often]
    return Side(made, weights)


def matrix(seed: int, rows: int = 4, columns: int = 4) -> Tensor:
    return numbers(rows, columns, seed=seed)


def aligned(
    reference: Side,
    candidate: Side,
    said: Mapping[str, str] | None = None,
    ignored: Sequence[str] = (),
) -> Matched:
    return match(reference, candidate, said or {}, ignored)


def by_layer(matched: Matched) -> dict[str, str]:
    """The modules of each layer, without the root's."""
    pairs = matched.pairs.items()
    return {name: "+".join(pair.counterpart.modules) for name, pair in pairs if name}


ATTENTION = {f"attn.{name}_proj.weight": matrix(n) for n, name in enumerate("qkv")}


def renamed(weights: Weights, **names: str) -> dict[str, Tensor]:
    return {
        f"mixer.{names[name.split('.')[1]]}.weight": value
        for name, value in weights.items()
    }


def test_leaves_with_other_names_and_layouts_are_found_by_their_weights():
    ours = renamed(ATTENTION, q_proj="one", k_proj="two", v_proj="three")
    matched = aligned(side(ATTENTION), side({n: w.T for n, w in ours.items()}))
    assert by_layer(matched) == {
        "attn.q_proj": "mixer.one",
        "attn.k_proj": "mixer.two",
        "attn.v_proj": "mixer.three",
        "attn": "mixer",
    }
    assert matched.pairs["attn.q_proj"].how is How.WEIGHTS
    assert matched.pairs["attn"].how is How.LEAVES
    assert not matched.doubts


def test_norms_of_ones_are_told_apart_by_the_order_of_calls():
    ones = torch.ones(4)
    theirs = {"a.weight": ones, "lin.weight": matrix(1), "b.weight": ones}
    ours = {"first.weight": ones, "up.weight": matrix(1), "second.weight": ones}
    pairs = by_layer(aligned(side(theirs), side(ours)))
    assert (pairs["a"], pairs["b"]) == ("first", "second")


def test_a_norm_that_is_called_too_late_is_still_the_norm_of_its_block():
    ones = torch.ones(4)
    parts = {"norm1": ones, "attn": None, "norm2": ones, "mlp": None}
    theirs, ours = dict[str, Tensor](), dict[str, Tensor]()
    for block in range(2):
        for number, (name, value) in enumerate(parts.items()):
            weight = matrix(10 * block + number) if value is None else value
            theirs[f"h.{block}.{name}.weight"] = weight
            ours[f"blocks.{block}.my_{name}.weight"] = weight
    late = ["attn", "norm1", "norm2", "mlp"]
    calls = [
        *(f"blocks.0.my_{name}" for name in late),
        "blocks.0",
        *(f"blocks.1.my_{name}" for name in late),
        "blocks.1",
        "",
    ]
    pairs = by_layer(aligned(side(theirs), side(ours, calls)))
    assert pairs["h.0.norm1"] == "blocks.0.my_norm1"
    assert pairs["h.0.norm2"] == "blocks.0.my_norm2"
    assert pairs["h.1.norm1"] == "blocks.1.my_norm1"


def test_exchanged_weights_are_a_doubt_and_no_other_names():
    ours = renamed(ATTENTION, q_proj="wv", k_proj="wk", v_proj="wq")
    matched = aligned(side(ATTENTION), side(ours))
    assert by_layer(matched)["attn.q_proj"] == "mixer.wq"
    assert sorted(matched.doubts) == [
        "mixer.wq holds attn.v_proj's weights, not attn.q_proj's",
        "mixer.wv holds attn.q_proj's weights, not attn.v_proj's",
    ]


def test_weights_that_were_never_loaded_are_a_doubt():
    ours = renamed(ATTENTION, q_proj="wq", k_proj="wk", v_proj="wv")
    ours["mixer.wk.weight"] = matrix(99)
    matched = aligned(side(ATTENTION), side(ours))
    assert by_layer(matched)["attn.k_proj"] == "mixer.wk"
    said = "mixer.wk's weights equal none of the reference: were they loaded?"
    assert matched.doubts == [said]


def test_one_weight_of_anothers_is_named_where_the_rest_is_right():
    theirs = {
        **{"h.0.up.weight": matrix(1), "h.0.up.bias": numbers(4, seed=2)},
        **{"h.1.up.weight": matrix(3), "h.1.up.bias": numbers(4, seed=4)},
    }
    ours = {
        **{"blocks.0.up.weight": matrix(1), "blocks.0.up.bias": numbers(4, seed=2)},
        **{"blocks.1.up.weight": matrix(1), "blocks.1.up.bias": numbers(4, seed=4)},
    }
    doubts = aligned(side(theirs), side(ours)).doubts
    assert doubts == ["blocks.1.up holds h.0.up.weight, not h.1.up's"]


def joined(*weights: Tensor) -> Tensor:
    return torch.cat(weights)


def test_projections_that_the_port_joined_are_slices_of_one():
    ours = {"qkv.weight": joined(*ATTENTION.values())}
    matched = aligned(side(ATTENTION), side(ours))
    pair = matched.pairs["attn.k_proj"]
    assert pair.how is How.PART
    assert pair.counterpart == Counterpart(("qkv",), channels=(4, 5, 6, 7))
    assert not matched.doubts


def test_projections_that_are_joined_by_head_are_found_channel_by_channel():
    q, k, v = ATTENTION.values()
    by_head = joined(q[:2], k[:2], v[:2], q[2:], k[2:], v[2:])
    matched = aligned(side(ATTENTION), side({"qkv.weight": by_head}))
    assert matched.pairs["attn.q_proj"].counterpart.channels == (0, 1, 6, 7)
    assert matched.pairs["attn.v_proj"].counterpart.channels == (4, 5, 10, 11)


def test_a_product_that_the_port_took_apart_is_several_modules():
    theirs = {"c_attn.weight": joined(*ATTENTION.values()).T}
    ours = renamed(ATTENTION, q_proj="wq", k_proj="wk", v_proj="wv")
    matched = aligned(side(theirs), side(ours))
    assert by_layer(matched)["c_attn"] == "mixer.wq+mixer.wk+mixer.wv"
    assert not matched.doubts


def test_containers_that_hold_the_same_pair_from_the_outermost():
    theirs = {"encoder.stack.lin.weight": matrix(1), "head.weight": matrix(2)}
    ours = {"body.inner.proj.weight": matrix(1), "out.weight": matrix(2)}
    calls = ["encoder.stack.lin", "encoder.stack", "encoder", "head", ""]
    ours_called = ["body.inner.proj", "body.inner", "body", "out", ""]
    pairs = by_layer(aligned(side(theirs, calls), side(ours, ours_called)))
    assert pairs["encoder"] == "body"
    assert pairs["encoder.stack"] == "body.inner"


def test_an_embedding_that_the_port_only_reads_is_not_missing():
    table = matrix(3)
    theirs = {"wpe.weight": table, "lin.weight": matrix(1)}
    ours = {"positions.weight": table, "lin.weight": matrix(1)}
    matched = aligned(side(theirs), side(ours, ["lin", ""]))
    (alone,) = matched.reference_only
    assert (alone.name, alone.is_error) == ("wpe", False)
    assert "only read" in alone.reason


def test_a_layer_whose_weights_nobody_holds_is_missing():
    theirs = {"lost.weight": matrix(3), "lin.weight": matrix(1)}
    matched = aligned(side(theirs), side({"lin.weight": matrix(1)}))
    (doubt,) = matched.doubts
    assert doubt == "lost has no counterpart: no module holds its weights"


def test_a_norm_of_ones_that_is_never_used_is_missing_though_others_are_alike():
    ones = torch.ones(4)
    names = ["first.weight", "second.weight", "lin.weight"]
    theirs = {**dict.fromkeys(names[:2], ones), names[2]: matrix(1)}
    ours = side(theirs, ["first", "lin", ""])
    matched = aligned(side(theirs), replace(ours, unread={"second.weight"}))
    assert matched.doubts == ["second has no counterpart: no module holds its weights"]
    (alone,) = aligned(side(theirs), ours).reference_only
    assert (alone.name, alone.is_error) == ("second", False)  # used by no module's call


def test_a_table_that_nobody_trains_may_be_computed_anywhere():
    theirs = {"rotary.inv_freq": matrix(3), "lin.weight": matrix(1)}
    reference = replace(side(theirs), buffers={"rotary.inv_freq"})
    matched = aligned(reference, side({"lin.weight": matrix(1)}))
    (alone,) = matched.reference_only
    assert (alone.name, alone.is_error, matched.doubts) == ("rotary", False, [])


def test_an_ignored_layer_is_neither_paired_nor_missing():
    theirs = {"lost.within.weight": matrix(3), "lin.weight": matrix(1)}
    candidate = side({"lin.weight": matrix(1)})
    matched = aligned(side(theirs), candidate, ignored=["lost"])
    assert by_layer(matched) == {"lin": "lin"}
    assert not matched.doubts
    assert not matched.reference_only


def test_a_pair_that_is_said_is_taken_whatever_the_weights():
    theirs = {"a.weight": matrix(1), "b.weight": matrix(2)}
    ours = {"x.weight": matrix(1), "y.weight": matrix(2)}
    matched = aligned(side(theirs), side(ours), said={"a": "y"})
    assert by_layer(matched)["a"] == "y"
    assert matched.pairs["a"].how is How.YOU


def test_a_counter_of_batches_is_no_weight():
    norm = {"n.weight": matrix(1, 1, 4)[0], "n.running_mean": matrix(2, 1, 4)[0]}
    theirs = {**norm, "n.num_batches_tracked": torch.tensor(3)}
    ours = {"m.weight": norm["n.weight"], "m.mean": norm["n.running_mean"]}
    matched = aligned(side(theirs), side(ours))
    assert matched.pairs["n"].how is How.WEIGHTS


BLOCKS = {
    f"h.{block}.{name}.weight": matrix(10 * block + number)
    for block in range(3)
    for number, name in enumerate(("up", "down"))
}


def test_a_block_that_is_never_called_is_missing_as_one():
    ours = {f"blocks{name[1:]}": weight for name, weight in BLOCKS.items()}
    calls = [n for block in (0, 1) for n in (f"blocks.{block}.up", f"blocks.{block}.down")]
    named = ["blocks.0", "blocks.1", ""]
    read = {name: weight for name, weight in ours.items() if ".2." not in name}
    matched = aligned(side(BLOCKS), side(read, calls + named))
    assert matched.doubts == ["h.2 has no counterpart: no module holds its weights"]


def test_a_block_in_whose_place_another_is_called_again_says_which():
    ours = {n.replace("h", "blocks"): w for n, w in BLOCKS.items() if ".1." not in n}
    matched = aligned(side(BLOCKS), side(ours, often=["blocks.0"]))
    assert matched.doubts == ["h.1 has no counterpart, and blocks.0 is called 2 times"]


def test_a_module_of_which_a_part_is_there_is_not_missing_as_one():
    ours = {n.replace("h", "blocks"): w for n, w in BLOCKS.items() if "1.up" not in n}
    matched = aligned(side(BLOCKS), side(ours))
    assert matched.doubts == ["h.1.up has no counterpart: no module holds its weights"]


def held_in(order: Sequence[int]) -> dict[str, Tensor]:
    """The blocks' weights where the block of each number holds those of another."""
    ours = {}
    for block, held in enumerate(order):
        ours[f"blocks.{block}.up.weight"] = BLOCKS[f"h.{held}.up.weight"]
        ours[f"blocks.{block}.down.weight"] = BLOCKS[f"h.{held}.down.weight"]
    return ours


def called_in(order: Sequence[int]) -> list[str]:
    parts = (".up", ".down", "")
    return [*(f"blocks.{block}{part}" for block in order for part in parts), ""]


def test_blocks_that_hold_each_others_weights_are_a_doubt_of_each_block():
    matched = aligned(side(BLOCKS), side(held_in([1, 0, 2])))
    assert by_layer(matched) == {
        f"h.{n}{part}": f"blocks.{n}{part}"
        for n in range(3)
        for part in ("", ".up", ".down")
    }
    assert matched.doubts == [
        "blocks.0 holds h.1's weights, not h.0's",
        "blocks.1 holds h.0's weights, not h.1's",
    ]


def test_blocks_whose_weights_are_all_shifted_are_a_doubt_too():
    assert len(aligned(side(BLOCKS), side(held_in([2, 0, 1]))).doubts) == 3


def test_blocks_that_are_called_in_another_order_hold_the_right_weights():
    ours = held_in([0, 1, 2])
    matched = aligned(side(BLOCKS), side(ours, called_in([1, 0, 2])))
    assert by_layer(matched)["h.1"] == "blocks.1"
    assert not matched.doubts


def test_blocks_that_the_port_numbers_from_behind_hold_the_right_weights():
    ours = held_in([2, 1, 0])
    matched = aligned(side(BLOCKS), side(ours, called_in([2, 1, 0])))
    assert by_layer(matched)["h.0"] == "blocks.2"
    assert not matched.doubts


def test_one_layer_of_two_blocks_that_is_exchanged_is_a_doubt_of_that_layer():
    ours = held_in([0, 1, 2])
    ours["blocks.0.up.weight"], ours["blocks.1.up.weight"] = (
        ours["blocks.1.up.weight"],
        ours["blocks.0.up.weight"],
    )
    assert sorted(aligned(side(BLOCKS), side(ours)).doubts) == [
        "blocks.0.up holds h.1.up's weights, not h.0.up's",
        "blocks.1.up holds h.0.up's weights, not h.1.up's",
    ]


def test_a_copy_of_a_block_is_one_doubt():
    copied = held_in([0, 0, 2])
    ours = {f"h{name.removeprefix('blocks')}": weight for name, weight in copied.items()}
    assert aligned(side(BLOCKS), side(ours)).doubts == [
        "h.1 holds h.0's weights, not h.1's"
    ]
