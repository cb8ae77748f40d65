"""Pages of flat patches whose colours are known, between gradients, text and lines."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from vqcodec.evaluation.pictures.synthetic.primitives import BLACK, WHITE, Colour, gradient, paragraph, random_colour

__all__ = ["Patch", "PatchPage", "patch_page"]

CORNERS: tuple[Colour, ...] = tuple((r, g, b) for r, g, b in itertools.product((0, 255), repeat=3))  # of the RGB cube
GREYS: tuple[Colour, ...] = tuple((level, level, level) for level in (16, 48, 80, 112, 128, 160, 192, 224, 240, 254))
# From the Monk Skin Tone scale (Monk, 2019).
SKIN: tuple[Colour, ...] = (
    (246, 237, 228),
    (234, 218, 186),
    (215, 189, 150),
    (160, 126, 86),
    (96, 65, 52),
    (41, 36, 32),
)
GRADIENTS, TEXTS, LINES = "gradient", "text", "lines"


@dataclass(frozen=True)
class Patch:
    """A flat patch: the rectangle `left, top, right, bottom` (the last two exclusive) has one colour."""

    box: tuple[int, int, int, int]
    colour: Colour

    @property
    def kind(self) -> str:
        """For reports: what the colour stands for."""
        for name, colours in (("corner of the cube", CORNERS), ("grey", GREYS), ("skin", SKIN)):
            if self.colour in colours:
                return name
        return "other"


@dataclass(frozen=True)
class PatchPage:
    """A picture, and the flat patches in it."""

    image: Image.Image
    patches: tuple[Patch, ...]


def patch_page(width: int = 768, height: int = 512, seed: int = 0, background: Image.Image | None = None) -> PatchPage:
    """Corners of the RGB cube, greys, skin, random colours, and cells with gradients, text and lines, shuffled.

    Args:
        width, height: of the page.
        seed: of the order, the random colours and what is in the cells.
        background: around the cells, cropped or scaled to the page; flat grey if it is left out. Every other row of
            cells touches its neighbours, so that patches also meet each other.
    """
    rng = np.random.default_rng(seed)
    page = Image.new("RGB", (width, height), (200, 200, 200))
    if background is not None:
        page.paste(background.convert("RGB").resize((width, height), Image.Resampling.LANCZOS))
    draw, patches = ImageDraw.Draw(page), []
    others = [random_colour(rng) for _ in range(8)]
    cells: list[Colour | str] = [*CORNERS, *GREYS, *SKIN, *others, *(GRADIENTS, TEXTS, LINES) * 3]
    columns = max(1, round((len(cells) * width / height) ** 0.5))
    rows = -(-len(cells) // columns)
    for number, place in enumerate(rng.permutation(len(cells)).tolist()):
        row, column = divmod(number, columns)
        box = _cell(column, columns, width, 0 if row % 2 else 1 / 8) + _cell(row, rows, height, 1 / 8)
        left, right, top, bottom = box
        content = cells[place]
        if isinstance(content, str):
            page.paste(_CELLS[content](right - left, bottom - top, rng), (left, top))
        else:
            draw.rectangle((left, top, right - 1, bottom - 1), content)
            patches.append(Patch((left, top, right, bottom), content))
    return PatchPage(page, tuple(patches))


def _cell(number: int, count: int, extent: int, margin: float) -> tuple[int, int]:
    """Where a cell begins and ends; the margin is a share of it, on each side."""
    size = extent / count
    return round((number + margin) * size), round((number + 1 - margin) * size)


def _text_cell(width: int, height: int, rng: np.random.Generator) -> Image.Image:
    cell = Image.new("RGB", (width, height), WHITE)
    paragraph(ImageDraw.Draw(cell), (3, 2, width, height), 11, BLACK, rng)
    return cell


def _lines(width: int, height: int, rng: np.random.Generator) -> Image.Image:
    """Lines and circles, not antialiased, of one to three pixels."""
    cell = Image.new("RGB", (width, height), WHITE)
    draw = ImageDraw.Draw(cell)
    for _ in range(6):
        x, y, u, v = (int(rng.integers(0, extent)) for extent in (width, height, width, height))
        colour, thickness = random_colour(rng), int(rng.integers(1, 4))
        draw.line((x, y, u, v), colour, thickness)
        draw.circle((u, v), int(rng.integers(3, 16)), outline=colour, width=thickness)
    return cell


_CELLS: Mapping[str, Callable[[int, int, np.random.Generator], Image.Image]] = {
    GRADIENTS: gradient,
    TEXTS: _text_cell,
    LINES: _lines,
}
