"""The state of a range coder between calls of the kernel: see core/range_coder.h."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bitstream.entropy import WORD_SIZE
from bitstream.errors import CorruptError
from vqcodec.prior.sampling import SymbolSampler

__all__ = ["Draws", "Sink", "Source"]

WHOLE = 2**64 - 1  # the range before the first symbol
WORD = 2**32
START = 2  # words that are read before the first symbol


class Source:
    """A stream that is decoded.

    Attributes:
        words: of the stream.
        state: range, offset, position, and 0.

    Raises:
        CorruptError: `data` are not whole words.
    """

    def __init__(self, data: bytes) -> None:
        if len(data) % WORD_SIZE:
            raise CorruptError(f"a stream of {len(data)} bytes does not consist of whole {WORD_SIZE}-byte words")
        self.words = np.frombuffer(data, "<u4").astype(np.uint32)
        first, second = (int(self.words[i]) if i < len(self.words) else 0 for i in range(START))
        self.state = np.array([WHOLE, first * WORD + second, START, 0], np.uint64)

    def finish(self) -> None:
        """As `SymbolDecoder.finish`."""
        whole, offset, position = map(int, self.state[:3])
        is_unread = whole == WHOLE and len(self.words) > 0
        is_left = whole != WHOLE and (position < len(self.words) or offset >= 2 * WORD - 1)
        if is_unread or is_left:
            raise CorruptError("a stream is damaged: it holds more than its symbols")


class Draws:
    """Symbols that are drawn; `words` are to be taken for each call."""

    def __init__(self, sampler: SymbolSampler) -> None:
        self._sampler = sampler
        self.words = np.zeros(0, np.uint32)
        self.state = np.array([WHOLE, 0, 0, 1], np.uint64)

    def draw(self, count: int) -> None:
        """Have the draws of the next `count` symbols ready."""
        self.words = self._sampler.draws(count).astype(np.uint32)
        self.state[2] = 0


class Sink:
    """A stream that is written."""

    def __init__(self) -> None:
        self.words = np.zeros(0, np.uint32)
        self.state = np.array([WHOLE, 0, 0], np.uint64)  # range, low, number of words

    def reserve(self, symbols: int) -> NDArray[np.uint32]:
        """The words so far, with room for one more of each symbol."""
        needed = int(self.state[2]) + symbols
        if needed > len(self.words):
            grown = np.zeros(max(needed, 2 * len(self.words)), np.uint32)
            grown[: len(self.words)] = self.words
            self.words = grown
        return self.words

    def finish(self) -> bytes:
        """The stream, as `SymbolEncoder.finish` gives it."""
        whole, low, count = map(int, self.state)
        if whole == WHOLE:
            return b""
        words = self.words[:count].tolist()
        point = low + WORD - 1
        if point >> 64:  # a carry
            at = len(words) - 1
            while words[at] == WORD - 1:
                words[at] = 0
                at -= 1
            words[at] += 1
        last = point >> 32 & WORD - 1
        words.append(last)
        if (low + whole & 2**64 - 1) >> 32 == last:
            words.append(0)
        return np.array(words, "<u4").tobytes()
