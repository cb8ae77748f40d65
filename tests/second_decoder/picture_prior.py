"""The prior of pictures: streams to indices, slice by slice, a diagonal at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tests.second_decoder.integer_layers import IntegerLayers, Integers
from tests.second_decoder.model_file import ModelFile
from tests.second_decoder.range_decoder import RangeDecoder

__all__ = ["decode_picture"]

# Neighbours, as rows and columns away.
AROUND = [(rows, columns) for rows in (-1, 0, 1) for columns in (-1, 0, 1)]
BEFORE = [(0, -1), (-1, -1), (-1, 0), (-1, 1)]
HERE = (0, 0)


def decode_picture(model: ModelFile, rate_point: int, streams: Sequence[bytes], height: int, width: int) -> Integers:
    """Indices `[planes, rows, columns]` of the streams that there are, of a picture coded at a size in pixels."""
    prior = PicturePrior(model, rate_point, -(-height // model.stride), -(-width // model.stride))
    for stream, slices in zip(streams, model.streams, strict=False):
        decoder = RangeDecoder(stream)
        for s in slices:
            prior.decode_slice(s, decoder)
        decoder.finish()
    return np.array(prior.indices)


class PicturePrior:
    """Decodes slice after slice. Volumes `[rows, columns, channels]` have a border of zeros."""

    def __init__(self, model: ModelFile, rate_point: int, rows: int, columns: int) -> None:
        self._layers = IntegerLayers(model, rate_point)
        self._slices, self._sizes = model.slices, model.sizes[rate_point]
        self._rows, self._columns = rows, columns
        self.indices: list[Integers] = []  # `[rows, columns]` of each plane of the slices that are decoded

    def decode_slice(self, s: int, decoder: RangeDecoder) -> None:
        planes = self._slices[s]
        context, hidden = self._context(s), self._hidden(s)
        own = self._zeros(len(planes) * self._layers.value_size)
        indices = np.zeros((len(planes), self._rows, self._columns), np.int64)
        for t in range(self._columns + 2 * self._rows - 2):
            i = np.array([i for i in range(self._rows) if 0 <= t - 2 * i < self._columns], int)
            j = t - 2 * i
            beside = [at(context, i, j, [HERE])] if context is not None else []
            x = np.concatenate([at(own, i, j, BEFORE), *beside], axis=-1)
            logits = self._logits(s, hidden, i, j, x)
            first = 0
            for number, size in enumerate(self._sizes[plane] for plane in planes):
                if size > 1:
                    tables = map(self._layers.table, logits[:, first : first + size])
                    indices[number, i, j] = [decoder.decode(table) for table in tables]
                    first += size
            own[i + 1, j + 1] = self._values(planes, indices[:, i, j])
        self.indices += list(indices)

    def _context(self, s: int) -> Integers | None:
        """What the slice sees of all earlier ones, everywhere."""
        depth = self._layers.depth(f"{s}/context")
        if depth == 0:
            return None
        i, j = np.indices((self._rows, self._columns))
        values = self._values(range(len(self.indices)), np.array(self.indices))
        state = self._layers.gated(f"{s}/context/0", at(bordered(values), i, j, AROUND))
        for n in range(1, depth):
            state = self._layers.residual(f"{s}/context/{n}", at(bordered(state), i, j, AROUND), state)
        return bordered(state)

    def _hidden(self, s: int) -> list[Integers]:
        """The hidden states that the further causal layers take, none of which is known yet."""
        further = self._layers.depth(f"{s}/causal") - 1
        return [self._zeros(self._layers.channels(f"{s}/causal")) for _ in range(further)]

    def _logits(self, s: int, hidden: list[Integers], i: Integers, j: Integers, x: Integers) -> Integers:
        """Logits `[positions, symbols of all planes]` at rows i and columns j, of the inputs of the causal layers."""
        state = self._layers.gated(f"{s}/causal/0", x)
        for n, volume in enumerate(hidden, start=1):
            volume[i + 1, j + 1] = state
            state = self._layers.residual(f"{s}/causal/{n}", at(volume, i, j, [*BEFORE, HERE]), state)
        return self._layers.logits(s, state)

    def _values(self, planes: range, indices: Integers) -> Integers:
        """The values `[..., planes D]` of indices `[planes, ...]`."""
        parts = [self._layers.values(plane, each) for plane, each in zip(planes, indices, strict=True)]
        return np.concatenate(parts, axis=-1)

    def _zeros(self, channels: int) -> Integers:
        return bordered(np.zeros((self._rows, self._columns, channels), np.int64))


def bordered(volume: Integers) -> Integers:
    return np.pad(volume, [(1, 1), (1, 1), (0, 0)])


def at(volume: Integers, i: Integers, j: Integers, neighbours: list[tuple[int, int]]) -> Integers:
    """What a volume with a border has at the neighbours of the positions (i, j), side by side: `[..., channels]`."""
    return np.concatenate([volume[i + 1 + rows, j + 1 + columns] for rows, columns in neighbours], axis=-1)
