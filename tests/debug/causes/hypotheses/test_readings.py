import torch
from torch import Tensor, nn

from tests.recordings import causes_of, numbers, segment_of

HEADS, SIZE, WIDTH = 4, 3, 12


def linear(seed: int, channels: int = WIDTH) -> nn.Linear:
    made = nn.Linear(WIDTH, channels).double()
    with torch.no_grad():
        made.weight.copy_(numbers(channels, WIDTH, seed=seed))
        made.bias.copy_(numbers(channels, seed=seed + 1))
    return made


def attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Of values of (batch, rows, heads, size)."""
    q, k, v = (each.transpose(1, 2) for each in (q, k, v))
    return (q @ k.mT).softmax(-1) @ v


def split(x: Tensor, heads: int = HEADS) -> Tensor:
    return x.view(*x.shape[:-1], heads, -1)


def one_by_one(layer, x):
    return attention(split(layer.q(x)), split(layer.k(x)), split(layer.v(x)))


def joined(layer, x, order="qkv"):
    return torch.cat([getattr(layer, name)(x) for name in order], -1)


def thirds(layer, x):
    q, k, v = joined(layer, x).view(*x.shape[:-1], 3, HEADS, SIZE).unbind(-3)
    return attention(q, k, v)


def by_heads(layer, x):
    q, k, v = joined(layer, x).view(*x.shape[:-1], HEADS, 3, SIZE).unbind(-2)
    return attention(q, k, v)


def by_channels(layer, x):
    q, k, v = joined(layer, x).view(*x.shape[:-1], WIDTH, 3).unbind(-1)
    return attention(split(q), split(k), split(v))


def rotated(layer, x):
    q, k, v = joined(layer, x, "kvq").chunk(3, -1)
    return attention(split(q), split(k), split(v))


PROJECTIONS = {"q": linear(1), "k": linear(3), "v": linear(5)}
X = numbers(2, 5, WIDTH)


def test_three_projections_in_one_are_read_head_by_head():
    text = "q, k and v are joined as (3, 4, 3), and are read as (4, 3, 3)"
    assert causes_of(one_by_one, by_heads, X, **PROJECTIONS) == [text]


def test_three_projections_in_one_are_read_channel_by_channel():
    text = "q, k and v are joined as (3, 12), and are read as (12, 3)"
    assert causes_of(one_by_one, by_channels, X, **PROJECTIONS) == [text]


def test_three_projections_in_one_are_read_in_another_order():
    text = "q, k and v are joined, and are read in the order q, k, v"
    assert causes_of(one_by_one, rotated, X, **PROJECTIONS) == [text]


def test_what_is_joined_head_by_head_is_read_part_by_part():
    def laid_by_heads(layer, x):
        parts = [split(each(x)) for each in (layer.q, layer.k, layer.v)]
        whole = torch.stack(parts, -2).flatten(-3)
        return attention(*map(split, whole.chunk(3, -1)))

    text = "q, k and v are joined as (4, 3, 3), and are read as (3, 4, 3)"
    assert causes_of(one_by_one, laid_by_heads, X, **PROJECTIONS) == [text]


def test_fewer_heads_of_keys_are_read_in_groups():
    few = {"q": linear(1), "k": linear(3, 6), "v": linear(5, 6)}

    def grouped(q, k, v):
        k, v = (each.repeat_interleave(2, -2) for each in (split(k, 2), split(v, 2)))
        return attention(split(q), k, v)

    def right(layer, x):
        return grouped(layer.q(x), layer.k(x), layer.v(x))

    def wrong(layer, x):
        whole = joined(layer, x).view(*x.shape[:-1], 2, -1)
        return grouped(*(part.flatten(-2) for part in whole.split([6, 3, 3], -1)))

    text = "q, k and v are joined as (12, 6, 6), and are read as 2 times (6, 3, 3)"
    assert causes_of(right, wrong, X, **few) == [text]


def test_what_pytorch_joins_as_well_is_read_otherwise():
    def parts_first(layer, x):
        q, k, v = layer.qkv(x).view(*x.shape[:-1], 3, HEADS, SIZE).unbind(-3)
        return attention(q, k, v)

    def heads_first(layer, x):
        q, k, v = layer.qkv(x).view(*x.shape[:-1], HEADS, 3 * SIZE).chunk(3, -1)
        return attention(q, k, v)

    qkv = linear(1, 3 * WIDTH)
    assert causes_of(parts_first, heads_first, X, qkv=qkv) == [
        "qkv's result is read as (4, 3, 3), not as (3, 4, 3)"
    ]
    assert causes_of(heads_first, parts_first, X, qkv=qkv) == [
        "qkv's result is read as (3, 4, 3), not as (4, 3, 3)"
    ]


def test_gate_and_value_of_one_layer_are_read_by_turns():
    def halves(layer, x):
        gate, up = layer.gate_up(x).chunk(2, -1)
        return gate.sigmoid() * up

    def turns(layer, x):
        both = layer.gate_up(x)
        return both[..., ::2].sigmoid() * both[..., 1::2]

    gate_up = linear(1, 2 * WIDTH)
    assert causes_of(halves, turns, X, gate_up=gate_up) == [
        "gate_up's result is read as (12, 2), not as (2, 12)"
    ]


def test_joined_projections_are_right_and_what_reads_them_is_not():
    segment = segment_of(one_by_one, by_heads, X, **PROJECTIONS)
    assert segment.culprit is not None
    assert segment.operations[segment.culprit].name == "reshape"


def test_an_image_that_lies_with_its_channels_last_is_read_with_them_first():
    def right(_, x):
        return x.mean((2, 3))

    def wrong(_, x):
        return x.permute(0, 2, 3, 1).reshape(2, 3, 20).mean(2)

    text = "the argument lies with its channels last, and is read with them first"
    assert text in causes_of(right, wrong, numbers(2, 3, 4, 5))
