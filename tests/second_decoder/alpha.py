"""The alpha chunk: one pixel at a time."""

from __future__ import annotations

import zlib

from tests.second_decoder.byte_reader import ByteReader, FormatError, require
from tests.second_decoder.range_decoder import RangeDecoder

__all__ = ["read_alpha"]

NEIGHBOURS = [(0, -1), (-1, 0), (-1, -1), (-1, 1), (0, -2), (-2, 0)]  # rows, columns
BLOCK = 16
ABOVE, BEFORE = 1, 2  # flags
UNKNOWN = -1
MIXED = 3  # the symbol of a block whose pixels have several classes
Map = list[list[int]]


def read_alpha(chunk: bytes, height: int, width: int) -> list[list[int]]:
    """Alpha 0..255, row by row."""
    data = ByteReader(chunk)
    stream = data.take(data.varint())
    if not stream:
        require(not data.rest(), "the alpha chunk goes on")
        return [[255] * width for _ in range(height)]
    classes = read_classes(stream, height, width)
    if not any(2 in row for row in classes):
        require(not data.rest(), "the alpha chunk goes on")
        return [[255 * each for each in row] for row in classes]
    flags = data.byte()
    require(flags <= ABOVE | BEFORE, "a filter of alpha is reserved")
    return unfilter(classes, inflate(data.rest(), sum(row.count(2) for row in classes)), flags)


def read_classes(stream: bytes, height: int, width: int) -> Map:
    """0 where alpha is 0, 1 where it is 255, 2 elsewhere."""
    decoder = RangeDecoder(stream)
    blocks: Map = [[UNKNOWN] * -(-width // BLOCK) for _ in range(-(-height // BLOCK))]
    decode_map(decoder, blocks, 4, 4)
    block_of = [[blocks[i // BLOCK][j // BLOCK] for j in range(width)] for i in range(height)]
    classes: Map = [[UNKNOWN if each == MIXED else each for each in row] for row in block_of]
    decode_map(decoder, classes, 3, 6)
    decoder.finish()
    return classes


def decode_map(decoder: RangeDecoder, symbols: Map, k: int, neighbours: int) -> None:
    """Fill in the symbols that are not known."""
    height, width = len(symbols), len(symbols[0])
    counts: dict[int, list[int]] = {}

    def context_of(i: int, j: int) -> int:
        near = [(i + rows, j + columns) for rows, columns in NEIGHBOURS[:neighbours]]
        inside = [0 <= y < height and 0 <= x < width for y, x in near]
        return sum(symbols[y][x] * k**n if inside[n] else 0 for n, (y, x) in enumerate(near))

    for t in range(width + 2 * height - 2):
        seen = []
        for i in range(height):
            j = t - 2 * i
            if 0 <= j < width and symbols[i][j] == UNKNOWN:
                context = context_of(i, j)
                symbols[i][j] = decoder.decode(table_of(counts.setdefault(context, [1] * k)))
                seen.append((context, symbols[i][j]))
        for context, symbol in seen:
            counts[context][symbol] += 32
        for context in {context for context, _ in seen}:
            if sum(counts[context]) > 1024:
                counts[context] = [(each + 1) // 2 for each in counts[context]]


def table_of(counts: list[int]) -> list[int]:
    table = [1 + each * (2**24 - len(counts)) // sum(counts) for each in counts]
    table[0] += 2**24 - sum(table)
    return table


def inflate(packed: bytes, size: int) -> bytes:
    inflater = zlib.decompressobj()
    try:
        values = inflater.decompress(packed, size + 1)
    except zlib.error as error:
        raise FormatError("alpha cannot be inflated") from error
    require(len(values) == size and inflater.eof and not inflater.unused_data, "another number of alphas")
    return values


def unfilter(classes: Map, filtered: bytes, flags: int) -> list[list[int]]:
    """Alpha, of its classes and of the filtered values of class 2."""
    alpha = [[255 * (each == 1) for each in row] for row in classes]
    values, before = iter(filtered), 0
    for i, row in enumerate(classes):
        for j in (j for j, each in enumerate(row) if each == 2):
            value = next(values)
            if flags & BEFORE:
                value = before = (value + before) % 256
            if flags & ABOVE and i > 0:
                value = (value + alpha[i - 1][j]) % 256
            alpha[i][j] = value
    return alpha
