"""The gradient of the code lengths of a picture in its z_q, for codes of high effort.

A code changes the bits of all codes that see it. How much is known from the layers of the exact prior, taken without
rounding: these are smooth, and evaluated by ONNX Runtime. What a code costs itself, given the codes around it, is not
part of the gradient: that is known exactly when it is chosen.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from bitstream.errors import ModelError
from vqcodec.prior.base import EntropyModel
from vqcodec.prior.exact import ACTIVATION_MAX, PREACTIVATION_BITS, ExactLayer
from vqcodec.prior.neighbours import AROUND_OFFSETS
from vqcodec.prior.pixelcnn import PixelCNN
from vqcodec.prior.wavefront import CAUSAL_OFFSETS
from vqcodec.transform.codebooks import Codebooks
from vqcodec.transform.graph.expression import Graph, Value
from vqcodec.transform.graph.gradient import gradient
from vqcodec.transform.graph.session import Session
from vqcodec.transform.image.tiles import tiles

__all__ = ["RateGradient"]

Floats = NDArray[np.float32]
IndexArray = NDArray[np.int32]
Piece = tuple[int, slice, Floats]  # of `EntropyModel.costs`

TILE = 128  # positions a side that are evaluated at once, to bound the memory
UNIT = np.float32(2.0**-PREACTIVATION_BITS)


class RateGradient:
    """See the module. Threads may share it.

    Args:
        prior: of a model of pictures.
        entropy_model: the same, as it is evaluated here.
        codebooks: of the model.

    Raises:
        ModelError: the prior reads other numbers than the codewords.
    """

    def __init__(self, prior: PixelCNN, entropy_model: EntropyModel, codebooks: Codebooks) -> None:
        self._prior, self._entropy_model = prior, entropy_model
        if prior.values.shape != codebooks.codewords.shape:
            raise ModelError("the prior of the model does not read its codewords")
        # Values of the prior are codewords on a scale of the plane.
        products = (prior.values * codebooks.codewords).sum((0, 2)), np.square(codebooks.codewords).sum((0, 2))
        self._scale = products[0] / np.maximum(products[1], np.finfo(np.float32).tiny)
        self._sessions = [Session(partial(self._layers, number)) for number in range(len(prior.slices))]

    def __call__(self, indices: IndexArray, rate_point: int) -> Floats:
        """Bits a unit of z_q `[P, D, h, w]`, at the codewords of indices `[P, h, w]`."""
        planes, height, width = indices.shape
        volume = self._prior.look_up(indices, range(planes), rate_point).transpose(2, 0, 1)
        found = np.zeros(volume.shape, np.float32)
        pieces = self._entropy_model.costs(indices, rate_point)
        for number, own in groupby(pieces, lambda piece: self._slice_of(piece[0])):
            self._add(found, volume, number, self._slopes(number, own, indices, rate_point), rate_point)
        scaled: Floats = found.reshape(planes, -1, height, width) * self._scale[..., None, None]
        return scaled

    def _slice_of(self, plane: int) -> int:
        return next(number for number, planes in enumerate(self._prior.plane_ranges) if plane in planes)

    def _slopes(self, number: int, pieces: Iterable[Piece], indices: IndexArray, rate_point: int) -> Floats:
        """The gradient `[H, h, w]` of the bits of a slice in its hidden activations."""
        head = self._prior.slices[number].heads[rate_point]
        planes = [plane for plane in self._prior.plane_ranges[number] if self._prior.sizes[rate_point, plane] > 1]
        ends = np.cumsum(self._prior.sizes[rate_point, planes])
        flat = indices.reshape(len(indices), -1)
        slopes = np.zeros((flat.shape[1], len(head.matrix)), np.float32)
        for plane, part, cost in pieces:
            # By logits: the chance of each code, less 1 for the one that it is.
            slope = np.exp2(-cost)
            slope[np.arange(len(cost)), flat[plane, part]] -= 1
            last = ends[planes.index(plane)]
            slopes[part] += slope @ head.matrix[:, last - cost.shape[1] : last].T
        slopes *= UNIT / np.float32(math.log(2))
        return slopes.T.reshape(-1, *indices.shape[1:])

    def _add(self, found: Floats, volume: NDArray[np.int8], number: int, slopes: Floats, rate_point: int) -> None:
        """Add the gradient of the bits of a slice in the values `[P D, h, w]` of the prior."""
        dimension, planes = self._prior.values.shape[3], self._prior.plane_ranges[number]
        network = self._prior.slices[number]
        first, last = planes.start * dimension, planes.stop * dimension
        parts = [slice(first, last), slice(0, first)] if network.context else [slice(first, last)]
        reach = len(network.context) + len(network.causal)
        for i, j in tiles(slopes.shape[1], slopes.shape[2], TILE, reach):
            window = slice(None), i.window(), j.window()
            given = np.zeros_like(slopes[window])
            given[:, i.inside(), j.inside()] = slopes[:, i.own(), j.own()]
            inputs = [volume[window][part][None].astype(np.float32) for part in parts]
            outputs = self._sessions[number](np.array([rate_point], np.int64), given[None], *inputs)
            for part, output in zip(parts, outputs, strict=True):
                found[window][part] += output[0]

    def _layers(self, number: int) -> tuple[Graph, Sequence[Value], Sequence[Value]]:
        """Gradients in the values of a slice and in those of earlier ones, from that in its hidden activations."""
        graph, network, planes = Graph(), self._prior.slices[number], self._prior.plane_ranges[number]
        rate_point, given, own = graph.input(np.int64, rank=1), graph.input(), graph.input()
        dimension, inputs = self._prior.values.shape[3], [own]
        operands = [Operand(own, len(planes) * dimension, CAUSAL_OFFSETS)]
        if network.context:
            earlier = graph.input()
            seen = Operand(earlier, planes.start * dimension, AROUND_OFFSETS)
            context = _layers_on(network.context, [seen], AROUND_OFFSETS, rate_point)
            inputs.append(earlier)
            operands.append(Operand(context, _width(network.context[-1]), ((0, 0),)))
        hidden = _layers_on(network.causal, operands, (*CAUSAL_OFFSETS, (0, 0)), rate_point)
        return graph, [rate_point, given, *inputs], [gradient(hidden, given, each) for each in inputs]


@dataclass(frozen=True)
class Operand:
    """What a layer sees: a value `[1, C, h, w]`, its C, and at which offsets from a position."""

    value: Value
    channels: int
    offsets: Sequence[tuple[int, int]]


def _width(layer: ExactLayer) -> int:
    return layer.shift.size // 2


def _layers_on(
    layers: Sequence[ExactLayer], operands: Sequence[Operand], offsets: Sequence[tuple[int, int]], rate_point: Value
) -> Value:
    """The activations of gated layers: the first one sees the operands, each of the others the one before it."""
    state = _gated(layers[0], operands, rate_point)
    for layer in layers[1:]:
        total = state + _gated(layer, [Operand(state, _width(layer), offsets)], rate_point)
        state = total.graph.apply("Clip", total, -float(ACTIVATION_MAX), float(ACTIVATION_MAX))
    return state


def _gated(layer: ExactLayer, operands: Sequence[Operand], rate_point: Value) -> Value:
    """A gated layer without rounding; see `vqcodec.prior.exact.gate`."""
    graph, width = rate_point.graph, _width(layer)
    tanh, sigmoid = (
        graph.apply(function, _sum(layer, own, operands, rate_point))
        for function, own in (("Tanh", slice(0, width)), ("Sigmoid", slice(width, None)))
    )
    return tanh * sigmoid * 127.0


def _sum(layer: ExactLayer, own: slice, operands: Sequence[Operand], rate_point: Value) -> Value:
    """Some outputs of a layer, as a gate takes them."""
    graph, matrix = rate_point.graph, layer.matrix[:, own] * UNIT
    biases = graph.constant((layer.offsets[:, own, None, None] - np.float32(0.5)) * UNIT)  # without what rounds
    total, row = graph.apply("Gather", biases, rate_point, axis=0), 0
    for operand in operands:
        rows = matrix[row : row + operand.channels * len(operand.offsets)]
        total = total + _convolved(operand, rows.reshape(len(operand.offsets), operand.channels, -1))
        row += operand.channels * len(operand.offsets)
    return total


def _convolved(operand: Operand, taps: Floats) -> Value:
    """What an operand adds, by weights `[offset, C, output]`."""
    reach = max(abs(step) for offset in operand.offsets for step in offset)
    kernel = np.zeros((taps.shape[2], taps.shape[1], 2 * reach + 1, 2 * reach + 1), np.float32)
    for tap, (i, j) in zip(taps, operand.offsets, strict=True):
        kernel[:, :, reach + i, reach + j] = tap.T
    graph, shape = operand.value.graph, kernel.shape[2:]
    return graph.apply(
        "Conv", operand.value, graph.constant(kernel), kernel_shape=shape, strides=(1, 1), pads=(reach,) * 4
    )
