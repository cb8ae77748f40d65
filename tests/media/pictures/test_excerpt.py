"""Excerpts of large pictures."""

from __future__ import annotations

import numpy as np
import pytest

from vqcodec.media.pictures.excerpt import LARGE, SIDE, WINDOWS, excerpt, is_large


@pytest.mark.parametrize("size", [(2900, 2900), (6000, 1700), (1500, 9000), (300, 30_000), (90_000, 100)])
def test_windows_are_spread_over_the_picture(size: tuple[int, int]) -> None:
    height, width = size
    rows, columns = np.mgrid[:height, :width]
    pixels = np.stack([rows * 256 // height, columns * 256 // width, 0 * rows], -1).astype(np.uint8)
    assert is_large(pixels)
    part = excerpt(pixels)
    assert part.size <= pixels.size // 2
    assert part.shape[0] * part.shape[1] <= WINDOWS * SIDE**2
    for channel, extent in ((0, height), (1, width)):
        seen = part[..., channel]
        reach = 256 / min(WINDOWS, max(1, extent // SIDE))
        assert seen.min() <= reach
        assert seen.max() >= 255 - reach
        assert abs(float(seen.mean()) - 127.5) < 8


def test_the_picture_itself_if_it_is_not_large() -> None:
    pixels = np.zeros((LARGE // 1000, 1000, 3), np.uint8)
    assert excerpt(pixels) is pixels
    assert not is_large(pixels)
