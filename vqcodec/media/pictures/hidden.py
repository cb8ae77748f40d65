"""Colours for hidden pixels, which cost least to code.

Fully transparent pixels often hold noise, or black with a hard edge. They are replaced by colours that continue those
around: each pixel takes the mean of the visible pixels in the smallest square around it that has any. The squares are
those of a pyramid, with interpolation. This is the push-pull method of Gortler et al. (The Lumigraph, SIGGRAPH 1996,
section 3.4) with weights of 0 and 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["fill_hidden"]

Pixels = NDArray[np.uint8]

STRIP = 512  # rows at full size that are worked on at once, an even number
_UNSEEN = (128, 128, 128)  # the colour of a picture of which nothing is visible


def fill_hidden(pixels: Pixels, alpha: Pixels) -> Pixels:
    """Pixels `[H, W, 3]`, where those with an alpha `[H, W]` of 0 are replaced; the same array if there are none.

    The time is linear in the number of pixels. Besides the result, it takes about 2 bytes a pixel.
    """
    if alpha.all():
        return pixels
    if not alpha.any():
        return np.full_like(pixels, _UNSEEN)
    height, width = alpha.shape
    smooth, filled = _continued(_halved(pixels, alpha)), pixels.copy()
    for top in range(0, height, STRIP):
        strip = filled[top : top + STRIP]
        box = (0, top / 2, width / 2, (top + len(strip)) / 2)
        colours = smooth.resize((width, len(strip)), Image.Resampling.BILINEAR, box)
        np.copyto(strip, np.asarray(colours), where=alpha[top : top + STRIP, :, None] == 0)
    return filled


def _halved(pixels: Pixels, alpha: Pixels) -> Image.Image:
    """The picture at half the size, RGBA; alpha is 255 where anything is visible."""
    height, width = alpha.shape
    half = Image.new("RGBA", (-(-width // 2), -(-height // 2)))
    for top in range(0, height, STRIP):
        rows = slice(top, top + STRIP)
        strip = Image.fromarray(np.dstack((pixels[rows], (alpha[rows] > 0) * np.uint8(255))))
        half.paste(_reduced(strip), (0, top // 2))
    return half


def _reduced(image: Image.Image) -> Image.Image:
    """An RGBA picture at half the size: the mean of what is visible in each square of 2 x 2 pixels."""
    small = image.reduce(2)  # which weighs colours with alpha
    small.putalpha(small.getchannel("A").point(lambda weight: 255 if weight else 0))
    return small


def _continued(image: Image.Image) -> Image.Image:
    """An RGBA picture, some of which is visible, as RGB without a gap."""
    levels = [image]
    while levels[-1].getchannel("A").getextrema() != (255, 255):
        levels.append(_reduced(levels[-1]))
    smooth = levels.pop().convert("RGB")
    while levels:
        finer = levels.pop()
        # A level of odd size ends in the middle of a pixel of the next one.
        box = (0, 0, finer.width / 2, finer.height / 2)
        smooth = smooth.resize(finer.size, Image.Resampling.BILINEAR, box)
        smooth.paste(finer.convert("RGB"), mask=finer.getchannel("A"))
    return smooth
