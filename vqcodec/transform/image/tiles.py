"""A large picture in tiles, so that the memory of the networks does not grow with its size.

A tile is computed from a window: the tile and as much around it as the networks can see, which is cropped off again.
Windows end where the picture does, so that there the networks pad with the same zeros as without tiles. All operators
are local, so the result is that of the whole picture at once, but for the rounding of floats.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Span", "spans", "spans_of_part", "tiles", "tiles_of_part"]


@dataclass(frozen=True)
class Span:
    """A tile in one direction: latent positions `first` <= i < `last`, in a window `low` <= i < `high`.

    Slices are in latent positions, or in pixels if `scale` is the stride.
    """

    first: int
    last: int
    low: int
    high: int

    def own(self, scale: int = 1) -> slice:
        """The tile in the picture."""
        return slice(self.first * scale, self.last * scale)

    def window(self, scale: int = 1) -> slice:
        """The window in the picture."""
        return slice(self.low * scale, self.high * scale)

    def inside(self, scale: int = 1) -> slice:
        """The tile in its window."""
        return slice((self.first - self.low) * scale, (self.last - self.low) * scale)


def spans(extent: int, most: int, reach: int) -> list[Span]:
    """Cut `extent` positions into tiles whose windows have `reach` more positions on each side, or fewer at the edges.

    All windows have one size, at most `most` and twice the reach, so that each can use the memory of the one before.
    With several sizes, memory would be left over in pieces.
    """
    inner = extent - 2 * reach
    count = max(1, -(-inner // most))
    size = min(extent, -(-inner // count) + 2 * reach)
    found: list[Span] = []
    for number in range(count):
        low = min(number * (size - 2 * reach), extent - size)
        first = found[-1].last if found else 0
        last = low + size - reach if number + 1 < count else extent
        found.append(Span(first, last, low, low + size))
    return found


def spans_of_part(extent: int, most: int, reach: int, part: range) -> list[Span]:
    """Spans whose tiles are the positions `part` of an extent; windows have what is around them, as in `spans`."""
    low, high = max(0, part.start - reach), min(extent, part.stop + reach)
    found = [
        Span(max(part.start, each.first + low), min(part.stop, each.last + low), each.low + low, each.high + low)
        for each in spans(high - low, most, reach)
    ]
    return [each for each in found if each.first < each.last]


def tiles(rows: int, columns: int, most: int, reach: int) -> Iterator[tuple[Span, Span]]:
    """Rows and columns of the tiles of a picture of `rows` x `columns` latent positions; see `spans`."""
    return itertools.product(spans(rows, most, reach), spans(columns, most, reach))


def tiles_of_part(
    rows: tuple[int, range], columns: tuple[int, range], most: int, reach: int
) -> Iterator[tuple[Span, Span]]:
    """Tiles as above, but of a part of the picture: rows and columns are given by their number and that part."""
    across, down = (spans_of_part(extent, most, reach, part) for extent, part in (columns, rows))
    return itertools.product(down, across)
