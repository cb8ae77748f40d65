"""The exact gated PixelCNN over an index volume: integer frequencies for every index, the same on every machine.

The planes are coded in slices (Minnen and Singh, 'Channel-wise autoregressive entropy models', 2020): the planes of a
slice are independent given the earlier slices, all around, and the slice's own past.

    values of earlier slices --3x3, gate--> --3x3, gate, +--> context            everywhere at once
    own values --causal 3x3, gate--> --causal 3x3, gate, + ...--> hidden         a diagonal at a time
                        ^ context
    hidden --a matrix a rate point--> logits of every plane --integer softmax--> frequencies

The one stack of causal 3x3 layers (van den Oord et al., 'Conditional image generation with PixelCNN decoders', 2016,
without the vertical stack) has no blind spot that matters after a few layers, and lets a whole diagonal be decoded at
once.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitstream.entropy import SymbolDecoder, SymbolEncoder
from bitstream.errors import CorruptError, ModelError
from vqcodec.prior.base import Floats, Frequencies, IndexArray, Prior, SymbolSource
from vqcodec.prior.exact import ExactLayer, Tables, frequencies
from vqcodec.prior.gated import DiagonalPass, Narrow, bands, channels_of, everywhere
from vqcodec.prior.neighbours import AROUND_OFFSETS
from vqcodec.prior.plane_order import PlaneOrder
from vqcodec.prior.wavefront import CAUSAL_OFFSETS, diagonals
from vqcodec.system.bounds import Cost
from vqcodec.system.threads import one_blas_thread

__all__ = ["PixelCNN", "PixelCNNSlice"]


@dataclass(frozen=True)
class PixelCNNSlice:
    """The layers of one slice.

    Attributes:
        context: 3x3 layers over the values of earlier slices; empty for the first slice.
        causal: the first takes the values of the causal neighbours, then the context; the others the activations of
            these neighbours, then of the position itself.
        heads: one layer for each rate point: hidden to the logits of the planes with a choice.
    """

    context: tuple[ExactLayer, ...]
    causal: tuple[ExactLayer, ...]
    heads: tuple[ExactLayer, ...]


class PixelCNN(Prior):
    """The prior of a model of pictures.

    Args:
        slices: one network for each slice.
        planes: how many planes each slice has.
        streams: how many slices each stream of a file has.
        values: int8 `[R, P, K, D]`, what the network reads for an index.
        sizes: `[R, P]`, the alphabet of each plane at each rate point, 1..K.
        tables: the integer functions.

    Raises:
        ModelError: the parts do not fit together.
    """

    def __init__(
        self,
        slices: Sequence[PixelCNNSlice],
        planes: Sequence[int],
        streams: Sequence[int],
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
        self._check_shapes(values.shape[3])

    def _check_shapes(self, dimension: int) -> None:
        for network, planes in zip(self.slices, self.plane_ranges, strict=True):
            earlier = planes.start * dimension
            if not network.causal or len(network.heads) != len(self.sizes) or (network.context and not earlier):
                raise ModelError("the model's prior has too few or too many layers")
            rate_points = len(self.sizes)
            context = channels_of(network.context, 9 * earlier, 9, rate_points) if network.context else 0
            hidden = channels_of(network.causal, 4 * len(planes) * dimension + context, 5, rate_points)
            for rate_point, head in enumerate(network.heads):
                if head.weight.shape != (hidden, self._choices(planes, rate_point)[1].sum()) or len(head.bias) != 1:
                    raise ModelError("a head of the model's prior has the wrong shape")

    def _choices(self, planes: range, rate_point: int) -> tuple[list[int], NDArray[np.intp]]:
        """The planes of a slice that have a choice at this rate point, and their alphabets."""
        chosen = [plane for plane in planes if self.sizes[rate_point, plane] > 1]
        return chosen, self.sizes[rate_point, chosen]

    @property
    def cost(self) -> Cost:
        """What decoding takes for a latent position."""
        shapes = [
            [layer.weight.shape for layer in (*each.context, *each.causal, max(each.heads, key=_weights))]
            for each in self.slices
        ]
        numbers = [sum(map(sum, each)) for each in shapes]
        _, planes, _, dimension = self.values.shape
        context = max((layer.shift.size // 2 for each in self.slices for layer in each.context), default=0)
        return Cost(
            multiply_adds=sum(map(math.prod, itertools.chain.from_iterable(shapes))),
            numbers=sum(numbers),
            widest=max(numbers),
            held=(4 + dimension) * planes + 2 * 2 * context,  # indices, values, and the context as it is made
        )

    @property
    def calls(self) -> int:
        """Layers and planes that are evaluated one after the other for a diagonal; short diagonals take as many."""
        return len(self.sizes[0]) + sum(len(each.causal) + 1 for each in self.slices)

    # The network, for any set of positions -------------------------------------------------------------------------

    def look_up(self, indices: IndexArray, planes: range, rate_point: int) -> Narrow:
        """Values `[..., len(planes) D]` of indices `[len(planes), ...]`."""
        dimension = self.values.shape[3]
        out = np.empty((*indices.shape[1:], len(planes), dimension), np.int8)
        for number, plane in enumerate(planes):
            out[..., number, :] = self.values[rate_point, plane][indices[number]]
        return out.reshape(*indices.shape[1:], len(planes) * dimension)

    def _context(self, network: PixelCNNSlice, earlier: IndexArray, rate_point: int) -> Narrow | None:
        """What the first causal layer sees of the indices of earlier slices `[P', h, w]`: `[h, w, C]`."""
        if not network.context:
            return None
        values = self.look_up(earlier, range(len(earlier)), rate_point)
        taps = (AROUND_OFFSETS, AROUND_OFFSETS)
        return everywhere(network.context, taps, values, None, rate_point, self.tables)

    def _tables(
        self, network: PixelCNNSlice, planes: range, hidden: Narrow | Floats, rate_point: int
    ) -> dict[int, Frequencies]:
        """The frequencies `[N, K]` of each plane with a choice, from hidden `[N, H]`; both directions use them."""
        chosen, sizes = self._choices(planes, rate_point)
        if not chosen:
            return {}
        offsets = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        logits = network.heads[rate_point](hidden.astype(np.float32, copy=False), rate_point=0)
        table = frequencies(logits, offsets, self.tables)
        return dict(zip(chosen, np.split(table, offsets[1:], axis=1), strict=True))

    def hidden(self, indices: IndexArray, rate_point: int) -> Iterator[tuple[PixelCNNSlice, range, Narrow]]:
        """The network, planes and hidden activations `[h w, H]` of each slice, given the indices `[P', h, w]`."""
        for network, planes in zip(self.slices, self.plane_ranges, strict=True):
            if planes.stop > len(indices):
                break
            context = self._context(network, indices[: planes.start], rate_point)
            own = self.look_up(indices[planes.start : planes.stop], planes, rate_point)
            taps = (CAUSAL_OFFSETS, (*CAUSAL_OFFSETS, (0, 0)))
            state = everywhere(network.causal, taps, own, context, rate_point, self.tables)
            yield network, planes, state.reshape(-1, state.shape[2])

    def all_frequencies(self, indices: IndexArray, rate_point: int) -> Iterator[tuple[int, slice, Frequencies]]:
        """See `Prior.all_frequencies`."""
        for network, planes, state in self.hidden(indices, rate_point):
            for part in bands(len(state)):
                for plane, table in self._tables(network, planes, state[part], rate_point).items():
                    yield plane, part, table

    # Coding --------------------------------------------------------------------------------------------------------

    @one_blas_thread()
    def encode(self, indices: IndexArray, rate_point: int, batch: int | None = None) -> list[bytes]:
        """The streams of indices `[P, h, w]`; for `batch` see `decode`."""
        _, height, width = indices.shape
        flat = indices.reshape(len(indices), -1)
        work = self.hidden(indices, rate_point)  # one slice after the other, as each needs memory
        streams = []
        for slices in self.stream_slices:
            encoder = SymbolEncoder()
            for _ in slices:
                network, planes, state = next(work)
                for diagonal in (part for whole in diagonals(height, width) for part in whole.split(batch or height)):
                    at = diagonal.flat()
                    for plane, table in self._tables(network, planes, state[at], rate_point).items():
                        encoder.encode(flat[plane, at], table)
            streams.append(encoder.finish())
        return streams

    @one_blas_thread()
    def decode(
        self, streams: Sequence[bytes], rate_point: int, height: int, width: int, batch: int | None = None
    ) -> IndexArray:
        """The indices `[P', height, width]` of all planes in the streams.

        Args:
            streams: from the first on; there may be fewer than the model has.
            rate_point: the rate point.
            height: rows of the index volume.
            width: its columns.
            batch: positions to evaluate at once, by default a whole diagonal, as files need it. 1, in both directions,
                is for measuring what the wavefront saves.

        Raises:
            CorruptError: a stream is damaged, or there are too many.
        """
        self.check_streams(streams, rate_point)
        decoded = self.plane_ranges[self.stream_slices[len(streams) - 1].stop - 1].stop if streams else 0
        indices = np.zeros((decoded, height, width), np.int32)
        for slices, stream in zip(self.stream_slices, streams, strict=False):
            decoder = SymbolDecoder(stream)
            for number in slices:
                self._fill_slice(decoder, number, indices, rate_point, batch or height)
            decoder.finish()
        return indices

    def check_streams(self, streams: Sequence[bytes], rate_point: int) -> None:
        """CorruptError if the model does not have this rate point, or so many streams."""
        if not 0 <= rate_point < len(self.sizes) or len(streams) > len(self.stream_slices):
            raise CorruptError("the file asks for a rate point or streams that the model does not have")

    @one_blas_thread()
    def sample(self, source: SymbolSource, rate_point: int, height: int, width: int) -> IndexArray:
        """Indices `[P, height, width]` of all planes, drawn by `source`, each given those before it."""
        indices = np.zeros((self.stream_ends[-1], height, width), np.int32)
        for number in range(len(self.slices)):
            self._fill_slice(source, number, indices, rate_point, height)
        return indices

    def _fill_slice(self, source: SymbolSource, number: int, indices: IndexArray, rate_point: int, batch: int) -> None:
        """Take the planes of slice `number` from `source` into `indices`, diagonal by diagonal."""
        network, planes = self.slices[number], self.plane_ranges[number]
        _, height, width = indices.shape
        if not self._choices(planes, rate_point)[0]:
            return
        context = self._context(network, indices[: planes.start], rate_point)
        beside = None if context is None else context.reshape(height * width, -1)
        flat = indices.reshape(len(indices), -1)
        run = DiagonalPass(network.causal, len(planes) * self.values.shape[3], height, width, rate_point, self.tables)
        for whole in diagonals(height, width):
            for diagonal in whole.split(batch):
                at = diagonal.flat()
                hidden = run.hidden(diagonal, None if beside is None else beside[at])
                for plane, table in self._tables(network, planes, hidden, rate_point).items():
                    flat[plane, at] = source.decode(table)
                run.put(diagonal, self.look_up(flat[planes.start : planes.stop, at], planes, rate_point))
            run.advance()


def _weights(layer: ExactLayer) -> int:
    return layer.weight.size
