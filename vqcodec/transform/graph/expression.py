"""A computation as a graph of operators of ONNX, written by ordinary expressions.

    graph = Graph()
    x = graph.input()
    y = graph.apply("LeakyRelu", x, alpha=0.1) * 2 + x

Any values may be the inputs and the outputs of a model that is made of it: see `vqcodec.transform.graph.onnx_file`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

__all__ = ["Attribute", "Graph", "Node", "Value"]

Attribute = int | float | str | tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Value:
    """A tensor of a graph.

    Attributes:
        graph: of which it is part.
        name: in the graph.
        dtype: of its elements.
        rank: its number of dimensions.
    """

    graph: Graph = field(repr=False)
    name: str
    dtype: np.dtype[Any]
    rank: int

    def __add__(self, other: Value | float) -> Value:
        return self.graph.apply("Add", self, other)

    def __sub__(self, other: Value | float) -> Value:
        return self.graph.apply("Sub", self, other)

    def __mul__(self, other: Value | float) -> Value:
        return self.graph.apply("Mul", self, other)

    def __truediv__(self, other: Value | float) -> Value:
        return self.graph.apply("Div", self, other)


@dataclass(frozen=True, eq=False)
class Node:
    """An operator with its operands and its result."""

    operator: str
    inputs: tuple[Value, ...]
    output: Value
    attributes: dict[str, Any]  # each an `Attribute`


class Graph:
    """Values, and how they follow from each other.

    Attributes:
        nodes: in the order in which they can be computed.
        constants: arrays by the names of values.
    """

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.constants: dict[str, NDArray[Any]] = {}
        self._count = 0

    def input(self, dtype: DTypeLike = np.float32, rank: int = 4) -> Value:
        """A value that is given from outside."""
        return self._value("input", np.dtype(dtype), rank)

    def constant(self, array: ArrayLike, dtype: DTypeLike = np.float32) -> Value:
        """A value that is always the same."""
        own = np.asarray(array, dtype)
        value = self._value("constant", own.dtype, own.ndim)
        self.constants[value.name] = own
        return value

    def apply(
        self,
        operator: str,
        *inputs: Value | float,
        dtype: DTypeLike = np.float32,
        rank: int = 4,
        **attributes: Attribute,
    ) -> Value:
        """The result of an operator of ONNX, of this type and rank; operands that are numbers become constants."""
        values = tuple(each if isinstance(each, Value) else self.constant(each) for each in inputs)
        output = self._value(operator.lower(), np.dtype(dtype), rank)
        self.nodes.append(Node(operator, values, output, attributes))
        return output

    def between(self, inputs: Sequence[Value], outputs: Sequence[Value]) -> list[Node]:
        """The nodes that are needed for the outputs when the inputs are given; any value may be an input.

        Raises:
            ValueError: the outputs depend on something else.
        """
        needed, given = {value.name for value in outputs}, {value.name for value in inputs}
        found = []
        for node in reversed(self.nodes):
            if node.output.name in needed - given:
                found.append(node)
                needed |= {value.name for value in node.inputs}
        missing = needed - given - self.constants.keys() - {node.output.name for node in found}
        if missing:
            raise ValueError(f"inputs are missing: {', '.join(sorted(missing))}")
        return found[::-1]

    def _value(self, kind: str, dtype: np.dtype[Any], rank: int) -> Value:
        self._count += 1
        return Value(self, f"{kind}_{self._count}", dtype, rank)
