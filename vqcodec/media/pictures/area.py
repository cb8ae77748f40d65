"""A part of a picture, and the size of a small version."""

from __future__ import annotations

from dataclasses import dataclass

from bitstream import InputError

__all__ = ["Area", "area_of", "size_within"]


@dataclass(frozen=True)
class Area:
    """A rectangle of pixels.

    Attributes:
        left, top: of its first pixel.
        width, height: at least 1.
    """

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The column after the last one."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """The row after the last one."""
        return self.top + self.height

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def box(self) -> tuple[int, int, int, int]:
        """As Pillow has it."""
        return self.left, self.top, self.right, self.bottom

    def within(self, rows: slice, columns: slice) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
        """What is also in `rows` and `columns` of the picture: in these, and in this area. It may be empty."""
        top, bottom = max(rows.start, self.top), min(rows.stop, self.bottom)
        left, right = max(columns.start, self.left), min(columns.stop, self.right)
        there = slice(top - rows.start, bottom - rows.start), slice(left - columns.start, right - columns.start)
        return there, (slice(top - self.top, bottom - self.top), slice(left - self.left, right - self.left))


def area_of(region: tuple[int, int, int, int], width: int, height: int) -> Area:
    """The area `(left, top, width, height)` of a picture of a size.

    Raises:
        InputError: it is empty, or not within the picture.
    """
    area = Area(*region)
    if area.width < 1 or area.height < 1 or min(area.left, area.top) < 0 or area.right > width or area.bottom > height:
        asked = ",".join(map(str, region))
        raise InputError(f"the region {asked} is not within the picture, which has {width} x {height} pixels")
    return area


def size_within(width: int, height: int, most: int) -> tuple[int, int]:
    """The size of a picture that is scaled down to at most `most` pixels a side; its own if it is not larger."""
    longest = max(width, height)
    if longest <= most:
        return width, height
    return max(1, round(width * most / longest)), max(1, round(height * most / longest))
