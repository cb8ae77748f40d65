"""The WaveNet, evaluated by the compiled kernel: the same integers, streams and code lengths as `WaveNet` gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from bitstream.errors import CorruptError
from vqcodec.prior.base import EntropyModel, Floats, IndexArray, SymbolSource
from vqcodec.prior.exact import LOGARITHMS
from vqcodec.prior.kernel.packing import Packed, join_layers, pack_heads, pack_layers
from vqcodec.prior.kernel.streams import Draws, Sink, Source
from vqcodec.prior.sampling import SymbolSampler
from vqcodec.prior.skew import LAG, TAPS, Skew
from vqcodec.prior.wavenet import WaveNet

__all__ = ["KernelWaveNet"]

Activations = NDArray[np.int16]
Values = NDArray[np.int8]

ROWS = 16  # that the kernel evaluates together
POSITIONS = 1 << 10  # for one call of the kernel, so that signals are heard in between


class KernelWaveNet(EntropyModel):
    """Evaluates a prior of sound.

    Args:
        prior: its networks.
        kernel: the extension.
    """

    def __init__(self, prior: WaveNet, kernel: ModuleType) -> None:
        self._prior, self._kernel = prior, kernel
        self._gates = np.stack([prior.tables.tanh, prior.tables.sigmoid])
        self._codes = prior.values.astype(np.int8)
        self._dilations = np.array(prior.causal.dilations, np.int32)
        self._packed_heads: dict[tuple[int, range], Packed] = {}

    @cached_property
    def _layers(self) -> list[Packed]:
        """The causal layers of each slice."""
        return [pack_layers(network.causal) for network in self._prior.slices]

    def _heads(self, rate_point: int, numbers: range) -> Packed:
        """The heads of slices at a rate point."""
        key = rate_point, numbers
        if key not in self._packed_heads:
            sizes = [self._sizes(rate_point, range(number, number + 1)) for number in numbers]
            heads = [self._prior.slices[number].heads[rate_point] for number in numbers]
            self._packed_heads[key] = pack_heads(heads, [each[each > 1] for each in sizes])
        return self._packed_heads[key]

    def _planes(self, numbers: range) -> slice:
        """The planes of slices."""
        ranges = self._prior.plane_ranges[numbers.start : numbers.stop]
        return slice(ranges[0].start, ranges[-1].stop)

    def _sizes(self, rate_point: int, numbers: range) -> NDArray[np.int32]:
        """The alphabets of the planes of slices."""
        return self._prior.sizes[rate_point, self._planes(numbers)].astype(np.int32)

    def _counts(self, numbers: range) -> NDArray[np.int32]:
        """How many planes each of the slices has."""
        return np.array([len(self._prior.plane_ranges[number]) for number in numbers], np.int32)

    def _memory(self, slices: int, rows: int) -> Activations:
        """What slices remember of the frames before, at the first one: `[slices, numbers]`."""
        block = max(1, ROWS // rows)
        frames = int((self._dilations + block).sum())
        return np.zeros((slices, frames * rows * self._prior.causal.channels), np.int16)

    # Likelihoods ---------------------------------------------------------------------------------------------------

    def _known(self, indices: IndexArray, slices: int, rate_point: int) -> Iterator[tuple[range, Activations]]:
        """Blocks of n steps, with the activations `[slices, n, rows, H]` of known indices `[P', rows, T]`.

        Those of slices that are not at a frame of the recording are anything.
        """
        _, rows, columns = indices.shape
        skew, memory = Skew(slices, columns), self._memory(slices, rows)
        for steps in skew.blocks(max(1, POSITIONS // rows)):
            first, window = self._window(indices, steps, slices, rate_point)
            hidden = np.empty((slices, len(steps), rows, self._prior.causal.channels), np.int16)
            for number in range(slices):
                frames = skew.frames_of(number, steps)
                if frames:
                    begin = frames.start + LAG * number - steps.start
                    out = hidden[number, begin : begin + len(frames)]
                    self._known_frames(number, frames, window, first, memory[number], out, rate_point)
            yield steps, hidden

    def _known_frames(
        self,
        number: int,
        frames: range,
        window: Values,
        first: int,
        memory: Activations,
        out: Activations,
        rate_point: int,
    ) -> None:
        """Activations `[n, rows, H]` of a slice into `out`; the window `[m, rows, P D]` begins at frame `first`."""
        planes, dimension = self._prior.plane_ranges[number], self._prior.values.shape[3]
        _, rows, total = window.shape
        own = planes.start * dimension, len(planes) * dimension
        self._kernel.known_frames(
            rate_point, rows, *own, total, frames.start, len(frames), first,
            self._layers[number], self._gates, self._prior.tables.exp, self._dilations, window, memory, out,
        )  # fmt: skip

    def _window(self, indices: IndexArray, steps: range, slices: int, rate_point: int) -> tuple[int, Values]:
        """The values `[m, rows, P D]` that slices see in `steps`, zeros outside of the recording; and their frame."""
        planes, rows, columns = indices.shape
        dimension = self._prior.values.shape[3]
        first = max(0, steps.start - LAG * (slices - 1)) + TAPS[0]
        window = np.zeros((steps.stop + TAPS[-1] - first, rows, planes, dimension), np.int8)
        start, stop = max(0, first), min(columns, steps.stop + TAPS[-1])
        for plane in range(planes):
            own = self._codes[rate_point, plane][indices[plane, :, start:stop]]
            window[start - first : stop - first, :, plane] = own.transpose(1, 0, 2)
        return first, window.reshape(len(window), rows, planes * dimension)

    def costs(self, indices: IndexArray, rate_point: int) -> Iterator[tuple[int, slice, Floats]]:
        """See `EntropyModel.costs`."""
        for plane, frames, head, heads, hidden in self._pieces(indices, rate_point):
            cost = np.empty((*hidden.shape[:2], self._prior.sizes[rate_point, plane]), np.float32)
            self._kernel.costs(head, heads, self._prior.tables.exp, hidden, LOGARITHMS, cost)
            for part, row in _rows(frames, indices):
                yield plane, part, cost[:, row]

    def chances(self, indices: IndexArray, rate_point: int) -> Iterator[tuple[int, slice, NDArray[np.uint32]]]:
        """See `EntropyModel.chances`."""
        for plane, frames, head, heads, hidden in self._pieces(indices, rate_point):
            symbols = np.ascontiguousarray(indices[plane, :, frames.start : frames.stop].T, np.int32)
            found = np.empty(symbols.shape, np.uint32)
            self._kernel.chances(head, heads, self._prior.tables.exp, hidden, symbols, found)
            for part, row in _rows(frames, indices):
                yield plane, part, found[:, row]

    def _pieces(self, indices: IndexArray, rate_point: int) -> Iterator[tuple[int, range, int, Packed, Activations]]:
        """Each plane with a choice in parts: its head among those of its slice, and activations `[n, rows, H]`."""
        planes, _, columns = indices.shape
        slices = self._prior.reached(planes, rate_point)
        if not slices:
            return
        skew = Skew(slices, columns)
        for steps, hidden in self._known(indices[: self._planes(range(slices)).stop], slices, rate_point):
            for number in range(slices):
                frames = skew.frames_of(number, steps)
                if not frames:
                    continue
                begin = frames.start + LAG * number - steps.start
                own, heads = (
                    hidden[number, begin : begin + len(frames)],
                    self._heads(rate_point, range(number, number + 1)),
                )
                chosen = [
                    plane for plane in self._prior.plane_ranges[number] if self._prior.sizes[rate_point, plane] > 1
                ]
                for head, plane in enumerate(chosen):
                    yield plane, frames, head, heads, own

    # Coding --------------------------------------------------------------------------------------------------------

    def encode(self, indices: IndexArray, rate_point: int) -> list[bytes]:
        """As `WaveNet.encode`."""
        slices = self._prior.reached(len(indices), rate_point)
        symbols = np.ascontiguousarray(indices.transpose(0, 2, 1), np.int32)
        sinks = [Sink() for _ in self._prior.stream_slices]
        known = indices[: self._planes(range(slices)).stop] if slices else indices
        for steps, hidden in self._known(known, slices, rate_point) if slices else ():
            for sink, numbers in zip(sinks, self._prior.stream_slices, strict=True):
                own = range(numbers.start, min(numbers.stop, slices))
                if own:
                    self._encode_steps(sink, steps, own, hidden, symbols, rate_point)
        return [sink.finish() for sink in sinks]

    def _encode_steps(
        self, sink: Sink, steps: range, own: range, hidden: Activations, symbols: IndexArray, rate_point: int
    ) -> None:
        """Append the symbols `[P, T, rows]` of the slices of a stream at some steps."""
        planes, sizes = self._planes(own), self._sizes(rate_point, own)
        _, columns, rows = symbols.shape
        words = sink.reserve(len(sizes) * len(steps) * rows)
        self._kernel.encode_steps(
            steps.start, steps.stop, columns, rows, hidden.shape[3], own.start, len(own),
            self._heads(rate_point, own), self._prior.tables.exp, self._counts(own), sizes,
            hidden[own.start : own.stop], words, sink.state, symbols[planes],
        )  # fmt: skip

    def decode(self, streams: Sequence[bytes], rate_point: int, channels: int, frames: int) -> IndexArray:
        """As `WaveNet.decode`; errors, too."""
        self._prior.check_streams(streams, rate_point, channels)
        sources = [Source(stream) for stream in streams]
        indices = self._fill(sources, rate_point, channels, frames)
        for source in sources:
            source.finish()
        return indices

    def sample(self, source: SymbolSource, rate_point: int, channels: int, frames: int) -> IndexArray:
        """As `WaveNet.sample`."""
        if not isinstance(source, SymbolSampler) or not source.is_plain:
            return self._prior.sample(source, rate_point, channels, frames)
        return self._fill([Draws(source)], rate_point, channels, frames)

    def _fill(self, sources: Sequence[Source | Draws], rate_point: int, rows: int, frames: int) -> IndexArray:
        """The planes of the streams `sources`, or all of them if they are drawn: `[P', rows, T]`."""
        is_drawn = any(isinstance(source, Draws) for source in sources)
        ends = self._prior.stream_ends
        planes = ends[-1] if is_drawn else ends[len(sources) - 1] if sources else 0
        indices = np.zeros((planes, frames, rows), np.int32)
        slices = self._prior.reached(planes, rate_point)
        if slices:
            self._fill_slices(sources, slices, indices, rate_point)
        return np.ascontiguousarray(indices.transpose(0, 2, 1))

    def _fill_slices(
        self, sources: Sequence[Source | Draws], slices: int, indices: IndexArray, rate_point: int
    ) -> None:
        """Take the planes of the first `slices` slices, those that have a choice, into indices `[P', T, rows]`."""
        numbers = range(slices)
        known, sizes = self._planes(numbers).stop, self._sizes(rate_point, numbers)
        _, frames, rows = indices.shape
        *_, alphabet, dimension = self._prior.values.shape
        streams = self._streams(slices, len(sources))
        layers = join_layers(self._layers[:slices])
        fixed = (
            layers, self._heads(rate_point, numbers), self._gates, self._prior.tables.exp, self._dilations,
            self._counts(numbers), sizes, self._codes[rate_point, :known], streams,
        )  # fmt: skip
        window = np.zeros((LAG * slices + 4, rows, known * dimension), np.int8)
        memory, skew = self._memory(slices, rows), Skew(slices, frames)
        words, bounds = _joined(sources)
        for steps in skew.blocks(max(1, POSITIONS // rows)):
            for source in sources:
                if isinstance(source, Draws):
                    source.draw(rows * self._choices(skew, steps, rate_point))
                    words, bounds = _joined(sources)
            states = [source.state for source in sources]
            state = np.stack(states)
            is_done = self._kernel.decode_steps(
                rate_point, steps.start, steps.stop, frames, rows, slices, alphabet, dimension,
                *fixed, words, bounds, state, window, memory, indices[:known],
            )  # fmt: skip
            if not is_done:
                raise CorruptError("a stream is damaged: it cannot be decoded with this model")
            for own, new in zip(states, state, strict=True):
                own[:] = new

    def _streams(self, slices: int, sources: int) -> NDArray[np.int32]:
        """Which source each of the first slices takes its symbols from."""
        numbers = [stream for stream, own in enumerate(self._prior.stream_slices) for _ in own]
        return np.minimum(numbers[:slices], sources - 1).astype(np.int32)

    def _choices(self, skew: Skew, steps: range, rate_point: int) -> int:
        """The symbols of a row that are decoded in some steps."""
        chosen = [int((self._sizes(rate_point, range(number, number + 1)) > 1).sum()) for number in range(skew.slices)]
        return sum(len(skew.frames_of(number, steps)) * own for number, own in enumerate(chosen))


def _joined(sources: Sequence[Source | Draws]) -> tuple[NDArray[np.uint32], NDArray[np.intp]]:
    """The words of all sources, and where each begins and ends."""
    return np.concatenate([source.words for source in sources]), np.cumsum([0, *(len(each.words) for each in sources)])


def _rows(frames: range, indices: IndexArray) -> Iterator[tuple[slice, int]]:
    """Where some frames of each row are in the flattened `[rows, T]`."""
    _, rows, columns = indices.shape
    for row in range(rows):
        yield slice(row * columns + frames.start, row * columns + frames.stop), row
