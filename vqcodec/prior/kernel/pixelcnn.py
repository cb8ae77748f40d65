"""The PixelCNN, evaluated by the compiled kernel: the same integers, streams and code lengths as `PixelCNN` gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from bitstream.errors import CorruptError
from vqcodec.prior.base import EntropyModel, Floats, IndexArray, SymbolSource
from vqcodec.prior.exact import LOGARITHMS
from vqcodec.prior.gated import bands
from vqcodec.prior.kernel.packing import Packed, pack_heads, pack_layers
from vqcodec.prior.kernel.streams import Draws, Sink, Source
from vqcodec.prior.pixelcnn import PixelCNN
from vqcodec.prior.sampling import SymbolSampler

__all__ = ["KernelPixelCNN"]

Activations = NDArray[np.int16]
Values = NDArray[np.int8]

POSITIONS = 1 << 13  # for one call of the kernel, so that signals are heard in between
KEPT = 4  # diagonals


class KernelPixelCNN(EntropyModel):
    """Evaluates a prior of pictures.

    Args:
        prior: its networks.
        kernel: the extension.
    """

    def __init__(self, prior: PixelCNN, kernel: ModuleType) -> None:
        self._prior, self._kernel = prior, kernel
        self._gates = np.stack([prior.tables.tanh, prior.tables.sigmoid])
        self._codes = prior.values.astype(np.int8)
        self._heads: dict[tuple[int, int], Packed] = {}

    @cached_property
    def _layers(self) -> list[tuple[Packed, Packed]]:
        """Context and causal layers of each slice."""
        return [(pack_layers(network.context), pack_layers(network.causal)) for network in self._prior.slices]

    def _head(self, number: int, rate_point: int) -> Packed:
        """The heads of a slice at a rate point."""
        key = number, rate_point
        if key not in self._heads:
            sizes = self._sizes(number, rate_point)
            self._heads[key] = pack_heads([self._prior.slices[number].heads[rate_point]], [sizes[sizes > 1]])
        return self._heads[key]

    def _sizes(self, number: int, rate_point: int) -> NDArray[np.int32]:
        planes = self._prior.plane_ranges[number]
        return self._prior.sizes[rate_point, planes.start : planes.stop].astype(np.int32)

    # Activations everywhere ----------------------------------------------------------------------------------------

    def _context(self, number: int, volume: Values, rate_point: int) -> Activations | None:
        """What the first causal layer of a slice sees of earlier ones: `[h, w, C]`; volume `[h, w, P D]`."""
        network, earlier = self._prior.slices[number], self._prior.plane_ranges[number].start
        if not network.context:
            return None
        channels = earlier * self._prior.values.shape[3]
        widths = [layer.shift.size // 2 for layer in network.context]
        return self._everywhere(self._layers[number][0], widths, False, rate_point, volume, (0, channels), None)

    def _hidden(self, number: int, volume: Values, rate_point: int) -> Activations:
        """The hidden activations `[h, w, H]` of a slice, given the values of all planes up to its own."""
        network, planes = self._prior.slices[number], self._prior.plane_ranges[number]
        dimension = self._prior.values.shape[3]
        own = planes.start * dimension, len(planes) * dimension
        widths = [layer.shift.size // 2 for layer in network.causal]
        context = self._context(number, volume, rate_point)
        return self._everywhere(self._layers[number][1], widths, True, rate_point, volume, own, context)

    def _everywhere(
        self,
        layers: Packed,
        widths: Sequence[int],
        is_causal: bool,
        rate_point: int,
        volume: Values,
        own: tuple[int, int],
        context: Activations | None,
    ) -> Activations:
        """Activations `[h, w, H]` of gated layers with outputs `widths`, whose first one sees `own` values."""
        height, width, total = volume.shape
        state: NDArray[np.signedinteger] = volume
        rows = max(1, POSITIONS // width)
        for number, channels in enumerate(widths):
            out = np.empty((height, width, channels), np.int16)
            beside = None if number else context
            for first in range(0, height, rows):
                area = height, width, first, min(first + rows, height)
                self._kernel.everywhere(
                    rate_point, number, is_causal, *area, *own, total,
                    layers, self._gates, self._prior.tables.exp, state, beside, out,
                )  # fmt: skip
            state = out
        return state

    # Likelihoods ---------------------------------------------------------------------------------------------------

    def costs(self, indices: IndexArray, rate_point: int) -> Iterator[tuple[int, slice, Floats]]:
        """See `EntropyModel.costs`."""
        for plane, part, head, heads, hidden in self._pieces(indices, rate_point):
            cost = np.empty((len(hidden), self._prior.sizes[rate_point, plane]), np.float32)
            self._kernel.costs(head, heads, self._prior.tables.exp, hidden, LOGARITHMS, cost)
            yield plane, part, cost

    def chances(self, indices: IndexArray, rate_point: int) -> Iterator[tuple[int, slice, NDArray[np.uint32]]]:
        """See `EntropyModel.chances`."""
        flat = np.ascontiguousarray(indices, np.int32).reshape(len(indices), -1)
        for plane, part, head, heads, hidden in self._pieces(indices, rate_point):
            found = np.empty(len(hidden), np.uint32)
            self._kernel.chances(head, heads, self._prior.tables.exp, hidden, flat[plane, part], found)
            yield plane, part, found

    def _pieces(self, indices: IndexArray, rate_point: int) -> Iterator[tuple[int, slice, int, Packed, Activations]]:
        """Each plane with a choice in parts: its head among those of its slice, and activations `[n, H]`."""
        volume = self._prior.look_up(indices, range(len(indices)), rate_point)
        for number, planes in enumerate(self._prior.plane_ranges):
            if planes.stop > len(indices):
                break
            heads, hidden = self._head(number, rate_point), self._hidden(number, volume, rate_point)
            chosen = [plane for plane in planes if self._prior.sizes[rate_point, plane] > 1]
            flat = hidden.reshape(-1, hidden.shape[2])
            for part in bands(len(flat)):
                for head, plane in enumerate(chosen):
                    yield plane, part, head, heads, flat[part]

    # Coding --------------------------------------------------------------------------------------------------------

    def encode(self, indices: IndexArray, rate_point: int) -> list[bytes]:
        """As `PixelCNN.encode`."""
        _, height, width = indices.shape
        indices = np.ascontiguousarray(indices, np.int32)
        volume = self._prior.look_up(indices, range(len(indices)), rate_point)
        streams = []
        for slices in self._prior.stream_slices:
            sink = Sink()
            for number in slices:
                planes = self._prior.plane_ranges[number]
                hidden = self._hidden(number, volume, rate_point)
                heads, sizes = self._head(number, rate_point), self._sizes(number, rate_point)
                for first, last, positions in _runs(height, width):
                    words = sink.reserve(positions * len(planes))
                    self._kernel.encode_diagonals(
                        height, width, first, last, len(planes), hidden.shape[2],
                        heads, self._prior.tables.exp, sizes, hidden, words, sink.state,
                        indices[planes.start : planes.stop],
                    )  # fmt: skip
            streams.append(sink.finish())
        return streams

    def decode(self, streams: Sequence[bytes], rate_point: int, height: int, width: int) -> IndexArray:
        """As `PixelCNN.decode`; errors, too."""
        self._prior.check_streams(streams, rate_point)
        numbers = self._prior.stream_slices[: len(streams)]
        planes = self._prior.plane_ranges[numbers[-1].stop - 1].stop if streams else 0
        indices = np.zeros((planes, height, width), np.int32)
        volume = self._empty_volume(indices)
        for slices, stream in zip(numbers, streams, strict=True):
            source = Source(stream)
            for number in slices:
                self._fill(source, number, indices, volume, rate_point)
            source.finish()
        return indices

    def sample(self, source: SymbolSource, rate_point: int, height: int, width: int) -> IndexArray:
        """As `PixelCNN.sample`."""
        if not isinstance(source, SymbolSampler) or not source.is_plain:
            return self._prior.sample(source, rate_point, height, width)
        indices = np.zeros((self._prior.stream_ends[-1], height, width), np.int32)
        volume, draws = self._empty_volume(indices), Draws(source)
        for number in range(len(self._prior.slices)):
            self._fill(draws, number, indices, volume, rate_point)
        return indices

    def _empty_volume(self, indices: IndexArray) -> Values:
        planes, height, width = indices.shape
        return np.zeros((height, width, planes * self._prior.values.shape[3]), np.int8)

    def _fill(self, source: Source | Draws, number: int, indices: IndexArray, volume: Values, rate_point: int) -> None:
        """Take the planes of a slice from `source` into `indices` and their values into `volume`."""
        planes, (height, width, total) = self._prior.plane_ranges[number], volume.shape
        dimension = self._prior.values.shape[3]
        sizes = self._sizes(number, rate_point)
        codes = self._codes[rate_point, planes.start : planes.stop]
        if sizes.max() == 1:
            volume[..., planes.start * dimension : planes.stop * dimension] = codes[:, 0].ravel()
            return
        heads, context = self._head(number, rate_point), self._context(number, volume, rate_point)
        depth, hidden = len(self._prior.slices[number].causal), self._prior.slices[number].causal[0].shift.size // 2
        rings = np.zeros(KEPT * (1 + height) * (len(planes) * dimension + (depth - 1) * hidden), np.int16)
        for first, last, positions in _runs(height, width):
            if isinstance(source, Draws):
                source.draw(positions * int((sizes > 1).sum()))
            is_done = self._kernel.decode_diagonals(
                rate_point, height, width, first, last, planes.start * dimension, total, *codes.shape,
                self._layers[number][1], heads, self._gates, self._prior.tables.exp, sizes, codes, context,
                source.words, source.state, rings, indices[planes.start : planes.stop], volume,
            )  # fmt: skip
            if not is_done:
                raise CorruptError("a stream is damaged: it cannot be decoded with this model")


def _runs(height: int, width: int) -> Iterator[tuple[int, int, int]]:
    """All diagonals in runs `first`..`last`, and the positions of each: see `vqcodec.prior.wavefront`."""
    count = width + 2 * (height - 1)
    t = np.arange(count)
    rows = np.minimum(height, t // 2 + 1) - np.maximum(0, (t - width) // 2 + 1)
    length = max(1, POSITIONS // int(rows.max()))
    for first in range(0, count, length):
        last = min(first + length, count)
        yield first, last, int(rows[first:last].sum())
