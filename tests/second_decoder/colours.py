"""Colour formats: what a reader makes of decoded RGB, and what a writer codes."""

from __future__ import annotations

import numpy as np

from tests.second_decoder.container import Picture
from tests.second_decoder.integer_layers import Integers

__all__ = ["coded_cmyk", "coded_grey_16", "from_rgb"]


def from_rgb(rgb: Integers, source: Picture) -> Integers:
    """Decoded RGB `[rows, columns, 3]` to grey, black (0) and white (255), indices of a palette, or CMYK."""
    match source.colour:
        case 0:
            return rgb
        case 1:
            return luma(rgb)
        case 2:
            return np.where(luma(rgb) >= 128, 255, 0)
        case 3:
            return nearest(rgb, np.array(source.palette))
        case 4:
            return 257 * luma(rgb)
        case _:
            return np.concatenate([255 - rgb, np.zeros_like(rgb[..., :1])], axis=-1)


def luma(rgb: Integers) -> Integers:
    level: Integers = (rgb @ np.array([19595, 38470, 7471]) + 32768) >> 16
    return level


def nearest(rgb: Integers, palette: Integers) -> Integers:
    """The index of the nearest colour, the first of equals."""
    index: Integers = ((rgb[..., None, :] - palette) ** 2).sum(-1).argmin(-1)
    return index


def coded_grey_16(levels: Integers) -> Integers:
    """The 8 bits of grey of 16 bits that are coded."""
    return (levels + 128) // 257


def coded_cmyk(cmyk: Integers) -> Integers:
    """The RGB `[..., 3]` that is coded of CMYK `[..., 4]`."""
    return ((255 - cmyk[..., :3]) * (255 - cmyk[..., 3:]) + 127) // 255
