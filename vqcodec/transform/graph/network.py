"""The layers of `vqcodec.transform.layers` as operators of a graph, with the weights of a model."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from vqcodec.transform.graph.expression import Graph, Value
from vqcodec.transform.layers import (
    SLOPE,
    Convolution,
    DepthToSpace,
    DepthToTime,
    LeakyRelu,
    Part,
    Parts,
    ResidualBlock,
    Sequence,
    SpaceToDepth,
    residual,
)

__all__ = ["GraphNetwork"]


class GraphNetwork:
    """The parts of a network as functions from values to values; None for those that it has not.

    Args:
        graph: gets their operators.
        parts: of the network.
        weights: by name, of the shapes that the parts say.
        prefix: of their names.
    """

    def __init__(self, graph: Graph, parts: Parts, weights: Mapping[str, NDArray[Any]], prefix: str = "") -> None:
        self._graph, self._weights = graph, weights
        for name, part in parts.items():
            setattr(self, name, None if part is None else partial(self._applied, part, prefix + name))

    def row(self, name: str, rate_point: Value) -> Value:
        """What the gain or bias of this name has for rate points `[B]`: `[B, C, 1, 1]`."""
        table = self._weights.get(name, self._weights.get(f"{name}.weight"))
        assert table is not None
        return self._graph.apply("Gather", self._graph.constant(table[:, :, None, None]), rate_point, axis=0)

    def _applied(self, part: Part, name: str, x: Value) -> Value:
        apply, integers = self._graph.apply, partial(self._graph.constant, dtype=np.int64)
        match part:
            case Convolution():
                return self._convolved(part, name, x)
            case LeakyRelu():
                return apply("LeakyRelu", x, alpha=SLOPE)
            case ResidualBlock():
                return cast(Value, residual(GraphNetwork(self._graph, part.parts, self._weights, f"{name}."), x))
            case DepthToSpace(channels, factor):
                # ONNX has the places in a square as the outer axis of the channels, not the inner one.
                order = np.arange(channels * factor**2).reshape(channels, -1).T.ravel()
                return apply("DepthToSpace", apply("Gather", x, integers(order), axis=1), blocksize=factor)
            case SpaceToDepth(channels, factor):
                order = np.arange(channels * factor**2).reshape(-1, channels).T.ravel()
                return apply("Gather", apply("SpaceToDepth", x, blocksize=factor), integers(order), axis=1)
            case DepthToTime(channels):
                halves = apply("Reshape", x, integers([0, 2, channels, -1]))
                turned = apply("Transpose", halves, perm=(0, 2, 3, 1))
                return apply("Reshape", turned, integers([0, channels, 1, -1]))
            case Sequence(layers):
                for number, layer in enumerate(layers):
                    x = self._applied(layer, f"{name}.{number}", x)
                return x
        raise TypeError(f"{part} is not a function of one value")

    def _convolved(self, part: Convolution, name: str, x: Value) -> Value:
        weight, bias = (self._graph.constant(self._weights[f"{name}.{each}"]) for each in ("weight", "bias"))
        rows, columns = (size // 2 for size in part.kernel)
        pads = (rows, columns, rows, columns)
        return self._graph.apply("Conv", x, weight, bias, kernel_shape=part.kernel, strides=part.stride, pads=pads)
