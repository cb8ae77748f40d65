"""An alpha channel <-> bytes, without loss: a map of what is transparent, opaque or between, and the values between.

Each pixel has a *class*: 0 where alpha is 0, 1 where it is 255, 2 for what lies between. A map of blocks has the class
that all pixels of a block share, or 3 for a mixed block, whose pixels are then coded one by one. Both maps are coded by
diagonals with adaptive tables, each symbol in the context of its neighbours, as JBIG (ITU-T T.82) does for bilevel
pictures. The values in between are filtered somewhat like those of PNG, and deflated.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .decompression import decompressed
from .entropy import PRECISION, SymbolDecoder, SymbolEncoder
from .errors import CorruptError, TruncatedError
from .fields import Reader, encode_varint

__all__ = ["decode_alpha", "encode_alpha"]

BLOCK = 16  # pixels a side
TRANSPARENT, OPAQUE, BETWEEN, MIXED = 0, 1, 2, 3
# The neighbours that make a context, as rows and columns away. All lie on earlier diagonals j + 2 i.
BLOCK_CONTEXT = ((0, -1), (-1, 0), (-1, -1), (-1, 1))
PIXEL_CONTEXT = (*BLOCK_CONTEXT, (0, -2), (-2, 0))
MARGIN = 2  # how far they reach
# How counts of symbols adapt: each begins at 1 and rises by RAISE when its symbol occurs. All are halved when their sum
# exceeds LARGE.
RAISE, LARGE = 32, 1024
FILTER_ABOVE, FILTER_BEFORE = 1, 2  # flags

Alpha = NDArray[np.uint8]
Places = NDArray[np.int64]
# Given places [n] and their tables [n, K], the symbols there.
NextSymbols = Callable[[Places, NDArray[np.int64]], NDArray[np.integer[Any]]]


def encode_alpha(alpha: Alpha) -> bytes:
    """The alpha chunk of a channel, uint8 `[H, W]`; one byte if alpha is 255 everywhere."""
    if alpha.min() == 255:
        return encode_varint(0)
    symbols = _padded(np.full_like(alpha, BETWEEN))
    classes = symbols[MARGIN:, MARGIN:-MARGIN]
    classes[alpha == 0], classes[alpha == 255] = TRANSPARENT, OPAQUE
    blocks, encoder = _blocks(classes), SymbolEncoder()

    def encoding(padded: Alpha) -> NextSymbols:
        def encode(places: Places, tables: NDArray[np.int64]) -> Alpha:
            encoder.encode(truth[places], tables)
            return truth[places]

        truth = padded.ravel()
        return encode

    _complete(np.full_like(blocks, MIXED + 1), MIXED + 1, BLOCK_CONTEXT, encoding(_padded(blocks)))
    _complete(_enlarged(blocks, classes.shape), MIXED, PIXEL_CONTEXT, encoding(symbols))
    stream = encoder.finish()
    return encode_varint(len(stream)) + stream + _deflated(alpha, classes == BETWEEN)


def decode_alpha(chunk: bytes, height: int, width: int) -> Alpha:
    """The channel, uint8 `[height, width]`, of an alpha chunk.

    Raises:
        CorruptError: the chunk is damaged.
    """
    reader = Reader(chunk)
    try:
        stream = reader.take(reader.varint())
    except TruncatedError:
        raise CorruptError("the alpha channel is damaged: it ends early") from None
    rest = reader.take(reader.remaining)
    if not stream:
        if rest:
            raise CorruptError("the alpha channel is damaged: it goes on after its end")
        return np.full((height, width), 255, np.uint8)
    decoder = SymbolDecoder(stream)

    def decode(_: Places, tables: NDArray[np.int64]) -> NDArray[np.int32]:
        return decoder.decode(tables)

    blocks = np.full((-(-height // BLOCK), -(-width // BLOCK)), MIXED + 1, np.uint8)
    blocks = _complete(blocks, MIXED + 1, BLOCK_CONTEXT, decode)
    classes = _complete(_enlarged(blocks, (height, width)), MIXED, PIXEL_CONTEXT, decode)
    decoder.finish()
    alpha = np.where(classes == OPAQUE, np.uint8(255), np.uint8(0))
    _inflate(rest, alpha, classes == BETWEEN)
    return alpha


# Classes -----------------------------------------------------------------------------------------------------------


def _blocks(classes: Alpha) -> Alpha:
    """The class of each block, of the classes of pixels."""
    rows, columns = (range(0, extent, BLOCK) for extent in classes.shape)
    low, high = (each.reduceat(each.reduceat(classes, rows, 0), columns, 1) for each in (np.minimum, np.maximum))
    return np.where(low == high, low, MIXED).astype(np.uint8)


def _enlarged(blocks: Alpha, shape: tuple[int, ...]) -> Alpha:
    """The class of the block of each pixel."""
    height, width = shape
    return blocks.repeat(BLOCK, 0)[:height].repeat(BLOCK, 1)[:, :width]


def _padded(symbols: Alpha) -> Alpha:
    """With as many zeros around as contexts can reach."""
    return np.pad(symbols, ((MARGIN, 0), (MARGIN, MARGIN)))


def _complete(symbols: Alpha, alphabet: int, context: tuple[tuple[int, int], ...], next_symbols: NextSymbols) -> Alpha:
    """Fill in the unknown symbols of `[h, w]`: known ones are 0..K-1, unknown ones K, which is the `alphabet`."""
    height, width = symbols.shape
    padded = _padded(symbols)
    flat, stride = padded.ravel(), padded.shape[1]
    neighbours = np.array([rows * stride + columns for rows, columns in context])
    weights = alphabet ** np.arange(len(context))
    counts = np.ones((alphabet ** len(context), alphabet), np.int64)
    for diagonal in range(width + 2 * (height - 1)):
        i = np.arange(max(0, (diagonal - width + 2) // 2), min(height - 1, diagonal // 2) + 1)
        places = (i + MARGIN) * stride + MARGIN + diagonal - 2 * i
        places = places[flat[places] == alphabet]
        if places.size == 0:
            continue
        contexts = flat[places[:, None] + neighbours] @ weights
        found = next_symbols(places, _tables(counts[contexts]))
        flat[places] = found
        np.add.at(counts, (contexts, found), RAISE)
        large = contexts[counts[contexts].sum(1) > LARGE]
        counts[large] = (counts[large] + 1) // 2  # once for each, as it is assigned and not added
    return padded[MARGIN:, MARGIN : MARGIN + width]


def _tables(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Tables in proportion to counts `[n, K]`; the first symbol gets what rounding leaves."""
    alphabet = counts.shape[1]
    tables: NDArray[np.int64] = 1 + counts * (2**PRECISION - alphabet) // counts.sum(1, keepdims=True)
    tables[:, 0] += 2**PRECISION - tables.sum(1)
    return tables


# Values in between -------------------------------------------------------------------------------------------------


def _deflated(alpha: Alpha, between: NDArray[np.bool_]) -> bytes:
    """The flags of the best filters and the filtered values, compressed; nothing if there are no values."""
    values = alpha[between]
    if values.size == 0:
        return b""
    above = np.concatenate((np.zeros_like(alpha[:1]), alpha[:-1]))[between]

    def attempt(filters: int) -> bytes:
        filtered = values - above if filters & FILTER_ABOVE else values
        if filters & FILTER_BEFORE:
            filtered = np.diff(filtered, prepend=np.uint8(0))
        return bytes((filters,)) + zlib.compress(filtered.tobytes(), 9)

    return min(map(attempt, range(1 + FILTER_ABOVE + FILTER_BEFORE)), key=len)


def _inflate(data: bytes, alpha: Alpha, between: NDArray[np.bool_]) -> None:
    """Put the values into `alpha`."""
    lengths = between.sum(1)
    count = int(lengths.sum())
    if count == 0:
        if data:
            raise CorruptError("the alpha channel is damaged: it goes on after its end")
        return
    if not data or data[0] > FILTER_ABOVE | FILTER_BEFORE:
        raise CorruptError("the alpha channel is damaged: its values are missing, or filtered in an unknown way")
    filters = data[0]
    values = np.frombuffer(decompressed(data[1:], count, zlib.decompressobj(), "the alpha channel"), np.uint8)
    if filters & FILTER_BEFORE:
        values = np.cumsum(values, dtype=np.uint8)
    if not filters & FILTER_ABOVE:
        alpha[between] = values
        return
    before = np.zeros_like(alpha[0])
    for row, here, part in zip(alpha, between, np.split(values, np.cumsum(lengths)[:-1]), strict=True):
        row[here] = part + before[here]
        before = row
