"""What every prior offers, so that a codec can use any.

A `Prior` has the networks, and evaluates itself in numpy: that is the reference. The compiled kernel evaluates the same
networks (`vqcodec.prior.kernel`); both are an `EntropyModel`, and give the same integers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bitstream.entropy import PRECISION
from vqcodec.prior.exact import Tables, code_lengths
from vqcodec.system.bounds import Cost

__all__ = ["EntropyModel", "Floats", "Frequencies", "IndexArray", "Prior", "SymbolSource"]

Floats = NDArray[np.float32]
IndexArray = NDArray[np.int32]
Frequencies = NDArray[np.float64]


class SymbolSource(Protocol):
    """Where indices come from: a stream (`SymbolDecoder`) or a random generator (`SymbolSampler`)."""

    def decode(self, frequencies: Frequencies) -> IndexArray:
        """The next n symbols `[n]`, each in 0..K-1, given their tables `[n, K]`."""


class EntropyModel(ABC):
    """Chances of index volumes `[P, rows, columns]`. For sound, rows are channels and columns are frames."""

    @abstractmethod
    def costs(self, indices: IndexArray, rate_point: int) -> Iterator[tuple[int, slice, Floats]]:
        """Bits of every symbol, given `indices` around it: in pieces of a plane, a range of positions, `[N, K]`.

        They are rounded, so that all evaluations give the same: see `code_lengths` in exact.py. Positions are those of
        the flattened `[rows, columns]`. A plane without a choice has no pieces.
        """

    @abstractmethod
    def encode(self, indices: IndexArray, rate_point: int) -> list[bytes]:
        """The streams of indices `[P, rows, columns]`."""

    @abstractmethod
    def decode(self, streams: Sequence[bytes], rate_point: int, rows: int, columns: int, /) -> IndexArray:
        """The indices `[P', rows, columns]` of all planes in the streams, which are the first ones of a file.

        Raises:
            CorruptError: a stream is damaged, or there are too many.
            LimitError: there are too many rows of sound: for each, the network remembers the past.
        """

    @abstractmethod
    def sample(self, source: SymbolSource, rate_point: int, rows: int, columns: int, /) -> IndexArray:
        """Indices `[P, rows, columns]` of all planes, drawn by `source`, each given those before it."""

    @abstractmethod
    def chances(self, indices: IndexArray, rate_point: int) -> Iterator[tuple[int, slice, NDArray[Any]]]:
        """Frequencies `[N]` of the indices themselves, in the same pieces: of 2**PRECISION."""

    def bits(self, indices: IndexArray, rate_point: int) -> NDArray[np.float64]:
        """Code length of every index: `[P, rows, columns]` for indices `[P, rows, columns]`."""
        out = np.zeros((len(indices), indices[0].size if len(indices) else 0))
        for plane, part, frequencies in self.chances(indices, rate_point):
            out[plane, part] = PRECISION - np.log2(frequencies.astype(np.float64))
        return out.reshape(indices.shape)


class Prior(EntropyModel):
    """The networks of an entropy model.

    Attributes:
        sizes: `[R, P]`, the alphabet of each plane at each rate point, 1..K.
        values: integers `[R, P, K, D]`, what the network reads for an index.
        plane_ranges: the planes of each slice.
        stream_slices: the slices of each stream of a file.
        stream_ends: the number of planes up to the end of each stream.
        tables: the integer functions.
    """

    sizes: NDArray[np.intp]
    values: Floats
    plane_ranges: list[range]
    stream_slices: list[range]
    stream_ends: list[int]
    tables: Tables

    @abstractmethod
    def all_frequencies(self, indices: IndexArray, rate_point: int) -> Iterator[tuple[int, slice, Frequencies]]:
        """Frequencies `[N, K]` of every symbol, given `indices` around it; pieces are those of `costs`."""

    def costs(self, indices: IndexArray, rate_point: int) -> Iterator[tuple[int, slice, Floats]]:
        """See `EntropyModel.costs`."""
        for plane, part, table in self.all_frequencies(indices, rate_point):
            yield plane, part, code_lengths(table)

    def chances(self, indices: IndexArray, rate_point: int) -> Iterator[tuple[int, slice, Frequencies]]:
        """See `EntropyModel.chances`."""
        flat = indices.reshape(len(indices), -1)
        for plane, part, table in self.all_frequencies(indices, rate_point):
            yield plane, part, np.take_along_axis(table, flat[plane, part, None], axis=1)[:, 0]

    @property
    @abstractmethod
    def cost(self) -> Cost:
        """What decoding takes for a latent position."""

    @property
    @abstractmethod
    def calls(self) -> int:
        """Layers and planes that are evaluated one after the other for each diagonal, or each step of sound.

        Short ones take as many.
        """
