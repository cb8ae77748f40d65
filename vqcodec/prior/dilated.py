"""Gated, dilated causal layers over the slices of sequences, in integers (van den Oord et al., 'WaveNet', 2016).

All slices advance together, each a little behind the one before it (`vqcodec.prior.skew`). A step of a layer is one
batched product over the slices. Where the indices are known, any number of steps can be taken at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bitstream.errors import ModelError
from vqcodec.prior.base import Floats, IndexArray
from vqcodec.prior.exact import ExactLayer, ExactStack, Tables, add_clamped, gate
from vqcodec.prior.skew import LAG, SPARE, TAPS, DelayLine, FrameWindows

__all__ = ["DilatedLayers", "DilatedPass", "rows_read"]

Integers = NDArray[np.intp]

MOST_DILATIONS, MOST_DILATION = 16, 4096
MOST_STACKED = 1 << 23  # numbers of the first matrices, which have room for what their slices do not read
MOST_REMEMBERED = 1 << 17  # numbers that a model may make us hold for each sequence, between its steps: half a megabyte


def rows_read(planes: range, total: int, dimension: int) -> Integers:
    """Which numbers of its flattened window `[len(TAPS), total, dimension]` the slice of `planes` reads.

    It reads earlier slices around the frame, its own planes before the frame, and nothing of later slices.
    """
    seen = np.zeros((len(TAPS), total, dimension), bool)
    for tap, frame in zip(seen, TAPS, strict=True):
        tap[: planes.start] = frame >= -1
        tap[planes.start : planes.stop] = frame < 0
    return np.flatnonzero(seen)


class DilatedLayers:
    """The causal layers of all slices.

    Args:
        layers: those of each slice. The first takes the values at `rows_read`, the others the activations of a frame
            and then those `dilation` frames before it.
        planes: the planes of each slice.
        dilations: 1..4096, of the layers after the first, at most 16.
        values: integers `[R, P, K, D]`, what the first layer reads for an index.
        tables: the integer functions.

    Raises:
        ModelError: the parts do not fit together, or ask for too much memory.
    """

    def __init__(
        self,
        layers: Sequence[Sequence[ExactLayer]],
        planes: Sequence[range],
        dilations: Sequence[int],
        values: Floats,
        tables: Tables,
    ) -> None:
        if len(dilations) > MOST_DILATIONS or not all(1 <= dilation <= MOST_DILATION for dilation in dilations):
            raise ModelError("a dilation of the model's prior is out of range")
        if {len(each) for each in layers} != {1 + len(dilations)}:
            raise ModelError("the model's prior has too few or too many layers")
        self.dilations, self.values, self.tables = tuple(map(int, dilations)), values, tables
        self.channels = layers[0][0].shift.size // 2
        self._check_memory(layers)
        self._check_shapes(layers, planes)
        first, *others = zip(*layers, strict=True)
        _, total, _, dimension = self.values.shape
        rows = [rows_read(own, total, dimension) for own in planes]
        self.stacks = [ExactStack(first, rows, len(TAPS) * total * dimension), *map(ExactStack, others)]

    @property
    def widest(self) -> int:
        """The largest array of a step, in numbers of all slices."""
        return max(int(slices * max(widths)) for slices, *widths in self._shapes())

    @property
    def numbers(self) -> int:
        """Numbers that all layers read and give in a step."""
        return sum(int(slices * (inputs + outputs)) for slices, inputs, outputs in self._shapes())

    @property
    def multiply_adds(self) -> int:
        """Of all layers in a step."""
        return sum(map(math.prod, self._shapes()))

    def _shapes(self) -> list[tuple[int, ...]]:
        return [stack.matrices.shape for stack in self.stacks]

    def _check_memory(self, layers: Sequence[Sequence[ExactLayer]]) -> None:
        slices, width = len(layers), self.values.shape[1] * self.values.shape[3]
        # Buffers have as much room again, so that they are moved to their beginning only once in a while.
        remembered = 2 * (slices * self.channels * sum(self.dilations) + max(LAG * slices, SPARE) * width)
        if slices * len(TAPS) * width * 2 * self.channels > MOST_STACKED or remembered > MOST_REMEMBERED:
            raise ModelError("the model's prior is too large")

    def _check_shapes(self, layers: Sequence[Sequence[ExactLayer]], planes: Sequence[range]) -> None:
        rate_points, total, _, dimension = self.values.shape
        for each, own in zip(layers, planes, strict=True):
            inputs, outputs = len(rows_read(own, total, dimension)), 2 * self.channels
            for layer in each:
                if not outputs or layer.weight.shape != (inputs, outputs) or len(layer.bias) != rate_points:
                    raise ModelError("a layer of the model's prior has the wrong shape")
                inputs = outputs


class DilatedPass:
    """The layers on their way through parallel sequences, with what they remember of the steps before.

    Args:
        layers: of all slices.
        slices: the first so many of them.
        sequences: their number; they are independent of each other.
        most: steps at once, at most.
        rate_point: the rate point.
    """

    def __init__(self, layers: DilatedLayers, slices: int, sequences: int, most: int, rate_point: int) -> None:
        self._layers, self._sequences, self._rate_point = layers, sequences, rate_point
        _, planes, _, dimension = layers.values.shape
        self._windows = FrameWindows(slices, sequences, planes, dimension, most)
        self._lines = [
            DelayLine(slices, layers.channels, dilation * sequences, most * sequences) for dilation in layers.dilations
        ]

    def put(self, frames: Integers, planes: Integers, indices: IndexArray) -> None:
        """Store indices `[*B, N]` of planes `[*B]` at frames `[*B]` of the N sequences, for the steps that follow."""
        self._windows.write(frames, planes, self._layers.values[self._rate_point, planes[..., None], indices])

    def advance(self, steps: range, known: IndexArray | None = None) -> Floats:
        """Activations `[S, n N, H]` of the next n steps.

        Args:
            steps: which follow those before.
            known: indices `[P', N, n']` at the frames `steps`, as far as these exist. Without it, `put` stores them.
        """
        layers, rate_point = self._layers, self._rate_point
        self._windows.open(steps)
        if known is not None:
            planes, _, frames = map(np.arange, known.shape)
            self.put(steps.start + frames, planes[:, None], known.transpose(0, 2, 1))
        state = self._masked(gate(layers.stacks[0](self._windows.read(steps), rate_point), layers.tables), steps.start)
        for stack, line in zip(layers.stacks[1:], self._lines, strict=True):
            x = np.concatenate([state, line.push(state)], axis=2)
            state = self._masked(add_clamped(state, gate(stack(x, rate_point), layers.tables)), steps.start)
        return state

    def _masked(self, state: Floats, step: int) -> Floats:
        """No activations before frame 0, where the later slices begin."""
        for number in range(step // LAG + 1, len(state)):
            state[number, : (LAG * number - step) * self._sequences] = 0
        return state
