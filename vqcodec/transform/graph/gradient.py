"""Gradients of graphs in reverse mode: the gradient is more of the same graph.

A rule says what the gradient in one operand of an operator is, given the gradient in its result.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from vqcodec.transform.graph.expression import Graph, Node, Value

__all__ = ["gradient"]

FLOAT = 1  # the type, in ONNX
LAST = 2**62  # after the end of any axis

Rule = Callable[[Node, int, Value], Value]  # of the operand of this number


def gradient(output: Value, given: Value, of: Value) -> Value:
    """The gradient in a value, `of`, that `output` depends on; `given` is the gradient in the output."""
    depending = {of.name}
    nodes = []
    for node in output.graph.nodes:
        if node.output.dtype == np.float32 and any(value.name in depending for value in node.inputs):
            depending.add(node.output.name)
            nodes.append(node)
    found = {output.name: given}
    for node in reversed(nodes):
        if node.output.name not in found:  # the output does not depend on it
            continue
        for which, operand in enumerate(node.inputs):
            if operand.name in depending:
                part = RULES[node.operator](node, which, found[node.output.name])
                found[operand.name] = found[operand.name] + part if operand.name in found else part
    return found[of.name]


def _convolution(node: Node, which: int, given: Value) -> Value:
    """A convolution with turned kernels, or one that is spread if there is a stride."""
    graph, weight, attributes = given.graph, node.inputs[1], node.attributes
    assert which == 0  # weights do not depend on anything
    if attributes["strides"] != (1, 1):
        return graph.apply("ConvTranspose", given, weight, **attributes)
    turned = graph.constants[weight.name][:, :, ::-1, ::-1]
    if attributes.get("group", 1) == 1:
        turned = turned.swapaxes(0, 1)
    around = tuple(size - 1 - pad for size, pad in zip(turned.shape[2:] * 2, attributes["pads"], strict=True))
    return graph.apply("Conv", given, graph.constant(turned), **attributes | {"pads": around})


def _leaky_relu(node: Node, _: int, given: Value) -> Value:
    """The result has the sign of the operand."""
    positive = given.graph.apply("Greater", node.output, 0.0, dtype=np.bool_)
    return given.graph.apply("Where", positive, given, given * node.attributes["alpha"])


def _mean(node: Node, _: int, given: Value) -> Value:
    graph, x = given.graph, node.inputs[0]
    sizes = (graph.apply("Size", value, dtype=np.int64, rank=0) for value in (node.output, x))
    share = graph.apply("Div", *(graph.apply("Cast", size, rank=0, to=FLOAT) for size in sizes), rank=0)
    return graph.apply("Expand", given * share, graph.apply("Shape", x, dtype=np.int64, rank=1))


def _padding(node: Node, _: int, given: Value) -> Value:
    """Nothing is after the end."""
    first = given.graph.apply("Slice", node.inputs[1], *_range(given.graph, 0, 4), dtype=np.int64, rank=1)
    return given.graph.apply("Slice", given, first, given.graph.constant([LAST] * 4, np.int64))


def _permutation(node: Node, _: int, given: Value) -> Value:
    order = given.graph.constants[node.inputs[1].name]
    return given.graph.apply("Gather", given, given.graph.constant(np.argsort(order), np.int64), axis=1)


def _power(node: Node, which: int, given: Value) -> Value:
    base, exponent = node.inputs
    power = float(given.graph.constants[exponent.name])
    assert which == 0
    return given * (given.graph.apply("Pow", base, power - 1) * power)


def _clipped(node: Node, _: int, given: Value) -> Value:
    """Nothing is beyond the ends."""
    kept = given.graph.apply("Equal", node.output, node.inputs[0], dtype=np.bool_)
    return given.graph.apply("Where", kept, given, 0.0)


def _quotient(node: Node, which: int, given: Value) -> Value:
    divisor = node.inputs[1]
    return given / divisor if which == 0 else given * node.output / divisor * -1.0


def _relu(node: Node, _: int, given: Value) -> Value:
    positive = given.graph.apply("Greater", node.output, 0.0, dtype=np.bool_)
    return given.graph.apply("Where", positive, given, 0.0)


def _range(graph: Graph, first: int, last: int) -> tuple[Value, Value]:
    return graph.constant([first], np.int64), graph.constant([last], np.int64)


RULES: dict[str, Rule] = {
    "Add": lambda _node, _which, given: given,
    "Clip": _clipped,
    "Conv": _convolution,
    "DepthToSpace": lambda node, _, given: given.graph.apply("SpaceToDepth", given, **node.attributes),
    "Div": _quotient,
    "Gather": _permutation,
    "LeakyRelu": _leaky_relu,
    "Mul": lambda node, which, given: given * node.inputs[1 - which],
    "Pad": _padding,
    "Pow": _power,
    "ReduceMean": _mean,
    "Relu": _relu,
    "Sigmoid": lambda node, _, given: given * node.output * (node.output * -1.0 + 1.0),
    "Sub": lambda _, which, given: given if which == 0 else given * -1.0,
    "Tanh": lambda node, _, given: given * (node.output * node.output * -1.0 + 1.0),
}
