"""The prior of sound: streams to indices, a step at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tests.second_decoder.container import Sound
from tests.second_decoder.integer_layers import IntegerLayers, Integers
from tests.second_decoder.model_file import ModelFile
from tests.second_decoder.range_decoder import RangeDecoder

__all__ = ["decode_sound"]


def decode_sound(model: ModelFile, rate_point: int, streams: Sequence[bytes], source: Sound) -> Integers:
    """Indices `[planes, rows, frames]` of the streams that there are."""
    samples = -(-source.samples * model.config["autoencoder"]["sample_rate"] // source.sample_rate)
    frames = -(-samples // model.stride)
    decoders = [RangeDecoder(stream) for stream in streams]
    of_slices = [decoder for decoder, slices in zip(decoders, model.streams, strict=False) for _ in slices]
    prior = SoundPrior(model, rate_point, of_slices, source.coded_rows, frames)
    for t in range(frames + 2 * (len(of_slices) - 1)):
        for s in range(len(of_slices)):
            if 0 <= t - 2 * s < frames:
                prior.decode_frame(s, t - 2 * s)
    for decoder in decoders:
        decoder.finish()
    return prior.indices


class SoundPrior:
    """Decodes the frames of all slices, in the order of the text.

    Args:
        model: whose prior it is.
        rate_point: the rate point.
        decoders: of the streams in which the slices are, one a slice.
        rows: of the index volume.
        frames: its columns.
    """

    def __init__(
        self, model: ModelFile, rate_point: int, decoders: Sequence[RangeDecoder], rows: int, frames: int
    ) -> None:
        self._layers = IntegerLayers(model, rate_point)
        self._slices, self._sizes = model.slices, model.sizes[rate_point]
        self._decoders, self._rows, self._frames = decoders, rows, frames
        self._hidden: dict[tuple[int, int, int], Integers] = {}  # of slice, layer and frame: `[rows, C]`
        self.indices = np.zeros((self._slices[len(decoders) - 1].stop, rows, frames), np.int64)

    def decode_frame(self, s: int, j: int) -> None:
        """One frame of slice `s`, of all rows."""
        logits = self._layers.logits(s, self._state(s, j))
        first = 0
        for plane in self._slices[s]:
            size = self._sizes[plane]
            if size > 1:
                tables = map(self._layers.table, logits[:, first : first + size])
                self.indices[plane, :, j] = [self._decoders[s].decode(table) for table in tables]
                first += size

    def _state(self, s: int, j: int) -> Integers:
        """The last hidden state at frame j, `[rows, C]`."""
        own = self._slices[s]
        earlier = range(own.start)
        seen = [(own, j - 2), (range(own.stop), j - 1), (earlier, j), (earlier, j + 1)]
        x = np.concatenate([self._values(plane, at) for planes, at in seen for plane in planes], axis=-1)
        state = self._layers.gated(f"{s}/causal/0", x)
        for n, dilation in enumerate(self._layers.array("dilations").tolist(), start=1):
            self._hidden[s, n, j] = state
            past = self._hidden.get((s, n, j - dilation), np.zeros_like(state))
            state = self._layers.residual(f"{s}/causal/{n}", np.concatenate([state, past], axis=-1), state)
        return state

    def _values(self, plane: int, j: int) -> Integers:
        """What the network reads for a plane at a frame, `[rows, D]`."""
        if not 0 <= j < self._frames:
            return np.zeros((self._rows, self._layers.value_size), np.int64)
        return self._layers.values(plane, self.indices[plane, :, j])
