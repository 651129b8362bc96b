"""Mistakes that people make in ports, as edits of one node of a syntax tree.

A kind of mistake is a generator that is given a node with the `Surroundings` it needs, and
yields an `Edit` for each way in which somebody may have written it wrong. It looks at the
text alone: whether the edit builds, and whether it changes a number, is found out by
running it (`core.practice.planting`). Add a kind to `KINDS`, with a hint that does not
give it away.
"""

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeGuard

from core.practice.text import Edit, Text

ACTIVATIONS = {
    "gelu": "relu",
    "relu": "gelu",
    "silu": "gelu",
    "sigmoid": "tanh",
    "tanh": "sigmoid",
}
"""By the function that is meant, the one that is taken for it."""
OTHER_FUNCTIONS = {"rsqrt": "sqrt", "mean": "max", "sum": "mean"}
TRANSPOSITIONS = ("transpose", "swapaxes")
PERMUTATIONS = ("permute", "permute_dims")
NORM = re.compile(r"norm|^ln|_ln|^rms", re.IGNORECASE)
ACTIVATION = re.compile(r"(^|_)(act|activation)(_|$)")
PLACE = re.compile(r"\b(dtype|devices?|DType|DeviceRef|float\d+|int\d+)\b")
PLACES = ("device", "devices", "dtype", "name", "shape")
"""Arguments that are left out by nobody, for nothing runs without."""
Node = ast.expr | ast.stmt


class Surroundings(NamedTuple):
    text: Text
    alike: Mapping[str, Sequence[str]]
    """What may be taken for what: values and modules that are made in the same way."""


Kind = Callable[[Node, Surroundings], Iterator[Edit]]


# -- Numbers ---------------------------------------------------------------------------


def number(node: Node, around: Surroundings) -> Iterator[Edit]:
    if isinstance(node, ast.Constant) and isinstance(node.value, float) and node.value:
        yield around.text.instead(node, _mistyped(around.text.of(node), node.value))
    if isinstance(node, ast.Call) and called(node) not in TRANSPOSITIONS + PERMUTATIONS:
        for each in [*node.args, *(keyword.value for keyword in node.keywords)]:
            if value := _whole(each):
                other = value // 2 if value > 3 else value + 1
                yield around.text.instead(each, str(other))


def _mistyped(text: str, value: float) -> str:
    """An epsilon is too large, anything else is halved."""
    if power := re.fullmatch(r"(.*e-)(\d+)", text, re.IGNORECASE):
        exponent = int(power[2])
        return f"{power[1]}{exponent - 2 if 2 < exponent < 8 else 5}"
    return repr(value / 2) if abs(value) > 1e-3 else f"{value * 100:g}"


def _whole(node: ast.expr) -> int | None:
    """The value of a whole number that is written there."""
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    return None


# -- Sums and products -----------------------------------------------------------------


def term(node: Node, around: Surroundings) -> Iterator[Edit]:
    if _adds(node):
        for operand in (node.right, node.left):
            yield around.text.operand(node, operand)
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add):
        yield from _operator(around.text, node.target, "+=", "=", node.value)


def sign(node: Node, around: Surroundings) -> Iterator[Edit]:
    if _adds(node):
        yield from _operator(around.text, node.left, "+", "-", node.right)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
        yield from _operator(around.text, node.left, "-", "+", node.right)
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add):
        yield from _operator(around.text, node.target, "+=", "-=", node.value)


def factor(node: Node, around: Surroundings) -> Iterator[Edit]:
    if not isinstance(node, ast.BinOp):
        return
    if isinstance(node.op, ast.Mult | ast.Div) and _whole(node.left) is None:
        yield around.text.operand(node, node.left)
    if isinstance(node.op, ast.Mult) and _whole(node.right) is None:
        yield around.text.operand(node, node.right)


def _adds(node: Node) -> TypeGuard[ast.BinOp]:
    """Whether it may be a sum of values, and is none of sizes or lists."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Add):
        return False
    sizes = (ast.List, ast.Tuple, ast.JoinedStr)
    return not any(
        isinstance(each, sizes) or _whole(each) is not None or _is_text(each)
        for each in (node.left, node.right)
    )


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _operator(
    text: Text, left: ast.expr, old: str, new: str, right: ast.expr
) -> list[Edit]:
    return text.replaced(old, new, text.end(left), text.start(right))


# -- What is taken for what ------------------------------------------------------------


def arguments(node: Node, around: Surroundings) -> Iterator[Edit]:
    if not isinstance(node, ast.Call) or called(node) in TRANSPOSITIONS + PERMUTATIONS:
        return
    text = around.text
    for first, second in pairwise(node.args):
        if _is_value(text, first) and _is_value(text, second):
            between = text.between(text.end(first), text.start(second))
            new = text.of(second) + between + text.of(first)
            yield Edit(text.start(first), text.end(second), new)


def _is_value(text: Text, node: ast.expr) -> bool:
    """Whether it may be a tensor or a size, and no place, type, shape or option."""
    others = (ast.List, ast.Tuple, ast.Starred)
    return not (isinstance(node, others) or _is_text(node) or PLACE.search(text.of(node)))


def exchange(node: Node, around: Surroundings) -> Iterator[Edit]:
    if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
        for other in around.alike.get(around.text.of(node), ()):
            yield around.text.instead(node, other)


# -- Functions and modules -------------------------------------------------------------


def softmax_axis(node: Node, around: Surroundings) -> Iterator[Edit]:
    if not isinstance(node, ast.Call) or not called(node).endswith("softmax"):
        return
    text = around.text
    axes = [each.value for each in node.keywords if each.arg in ("axis", "dim")]
    for axis in [*axes, *node.args[1:2]]:
        yield text.instead(axis, "-1" if text.of(axis) == "-2" else "-2")
        return
    if node.args:
        yield _one_more(text, node, "axis=-2")


def approximation(node: Node, around: Surroundings) -> Iterator[Edit]:
    if not isinstance(node, ast.Call) or called(node).lower() != "gelu":
        return
    given = [*node.args[1:], *(keyword.value for keyword in node.keywords)]
    for each in given:
        other = "none" if ast.literal_eval(each) == "tanh" else "tanh"
        yield around.text.instead(each, f'"{other}"')
        return
    if node.args:
        yield _one_more(around.text, node, 'approximate="tanh"')


def _one_more(text: Text, call: ast.Call, argument: str) -> Edit:
    end = text.end([*call.args, *call.keywords][-1])
    return Edit(end, end, f", {argument}")


def activation(node: Node, around: Surroundings) -> Iterator[Edit]:
    """Another function: one with the first argument alone, or with the same."""
    if not isinstance(node, ast.Call) or not node.args:
        return
    text, name = around.text, called(node)
    start = text.end(node.func) - len(name)
    if name in ACTIVATIONS:
        new = f"{ACTIVATIONS[name]}({text.of(node.args[0])})"
        yield Edit(start, text.end(node), new)
    elif name in OTHER_FUNCTIONS:
        yield Edit(start, text.end(node.func), OTHER_FUNCTIONS[name])


def norm(node: Node, around: Surroundings) -> Iterator[Edit]:
    """A norm that is called; a class's name is written with a capital."""
    if not isinstance(node, ast.Call) or not node.args:
        return
    name = called(node)
    if NORM.search(name) and name[:1].islower():
        yield around.text.instead(node, around.text.alone(node.args[0]))


def no_activation(node: Node, around: Surroundings) -> Iterator[Edit]:
    if isinstance(node, ast.Call) and node.args:
        name = called(node)
        if name in ACTIVATIONS or ACTIVATION.search(name):
            yield around.text.instead(node, around.text.alone(node.args[0]))


def keyword(node: Node, around: Surroundings) -> Iterator[Edit]:
    if not isinstance(node, ast.Call):
        return
    text = around.text
    given = [*node.args, *node.keywords]
    for index, each in enumerate(given):
        if not isinstance(each, ast.keyword) or each.arg in (None, *PLACES):
            continue
        if index > 0:
            yield Edit(text.end(given[index - 1]), text.end(each), "")
        elif len(given) > 1:
            yield Edit(text.start(each), text.start(given[1]), "")
        else:
            yield Edit(text.start(each), text.end(each), "")


def called(node: ast.Call) -> str:
    """The last part of a function's name."""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


# -- Places and axes -------------------------------------------------------------------


def slices(node: Node, around: Surroundings) -> Iterator[Edit]:
    if not isinstance(node, ast.Subscript) or not isinstance(node.ctx, ast.Load):
        return
    inner = node.slice
    for each in inner.elts if isinstance(inner, ast.Tuple) else [inner]:
        if (place := _whole(each)) is not None:
            yield around.text.instead(each, str(place + 1))
        if isinstance(each, ast.Slice) and each.upper is not None and each.step is None:
            lower, upper = (_plus_1(around.text, end) for end in (each.lower, each.upper))
            if lower and upper:
                yield around.text.instead(each, f"{lower} : {upper}")


def _plus_1(text: Text, node: ast.expr | None) -> str | None:
    """The next place, if it does not count from the end."""
    if node is None:
        return "1"
    if (place := _whole(node)) is not None:
        return str(place + 1)
    return None if isinstance(node, ast.UnaryOp | ast.Constant) else f"{text.of(node)} + 1"


def axes(node: Node, around: Surroundings) -> Iterator[Edit]:
    text = around.text
    if isinstance(node, ast.Attribute) and node.attr in ("T", "mT"):
        yield text.instead(node, text.alone(node.value))
    if not isinstance(node, ast.Call):
        return
    if called(node) in TRANSPOSITIONS + PERMUTATIONS:
        yield from _without_transposing(node, text)
    if called(node) in PERMUTATIONS:
        for first, second in _neighbours(node):
            between = text.between(text.end(first), text.start(second))
            new = text.of(second) + between + text.of(first)
            yield Edit(text.start(first), text.end(second), new)


def _without_transposing(node: ast.Call, text: Text) -> Iterator[Edit]:
    of_value = [each for each in node.args if isinstance(each, ast.Name | ast.Call)]
    if of_value and of_value[0] is node.args[0]:
        yield text.instead(node, text.alone(node.args[0]))
    elif isinstance(node.func, ast.Attribute):
        yield text.instead(node, text.alone(node.func.value))


def _neighbours(node: ast.Call) -> list[tuple[ast.expr, ast.expr]]:
    """The axes of a permutation, each with the next."""
    lists = [each.elts for each in node.args if isinstance(each, ast.List | ast.Tuple)]
    order = lists[0] if lists else [each for each in node.args if _whole(each) is not None]
    return list(pairwise(order))


KINDS: Sequence[tuple[Kind, str]] = (
    (number, "Read the numbers one by one."),
    (term, "Something is not added."),
    (sign, "Plus or minus?"),
    (factor, "Something is not multiplied, or not divided."),
    (arguments, "Everything is there, and in the wrong order."),
    (exchange, "Two names that look alike."),
    (softmax_axis, "What should add up to 1?"),
    (approximation, "There is more than one GELU."),
    (activation, "Which function is it?"),
    (norm, "How often is normalized?"),
    (no_activation, "Something is too straight."),
    (keyword, "What is not said takes its default."),
    (slices, "Where does counting begin?"),
    (axes, "In which order are the axes?"),
)
"""Each kind with a hint."""
