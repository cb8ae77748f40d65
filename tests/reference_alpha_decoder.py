"""A second decoder of alpha chunks, written after docs/FORMAT.md: one pixel at a time, in plain Python."""

from __future__ import annotations

import zlib

from reference_range_decoder import ReferenceDecoder

NEIGHBOURS = [(0, -1), (-1, 0), (-1, -1), (-1, 1), (0, -2), (-2, 0)]


def decode_map(decoder: ReferenceDecoder, symbols: list[list[int | None]], k: int, neighbours: int) -> None:
    """Fill in the symbols that are None."""
    height, width = len(symbols), len(symbols[0])
    counts: dict[int, list[int]] = {}
    for t in range(width + 2 * height):
        seen = []
        for i in range(height):
            j = t - 2 * i
            if not 0 <= j < width or symbols[i][j] is not None:
                continue
            context = 0
            for number, (rows, columns) in enumerate(NEIGHBOURS[:neighbours]):
                y, x = i + rows, j + columns
                inside = 0 <= y < height and 0 <= x < width
                context += (symbols[y][x] if inside else 0) * k**number
            c = counts.setdefault(context, [1] * k)
            table = [1 + each * (2**24 - k) // sum(c) for each in c]
            table[0] += 2**24 - sum(table)
            symbols[i][j] = decoder.decode(table)
            seen.append((context, symbols[i][j]))
        for context, symbol in seen:
            counts[context][symbol] += 32
        for context in {context for context, _ in seen}:
            if sum(counts[context]) > 1024:
                counts[context] = [(each + 1) // 2 for each in counts[context]]


def decode_alpha(chunk: bytes, height: int, width: int) -> list[list[int]]:
    """Alpha, row by row."""
    size = shift = position = 0
    while True:
        byte = chunk[position]
        size |= (byte & 0x7F) << shift
        shift, position = shift + 7, position + 1
        if byte < 0x80:
            break
    if size == 0:
        return [[255] * width for _ in range(height)]
    decoder = ReferenceDecoder(chunk[position : position + size])
    rest = chunk[position + size :]
    blocks: list[list[int | None]] = [[None] * -(-width // 16) for _ in range(-(-height // 16))]
    decode_map(decoder, blocks, 4, 4)
    classes = [
        [None if blocks[i // 16][j // 16] == 3 else blocks[i // 16][j // 16] for j in range(width)]
        for i in range(height)
    ]
    decode_map(decoder, classes, 3, 6)
    filtered = iter(zlib.decompress(rest[1:]) if rest else b"")
    alpha, before = [[0] * width for _ in range(height)], 0
    for i in range(height):
        for j in range(width):
            if classes[i][j] < 2:
                alpha[i][j] = 255 * classes[i][j]
                continue
            value = next(filtered)
            if rest[0] & 2:
                value = before = (value + before) % 256
            if rest[0] & 1 and i > 0:
                value = (value + alpha[i - 1][j]) % 256
            alpha[i][j] = value
    return alpha
