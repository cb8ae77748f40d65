"""Flat areas of a picture <-> bytes, without loss: which pixels are painted, and in which colours.

The *field* is the colour in force at a pixel: its own if it is painted, else that of the pixel to its left. So a pixel
is not painted, or in the colour in force on its left, or in that above, or in a new one. A map of blocks says the same of
blocks that are painted in one colour as a whole, or not at all; the pixels of mixed blocks are then coded one by one.
Both maps are coded by diagonals, each symbol in the context of its neighbours. New colours are deflated.

This is the palette mode of codecs for screens (Pu et al., 'Palette mode coding in HEVC screen content coding', 2016),
with colours that are predicted from neighbours rather than counted.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .adaptive import AdaptiveTables, diagonals
from .entropy import SymbolDecoder, SymbolEncoder
from .errors import CorruptError, TruncatedError
from .fields import Reader, encode_varint

__all__ = ["UNPAINTED", "decode_flat", "encode_flat"]

UNPAINTED = -1
BLOCK = 16  # pixels a side
NONE, LEFT, ABOVE, NEW, MIXED = range(5)  # symbols, of which pixels lack the last
BARE, PAINTED, UNEVEN, UNKNOWN = range(4)  # states, of which pixels lack the third
# The neighbours whose states make a context, as rows and columns away. All lie on earlier diagonals j + 2 i.
BLOCK_CONTEXT = ((0, -1), (-1, 0), (-1, -1), (-1, 1))
PIXEL_CONTEXT = (*BLOCK_CONTEXT, (0, -2), (-2, 0))
MARGIN = 2  # how far they reach
STATES = np.array([BARE, PAINTED, PAINTED, PAINTED, UNEVEN], np.uint8)  # of the symbols

Areas = NDArray[np.int32]  # [H, W], 0xRRGGBB or UNPAINTED
Integers = NDArray[np.int64]
States = NDArray[np.uint8]


class Coder(Protocol):
    """What turns tables into symbols and colours: an encoder, which knows them, or a decoder."""

    def symbols(self, places: Integers, tables: Integers, left: Areas, above: Areas) -> NDArray[np.integer]:
        """The symbols at `places` `[n]`, given their tables `[n, K]` and the fields around."""

    def colours(self, places: Integers) -> Areas:
        """The new colours at `places` `[n]`."""


@dataclass
class Encoder:
    """Codes what is known: of each place its colour, UNPAINTED, or MIXED_BLOCK."""

    truth: Areas
    stream: SymbolEncoder
    new: list[Areas]

    def symbols(self, places: Integers, tables: Integers, left: Areas, above: Areas) -> NDArray[np.integer]:
        """See `Coder`."""
        truth = self.truth[places]
        cases = [truth == MIXED_BLOCK, truth == UNPAINTED, truth == left, truth == above]
        found = np.select(cases, [MIXED, NONE, LEFT, ABOVE], NEW)
        self.stream.encode(found, tables)
        return found

    def colours(self, places: Integers) -> Areas:
        """See `Coder`."""
        self.new.append(self.truth[places])
        return self.new[-1]


@dataclass
class Decoder:
    """Reads symbols from a stream and colours from a list."""

    stream: SymbolDecoder
    new: Areas
    used: int = 0

    def symbols(self, places: Integers, tables: Integers, left: Areas, above: Areas) -> NDArray[np.integer]:
        """See `Coder`."""
        return self.stream.decode(tables)

    def colours(self, places: Integers) -> Areas:
        """See `Coder`; CorruptError if there are not so many."""
        first, self.used = self.used, self.used + len(places)
        if self.used > len(self.new):
            raise CorruptError("the flat areas are damaged: colours are missing")
        return self.new[first : self.used]


MIXED_BLOCK = -2


def encode_flat(areas: Areas) -> bytes:
    """The chunk of flat areas: int32 `[H, W]`, each pixel 0xRRGGBB if it is painted, else UNPAINTED."""
    blocks = _blocks(areas)
    stream, new = SymbolEncoder(), list[Areas]()
    states = np.full(blocks.shape, UNKNOWN, np.uint8)
    states, fields = _complete(states, np.zeros_like(blocks), True, Encoder(_padded(blocks).ravel(), stream, new))
    _complete(*_enlarged(states, fields, areas.shape), False, Encoder(_padded(areas).ravel(), stream, new))
    words = stream.finish()
    colours = np.concatenate(new) if new else np.zeros(0, np.int32)
    return encode_varint(len(words)) + words + zlib.compress(_bytes_of(colours), 9)


def decode_flat(chunk: bytes, height: int, width: int) -> Areas:
    """The flat areas, int32 `[height, width]`, of a chunk; see `encode_flat`.

    Raises:
        CorruptError: the chunk is damaged.
    """
    reader = Reader(chunk)
    try:
        stream = reader.take(reader.varint())
    except TruncatedError:
        raise CorruptError("the flat areas are damaged: they end early") from None
    shape = -(-height // BLOCK), -(-width // BLOCK)
    new = _inflated(reader.take(reader.remaining), height * width + shape[0] * shape[1])
    decoder = Decoder(SymbolDecoder(stream), new)
    states, fields = _complete(np.full(shape, UNKNOWN, np.uint8), np.zeros(shape, np.int32), True, decoder)
    states, fields = _complete(*_enlarged(states, fields, (height, width)), False, decoder)
    decoder.stream.finish()
    if decoder.used < len(new):
        raise CorruptError("the flat areas are damaged: there are more colours than are used")
    fields[states == BARE] = UNPAINTED
    return fields


def _complete(states: States, fields: Areas, blocks: bool, coder: Coder) -> tuple[States, Areas]:
    """States and fields `[h, w]`, with those filled in whose state is UNKNOWN."""
    height, width = states.shape
    context, alphabet, count = (BLOCK_CONTEXT, 5, 3) if blocks else (PIXEL_CONTEXT, 4, 2)
    padded = _padded(states), _padded(fields)
    state, field = (each.ravel() for each in padded)
    stride = width + 2 * MARGIN
    neighbours = np.array([rows * stride + columns for rows, columns in context])
    weights = count ** np.arange(len(context))
    tables = AdaptiveTables(2 * count ** len(context), alphabet)
    for diagonal in diagonals(height, width, MARGIN):
        places = diagonal[state[diagonal] == UNKNOWN]
        if places.size == 0:
            continue
        left, above = field[places - 1], field[places - stride]
        contexts = state[places[:, None] + neighbours] @ weights + (left == above) * count ** len(context)
        symbols = coder.symbols(places, tables.of(contexts), left, above)
        tables.update(contexts, symbols)
        state[places] = STATES[symbols]
        field[places] = np.where(symbols == ABOVE, above, left)
        is_new = places[symbols == NEW]
        field[is_new] = coder.colours(is_new)
    inside = slice(MARGIN, None), slice(MARGIN, MARGIN + width)
    return padded[0][inside], padded[1][inside]


def _blocks(areas: Areas) -> Areas:
    """What all pixels of a block share, or MIXED_BLOCK."""
    rows, columns = (range(0, extent, BLOCK) for extent in areas.shape)
    low, high = (each.reduceat(each.reduceat(areas, rows, 0), columns, 1) for each in (np.minimum, np.maximum))
    return np.where(low == high, low, MIXED_BLOCK).astype(np.int32)


def _enlarged(states: States, fields: Areas, shape: tuple[int, ...]) -> tuple[States, Areas]:
    """States and fields of pixels, of those of their blocks."""
    height, width = shape
    known = np.where(states == UNEVEN, np.uint8(UNKNOWN), states)
    enlarged = [each.repeat(BLOCK, 0)[:height].repeat(BLOCK, 1)[:, :width] for each in (known, fields)]
    return enlarged[0], enlarged[1]


def _padded(values: NDArray) -> NDArray:
    """With as many zeros around as contexts can reach."""
    return np.pad(values, ((MARGIN, 0), (MARGIN, MARGIN)))


def _bytes_of(colours: Areas) -> bytes:
    """Red, green, blue of each of the colours `[n]`."""
    return colours.astype(">u4").view(np.uint8).reshape(-1, 4)[:, 1:].tobytes()


def _inflated(data: bytes, most: int) -> Areas:
    """The colours of a zlib stream, of which there may be `most`."""
    decompressor = zlib.decompressobj()
    try:
        values = decompressor.decompress(data, 3 * most + 1)
    except zlib.error:
        raise CorruptError("the flat areas are damaged: their colours cannot be unpacked") from None
    if len(values) % 3 or len(values) > 3 * most or not decompressor.eof or decompressor.unused_data:
        raise CorruptError("the flat areas are damaged: they have another number of colours")
    red, green, blue = np.frombuffer(values, np.uint8).reshape(-1, 3).T.astype(np.int32)
    found: Areas = red << 16 | green << 8 | blue
    return found
