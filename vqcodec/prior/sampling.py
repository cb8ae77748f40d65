"""Symbols drawn at random from the integer tables with which a stream would be decoded."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitstream.entropy import PRECISION
from bitstream.errors import InputError

__all__ = ["SymbolSampler"]


class SymbolSampler:
    """Takes the place of a `SymbolDecoder`: the same calls give symbols that are drawn from the tables.

    At temperature 1 all is integers, and PCG64 is the same everywhere, so the symbols are the same on every machine. At
    other temperatures the powers are floats, and a symbol may rarely differ between machines.

    Args:
        seed: of the draws, not negative.
        temperature: p becomes p**(1 / temperature), renormalised. Below 1, likely symbols are drawn more often; at 0,
            only the likeliest.

    Raises:
        InputError: seed or temperature is out of range.
    """

    def __init__(self, seed: int, temperature: float = 1.0) -> None:
        if seed < 0 or not 0 <= temperature < math.inf:
            raise InputError("seed and temperature must not be negative, and the temperature must be finite")
        self._bits = np.random.PCG64(seed)
        self._power = 1 / temperature if temperature else math.inf

    @property
    def is_plain(self) -> bool:
        """Whether the temperature is 1, so that symbols follow from `draws` and their tables alone."""
        return self._power == 1

    def draws(self, count: int) -> NDArray[np.uint64]:
        """The next random numbers, each in 0..2**PRECISION-1: one for each symbol."""
        # The raw words and not Generator.integers, whose method may change with NumPy.
        return np.asarray(self._bits.random_raw(count)) >> np.uint64(64 - PRECISION)

    def decode(self, frequencies: NDArray[np.floating[Any]]) -> NDArray[np.int32]:
        """Draw n symbols `[n]`, each in 0..K-1, from their tables `[n, K]` of integers that sum to 2**PRECISION."""
        drawn = self.draws(len(frequencies)).astype(np.float64)
        if not self.is_plain:
            frequencies = (frequencies / frequencies.max(axis=1, keepdims=True)) ** self._power
        cumulative = frequencies.cumsum(axis=1, dtype=np.float64)
        threshold = drawn * (cumulative[:, -1] / (1 << PRECISION))
        return np.asarray((cumulative <= threshold[:, None]).sum(axis=1), np.int32)
