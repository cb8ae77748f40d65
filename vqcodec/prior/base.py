"""What every exact prior offers, so that a codec can use any."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vqcodec.prior.exact import Tables
from vqcodec.system.bounds import Cost

__all__ = ["Floats", "Frequencies", "IndexArray", "Prior", "SymbolSource"]

Floats = NDArray[np.float32]
IndexArray = NDArray[np.int32]
Frequencies = NDArray[np.float64]


class SymbolSource(Protocol):
    """Where indices come from: a stream (`SymbolDecoder`) or a random generator (`SymbolSampler`)."""

    def decode(self, frequencies: Frequencies) -> IndexArray:
        """The next n symbols `[n]`, each in 0..K-1, given their tables `[n, K]`."""


class Prior(Protocol):
    """An exact prior over index volumes `[P, rows, columns]`. For sound, rows are channels and columns are frames.

    Attributes:
        sizes: `[R, P]`, the alphabet of each plane at each rate point, 1..K.
        values: integers `[R, P, K, D]`, what the network reads for an index.
        stream_ends: the number of planes up to the end of each stream of a file.
        tables: the integer functions.
        cost: what decoding takes for a latent position.
        calls: layers and planes that are evaluated one after the other for each diagonal, or each step of sound. Short
            ones take as many.
    """

    sizes: NDArray[np.intp]
    values: Floats
    stream_ends: list[int]
    tables: Tables

    @property
    def cost(self) -> Cost: ...

    @property
    def calls(self) -> int: ...

    def costs(self, indices: IndexArray, rate_point: int) -> Iterator[tuple[int, slice, Floats]]:
        """Bits of every symbol, given `indices` around it: in pieces of a plane, a range of positions, `[N, K]`."""

    def bits(self, indices: IndexArray, rate_point: int) -> NDArray[np.float64]:
        """Code length of every index: `[P, rows, columns]` for indices `[P, rows, columns]`."""

    def encode(self, indices: IndexArray, rate_point: int) -> list[bytes]:
        """The streams of indices `[P, rows, columns]`."""

    def decode(self, streams: Sequence[bytes], rate_point: int, rows: int, columns: int, /) -> IndexArray:
        """The indices `[P', rows, columns]` of all planes in the streams.

        Raises:
            CorruptError: a stream is damaged, or there are too many.
        """

    def sample(self, source: SymbolSource, rate_point: int, rows: int, columns: int, /) -> IndexArray:
        """Indices `[P, rows, columns]` of all planes, drawn by `source`, each given those before it."""
