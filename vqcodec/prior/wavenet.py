"""The exact WaveNet over the index volume of sound: integer frequencies for every index, the same on every machine.

The planes are coded in slices (Minnen and Singh, 'Channel-wise autoregressive entropy models', 2020): the planes of a
slice are independent given the earlier slices, to one frame ahead, and the slice's own past.

    values of earlier slices at frames t-1, t, t+1, own ones at t-2, t-1 --gate--> hidden
    hidden at t, t-d --gate, +--> hidden                                            for each dilation d
    hidden --a matrix a rate point--> logits of every plane --integer softmax--> frequencies

Channels are coded alike and independent of each other.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitstream.entropy import SymbolDecoder, SymbolEncoder
from bitstream.errors import CorruptError, LimitError, ModelError
from vqcodec.prior.base import Floats, Frequencies, IndexArray, Prior, SymbolSource
from vqcodec.prior.dilated import DilatedLayers, DilatedPass
from vqcodec.prior.exact import ExactLayer, Tables
from vqcodec.prior.heads import ExactHeads
from vqcodec.prior.plane_order import PlaneOrder
from vqcodec.prior.skew import LAG, Skew
from vqcodec.system.bounds import Cost
from vqcodec.system.threads import one_blas_thread

__all__ = ["WaveNet", "WaveNetSlice"]

# Known indices go through the network in blocks of this many steps; of fewer if an array would have too many numbers.
BLOCK = 1024
BLOCK_NUMBERS = 1 << 22
MOST_REMEMBERED = 1 << 28  # numbers that are held from step to step, of all rows


@dataclass(frozen=True)
class WaveNetSlice:
    """The layers of one slice.

    Attributes:
        causal: see `DilatedLayers`.
        heads: one layer for each rate point: hidden to the logits of the planes with a choice.
    """

    causal: tuple[ExactLayer, ...]
    heads: tuple[ExactLayer, ...]


class WaveNet(Prior):
    """The prior of a model of sound. Rows of its index volumes are channels, and columns are frames.

    Args:
        slices: one network for each slice, all with the same number of hidden channels.
        planes: how many planes each slice has.
        streams: how many slices each stream of a file has.
        dilations: how many frames back each causal layer after the first looks, 1..4096; at most 16 of them.
        values: int8 `[R, P, K, D]`, what the network reads for an index.
        sizes: `[R, P]`, the alphabet of each plane at each rate point, 1..K.
        tables: the integer functions.

    Raises:
        ModelError: the parts do not fit together, or ask for too much memory.
    """

    def __init__(
        self,
        slices: Sequence[WaveNetSlice],
        planes: Sequence[int],
        streams: Sequence[int],
        dilations: Sequence[int],
        values: NDArray[np.int8],
        sizes: NDArray[np.integer],
        tables: Tables,
    ) -> None:
        order = PlaneOrder.of(planes, streams, values, sizes)
        if len(slices) != len(planes):
            raise ModelError("the parts of the model's prior do not fit together")
        self.slices, self.tables = tuple(slices), tables
        self.sizes = sizes.astype(np.intp)
        self.values = values.astype(np.float32)
        self.plane_ranges = order.plane_ranges
        self.stream_slices, self.stream_ends = order.stream_slices, order.stream_ends
        causal = [network.causal for network in self.slices]
        self.causal = DilatedLayers(causal, self.plane_ranges, dilations, self.values, tables)
        self._check_heads()
        self._heads = [
            ExactHeads(
                [network.heads[rate_point] for network in self.slices],
                self.plane_ranges,
                self.sizes[rate_point],
                tables,
            )
            for rate_point in range(len(self.sizes))
        ]

    @property
    def _remembered(self) -> int:
        """Numbers that are held for each row: delay lines and windows."""
        slices, (_, planes, _, dimension) = len(self.slices), self.values.shape
        held = self.causal.channels * sum(self.causal.dilations) + LAG * planes * dimension
        return int(2 * slices * held)

    def _check_heads(self) -> None:
        for network, planes in zip(self.slices, self.plane_ranges, strict=True):
            if len(network.heads) != len(self.sizes):
                raise ModelError("the model's prior has too few or too many heads")
            for head, sizes in zip(network.heads, self.sizes[:, planes.start : planes.stop], strict=True):
                if head.weight.shape != (self.causal.channels, sizes[sizes > 1].sum()) or len(head.bias) != 1:
                    raise ModelError("a head of the model's prior has the wrong shape")

    @property
    def cost(self) -> Cost:
        """What decoding takes for a frame of a channel."""
        heads = [max((head.weight.shape for head in network.heads), key=math.prod) for network in self.slices]
        numbers = self.causal.numbers + sum(map(sum, heads))
        multiply_adds = self.causal.multiply_adds + sum(map(math.prod, heads))
        # All of a frame is there at once. Indices of 4 bytes are held twice, the second time in another order.
        return Cost(multiply_adds, numbers, widest=numbers, held=2 * 4 * self.values.shape[1])

    @property
    def calls(self) -> int:
        """Layers and planes that are evaluated one after the other for a step; few channels take as many."""
        return len(self.sizes[0]) + len(self.causal.stacks) + len(self.slices)

    # Likelihoods ---------------------------------------------------------------------------------------------------

    def hidden(self, indices: IndexArray, rate_point: int) -> Iterator[tuple[range, Floats]]:
        """Blocks of n steps, each with the activations `[S', n C, H]`, for indices `[P', C, T]`.

        S' counts the slices whose planes `indices` has, up to the last one with a choice.
        """
        planes, channels, columns = indices.shape
        slices = self.reached(planes, rate_point)
        if not slices:
            return
        known = self.plane_ranges[slices - 1].stop
        widest = max(self.causal.widest, self._heads[rate_point].columns)
        block = max(1, min(BLOCK, BLOCK_NUMBERS // (widest * channels)))
        run = DilatedPass(self.causal, slices, channels, block, rate_point)
        for steps in Skew(slices, columns).blocks(block):
            yield steps, run.advance(steps, indices[:known, :, steps.start : steps.stop])

    def reached(self, planes: int, rate_point: int) -> int:
        """The number of slices in the first `planes` planes, up to the last one with a choice at this rate point."""
        whole = sum(each.stop <= planes for each in self.plane_ranges)
        return min(whole, self._heads[rate_point].slices)

    def all_frequencies(self, indices: IndexArray, rate_point: int) -> Iterator[tuple[int, slice, Frequencies]]:
        """See `Prior.all_frequencies`."""
        _, channels, columns = indices.shape
        for steps, hidden in self.hidden(indices, rate_point):
            skew = Skew(len(hidden), columns)
            for number in range(len(hidden)):
                frames = skew.frames_of(number, steps)
                if not frames:
                    continue
                first = (frames.start + LAG * number - steps.start) * channels
                part = hidden[:, first : first + len(frames) * channels]
                for plane, table in self._heads[rate_point](part, range(number, number + 1)):
                    for channel in range(channels):
                        start = channel * columns
                        yield plane, slice(start + frames.start, start + frames.stop), table[channel::channels]

    # Coding --------------------------------------------------------------------------------------------------------

    @one_blas_thread()
    def encode(self, indices: IndexArray, rate_point: int) -> list[bytes]:
        """The streams of indices `[P, C, T]`, whose symbols are ordered by step, slice, plane and channel."""
        _, channels, columns = indices.shape
        symbols = np.ascontiguousarray(indices.transpose(0, 2, 1))
        encoders = [SymbolEncoder() for _ in self.stream_slices]
        for steps, hidden in self.hidden(indices, rate_point):
            for encoder, slices in zip(encoders, self.stream_slices, strict=True):
                work = [
                    (LAG * number, symbols[plane], table)
                    for number in slices[: max(0, len(hidden) - slices.start)]
                    for plane, table in self._heads[rate_point](hidden, range(number, number + 1))
                ]
                for row, step in enumerate(steps):
                    for lag, mine, table in work:
                        if 0 <= step - lag < columns:
                            encoder.encode(mine[step - lag], table[row * channels : (row + 1) * channels])
        return [encoder.finish() for encoder in encoders]

    @one_blas_thread()
    def decode(self, streams: Sequence[bytes], rate_point: int, channels: int, frames: int) -> IndexArray:
        """The indices `[P', channels, frames]` of all planes in the streams.

        Args:
            streams: from the first on; there may be fewer than the model has.
            rate_point: the rate point.
            channels: of the recording.
            frames: of the index volume.

        Raises:
            CorruptError: a stream is damaged, or there are too many.
            LimitError: there are too many channels: for each, the network remembers the past.
        """
        self.check_streams(streams, rate_point, channels)
        decoders = [SymbolDecoder(stream) for stream in streams]
        indices = self._fill(decoders, rate_point, channels, frames)
        for decoder in decoders:
            decoder.finish()
        return indices

    def check_streams(self, streams: Sequence[bytes], rate_point: int, channels: int) -> None:
        """CorruptError or LimitError if these streams of a recording cannot be decoded: see `decode`."""
        if not 0 <= rate_point < len(self.sizes) or len(streams) > len(self.stream_slices):
            raise CorruptError("the file asks for a rate point or streams that the model does not have")
        if channels * self._remembered > MOST_REMEMBERED:
            raise LimitError(f"the recording has {channels} channels, which are too many for the model")

    @one_blas_thread()
    def sample(self, source: SymbolSource, rate_point: int, channels: int, frames: int) -> IndexArray:
        """Indices `[P, channels, frames]` of all planes, drawn by `source`, each given those before it."""
        return self._fill([source] * len(self.stream_slices), rate_point, channels, frames)

    def _fill(self, sources: Sequence[SymbolSource], rate_point: int, channels: int, frames: int) -> IndexArray:
        """Take planes from `sources`, one for each of the first streams, a step at a time."""
        source_of = [
            source
            for source, slices in zip(sources, self.stream_slices, strict=False)
            for number in slices
            for _ in self.plane_ranges[number]
        ]
        planes = len(source_of)
        lags = np.repeat([LAG * number for number in range(len(self.slices))], list(map(len, self.plane_ranges)))
        indices = np.zeros((planes, frames, channels), np.int32)
        symbols = np.zeros((planes, channels), np.int32)
        slices = self.reached(planes, rate_point)
        skew, run = Skew(slices, frames), DilatedPass(self.causal, slices, channels, 1, rate_point)
        for steps in skew.blocks(1) if slices else ():
            hidden, active = run.advance(steps), skew.active(steps.start)
            if not active:  # there are fewer frames than a slice lags behind
                continue
            for plane, table in self._heads[rate_point](hidden, active):
                symbols[plane] = source_of[plane].decode(table)
            own = np.arange(self.plane_ranges[active.start].start, self.plane_ranges[active.stop - 1].stop)
            at = steps.start - lags[own]
            indices[own, at] = symbols[own]
            run.put(at, own, symbols[own])
        return np.ascontiguousarray(indices.transpose(0, 2, 1))
