"""Colours, words and a gradient, of which synthetic pictures are made."""

from __future__ import annotations

from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

__all__ = ["BLACK", "PAPER", "WHITE", "Colour", "font", "gradient", "paragraph", "random_colour", "words"]

Colour = tuple[int, int, int]

WHITE, BLACK, PAPER = (255, 255, 255), (0, 0, 0), (250, 249, 246)
WORDS = "a and as at be but codec colour edge every field for from grey has is layer line model no of one page patch"


def gradient(width: int, height: int, rng: np.random.Generator) -> Image.Image:
    """A random colour on the left that becomes another one to the right, darker towards the bottom."""
    ends = np.array([random_colour(rng), random_colour(rng)], float)
    across = np.linspace(0, 1, width)[None, :, None]
    down = np.linspace(1, 0.6, height)[:, None, None]
    pixels = (ends[0] * (1 - across) + ends[1] * across) * down
    return Image.fromarray(pixels.round().astype(np.uint8))


def random_colour(rng: np.random.Generator) -> Colour:
    """Any colour, all of them equally likely."""
    red, green, blue = rng.integers(0, 256, 3).tolist()
    return red, green, blue


def words(rng: np.random.Generator, count: int) -> str:
    """So many random words with spaces between them."""
    return " ".join(rng.choice(WORDS.split(), count).tolist())


def paragraph(
    draw: ImageDraw.ImageDraw, box: tuple[int, int, int, int], size: int, colour: Colour, rng: np.random.Generator
) -> None:
    """Fill the box `left, top, right, bottom` with lines of random words."""
    left, top, right, bottom = box
    typeface = font(size)
    for y in range(top, bottom - size, round(1.4 * size)):
        line = words(rng, 1)
        while draw.textlength(longer := f"{line} {words(rng, 1)}", typeface) < right - left:
            line = longer
        draw.text((left, y), line, colour, typeface)


@cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font that comes with Pillow, so that pictures are the same on all machines."""
    return ImageFont.load_default(size)
