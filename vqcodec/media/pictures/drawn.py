"""Masks of the flat and of the drawn parts of a picture, in which few pixels differ from their neighbours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["BLOCK", "drawn_mask", "flat_mask"]

Mask = NDArray[np.bool_]
Pixels = NDArray[np.uint8]

FLAT = 16  # pixels a side of the smallest square of one colour that is a flat area
BLOCK = 16  # pixels a side of what is judged to be drawn or not
# A pixel is new if it is like neither the one on its left nor the one above. In a drawn block not too many pixels are,
# nor of those that are not flat, and these by far. (Of the 36,864 blocks of Kodak's photographs 15 look drawn, and 31
# of kodim24, around what is white.)
MOST_NEW, MOST_NEW_OF_REST = 0.6, 0.85
UNLIKE = 256  # more than any step
LEAST_STEP = 16
STRIP = 256  # rows that are looked at at once, a multiple of the block


def flat_mask(pixels: Pixels) -> Mask:
    """Which pixels `[H, W, 3]` lie in a square of one colour: `[H, W]`."""
    mask = np.zeros(pixels.shape[:2], np.bool_)
    for top in range(0, len(pixels), STRIP):
        strip = _packed(pixels[top : top + STRIP + FLAT - 1])  # with all squares that begin in the strip
        if min(strip.shape) >= FLAT:
            across = _runs(strip[:, 1:] == strip[:, :-1], FLAT - 1, axis=1)
            down = _runs(strip[1:] == strip[:-1], FLAT - 1, axis=0)
            squares = _runs(across, FLAT, axis=0) & down[:, : across.shape[1]]
            if squares.any():
                mask[top : top + STRIP + FLAT - 1] |= _spread(_spread(squares, FLAT, axis=0), FLAT, axis=1)
    return mask


def drawn_mask(pixels: Pixels, flat: Mask) -> Mask:
    """Which pixels `[H, W, 3]` are in blocks that look drawn, judged by their pixels that are not flat: `[H, W]`."""
    height, width, _ = pixels.shape
    mask = np.zeros((height, width), np.bool_)
    for top in range(0, height, STRIP):
        steps = _steps(pixels[max(top - 1, 0) : top + STRIP].astype(np.int16))[min(top, 1) :]
        new = _block_sums(steps > 0)
        all_pixels, rest = (_block_sums(each) for each in (np.ones_like(steps, np.bool_), ~flat[top : top + STRIP]))
        few = (new <= MOST_NEW * all_pixels) & (new <= MOST_NEW_OF_REST * rest)
        drawn = few & (_block_sums(steps.astype(np.int64) ** 2) >= LEAST_STEP**2 * new)
        rows, columns = steps.shape
        mask[top : top + STRIP] = drawn.repeat(BLOCK, 0)[:rows].repeat(BLOCK, 1)[:, :columns]
    return mask


def _steps(pixels: NDArray[np.int16]) -> NDArray[np.int16]:
    """How far pixels `[H, W, 3]` are from the one on their left or above, whichever is more like them: `[H, W]`."""
    steps = np.full(pixels.shape[:2], UNLIKE, np.int16)
    for axis in (0, 1):
        later = steps.swapaxes(0, axis)[1:]  # a view
        np.minimum(later, np.abs(np.diff(pixels, axis=axis)).max(2).swapaxes(0, axis), out=later)
    steps[0, 0] = 0
    return steps


def _packed(pixels: Pixels) -> NDArray[np.int32]:
    """Pixels `[H, W, 3]` as numbers `[H, W]`."""
    red, green, blue = (pixels[..., channel].astype(np.int32) for channel in range(3))
    packed: NDArray[np.int32] = red << 16 | green << 8 | blue
    return packed


def _runs(mask: Mask, length: int, axis: int) -> Mask:
    """Where runs of so many true values begin."""
    count = mask.shape[axis] - length + 1
    found: Mask = np.logical_and.reduce([mask.take(range(first, first + count), axis) for first in range(length)])
    return found


def _spread(begins: Mask, length: int, axis: int) -> Mask:
    """The inverse of `_runs`: all values of the runs that begin at true values."""
    widths = [(0, 0), (0, 0)]
    widths[axis] = (length - 1, length - 1)
    return ~_runs(~np.pad(begins, widths), length, axis)


def _block_sums(values: NDArray[np.integer] | Mask) -> NDArray[np.int64]:
    """Sums over blocks, which the edges may cut off."""
    rows, columns = (range(0, extent, BLOCK) for extent in values.shape)
    sums: NDArray[np.int64] = np.add.reduceat(np.add.reduceat(values.astype(np.int64), rows, 0), columns, 1)
    return sums
