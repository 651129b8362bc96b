"""Which weight of a port is which of PyTorch's."""

import torch
from torch import Tensor

from debug.port.weight_pairs import WeightPair, WeightPairs, part_of
from debug.subject import Counterpart


def rows(count: int, seed: int) -> Tensor:
    return torch.randn(count, 4, generator=torch.Generator().manual_seed(seed))


Q, K = rows(4, 1), rows(4, 2)


def pairs(
    reference: dict[str, Tensor],
    candidate: dict[str, Tensor],
    counterparts: dict[str, Counterpart] | None = None,
) -> list[WeightPair]:
    shapes = {name: [*value.shape] for name, value in candidate.items()}
    given = reference, shapes, candidate.__getitem__, counterparts or {}, {}
    return WeightPairs(*given).all()


def test_the_same_name_is_the_same_weight_even_if_its_numbers_are_others():
    found = pairs({"q.weight": Q, "k.weight": K}, {"q.weight": K, "k.weight": Q})
    assert [(each.reference, each.candidate) for each in found] == [
        ("q.weight", "q.weight"),
        ("k.weight", "k.weight"),
    ]


def test_another_name_is_found_by_the_layer_that_holds_it_or_by_its_numbers():
    given = {"attn.q.weight": Q, "attn.k.weight": K}
    theirs = {"attention.wq.kernel": Q.T.contiguous(), "elsewhere": K}
    found = pairs(given, theirs, {"attn.q": Counterpart(("attention.wq",))})
    assert [each.candidate for each in found] == ["attention.wq.kernel", "elsewhere"]
    assert found[1].note == "found by its numbers"


def test_what_is_joined_in_one_weight_is_beside_its_part():
    whole = torch.cat([Q, K])
    channels = tuple(range(4, 8))
    joined = Counterpart(("qkv",), channels=channels)
    (found,) = pairs({"k.weight": K}, {"qkv.weight": whole}, {"k": joined})
    assert (found.candidate, found.channels) == ("qkv.weight", channels)
    part, name = part_of(whole, channels, K)
    assert torch.equal(part, K)
    assert name == "rows 4 to 7"
    part, name = part_of(whole.T, channels, K)
    assert torch.equal(part, K.T)
    assert name == "columns 4 to 7"


def test_what_only_one_side_has_is_said():
    found = pairs({"q.weight": Q}, {"table": rows(9, 3)})
    assert found == [WeightPair("q.weight", None), WeightPair(None, "table")]
