"""Pictures made by code: flat patches whose colours are known, screenshots and drawings.

Photographs have few pure colours, sharp edges and exactly flat areas; codecs that learned from them may get these
wrong. All pictures are RGB, of any size from 64 x 64 pixels on, and follow from size and seed alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

__all__ = ["DRAWINGS", "Patch", "PatchPage", "patch_page", "texture"]

Colour = tuple[int, int, int]

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
WHITE, BLACK, PAPER = (255, 255, 255), (0, 0, 0), (250, 249, 246)
WORDS = "a and as at be but codec colour edge every field for from grey has is layer line model no of one page patch"


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
    others = [_random_colour(rng) for _ in range(8)]
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


def texture(width: int, height: int, seed: int = 0) -> Image.Image:
    """What looks a little like a photograph to a codec: noise whose power falls as 1 / f^2, in muted colours."""
    rng = np.random.default_rng(seed)
    frequencies = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    frequencies[0, 0] = np.inf
    channels = []
    for _ in range(3):
        spectrum = np.fft.rfft2(rng.standard_normal((height, width))) / frequencies
        channel = np.fft.irfft2(spectrum, (height, width))
        channels.append(channel / channel.std())
    luma, *rest = channels
    pixels = np.stack([128 + 36 * luma + 8 * chroma for chroma in (rest[0], np.zeros_like(luma), rest[1])], axis=-1)
    return Image.fromarray(pixels.clip(0, 255).round().astype(np.uint8))


# Cells of the page -------------------------------------------------------------------------------------------------


def _cell(number: int, count: int, extent: int, margin: float) -> tuple[int, int]:
    """Where a cell begins and ends; the margin is a share of it, on each side."""
    size = extent / count
    return round((number + margin) * size), round((number + 1 - margin) * size)


def _gradient(width: int, height: int, rng: np.random.Generator) -> Image.Image:
    """From one colour on the left to another on the right, darker towards the bottom."""
    ends = np.array([_random_colour(rng), _random_colour(rng)], float)
    across = np.linspace(0, 1, width)[None, :, None]
    down = np.linspace(1, 0.6, height)[:, None, None]
    pixels = (ends[0] * (1 - across) + ends[1] * across) * down
    return Image.fromarray(pixels.round().astype(np.uint8))


def _text_cell(width: int, height: int, rng: np.random.Generator) -> Image.Image:
    cell = Image.new("RGB", (width, height), WHITE)
    _paragraph(ImageDraw.Draw(cell), (3, 2, width, height), 11, BLACK, rng)
    return cell


def _lines(width: int, height: int, rng: np.random.Generator) -> Image.Image:
    """Lines and circles, not antialiased, of one to three pixels."""
    cell = Image.new("RGB", (width, height), WHITE)
    draw = ImageDraw.Draw(cell)
    for _ in range(6):
        x, y, u, v = (int(rng.integers(0, extent)) for extent in (width, height, width, height))
        colour, thickness = _random_colour(rng), int(rng.integers(1, 4))
        draw.line((x, y, u, v), colour, thickness)
        draw.circle((u, v), int(rng.integers(3, 16)), outline=colour, width=thickness)
    return cell


_CELLS: Mapping[str, Callable[[int, int, np.random.Generator], Image.Image]] = {
    GRADIENTS: _gradient,
    TEXTS: _text_cell,
    LINES: _lines,
}


# Screenshots and drawings ------------------------------------------------------------------------------------------


def editor(width: int = 768, height: int = 512, seed: int = 0) -> Image.Image:
    """A dark window with tabs, a tree of files, numbered lines of coloured code, and a scroll bar."""
    rng = np.random.default_rng(seed)
    page = Image.new("RGB", (width, height), (30, 30, 30))
    draw, side = ImageDraw.Draw(page), width // 5
    draw.rectangle((0, 0, width, 27), (60, 60, 60))
    draw.rectangle((0, 28, side, height), (37, 37, 38))
    draw.rectangle((0, height - 20, width, height), (0, 122, 204))
    draw.rounded_rectangle((side + 4, 4, side + 110, 40), 6, (30, 30, 30))
    draw.rectangle((width - 12, height // 5, width - 3, height // 2), (79, 79, 79))
    palette = ((86, 156, 214), (206, 145, 120), (220, 220, 170), (156, 220, 254), (106, 153, 85), (212, 212, 212))
    for number, y in enumerate(range(46, height - 36, 16)):
        draw.text((8 + 10 * (number % 3 > 0), y), _words(rng, 1), (204, 204, 204), _font(11))
        draw.text((side + 8, y), f"{number + 1:3}", (133, 133, 133), _font(12))
        x = side + 44 + 22 * int(rng.integers(0, 4))
        for _ in range(int(rng.integers(0, 7))):
            word = _words(rng, 1)
            draw.text((x, y), word, palette[int(rng.integers(len(palette)))], _font(12))
            x += round(draw.textlength(word + " ", _font(12)))
    draw.text((8, height - 17), "main   0 errors   UTF-8", WHITE, _font(11))
    draw.text((side + 16, 11), "codec.py", WHITE, _font(12))
    return page


def form(width: int = 768, height: int = 512, seed: int = 0) -> Image.Image:
    """A light window of an application: title bar, fields, buttons, check boxes, and an icon with a gradient."""
    rng = np.random.default_rng(seed)
    page = Image.new("RGB", (width, height), (240, 240, 240))
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 0, width, 30), (0, 84, 166))
    draw.text((10, 7), _words(rng, 3).title(), WHITE, _font(15))
    draw.rectangle((width - 40, 4, width - 8, 26), (232, 17, 35))
    draw.line((width - 30, 9, width - 18, 21), WHITE, 2)
    draw.line((width - 30, 21, width - 18, 9), WHITE, 2)
    page.paste(_gradient(48, 48, rng), (width - 70, 44))
    for y in range(50, height - 60, 40):
        draw.text((16, y + 6), _words(rng, 2).capitalize(), (32, 32, 32), _font(13))
        draw.rectangle((width // 4, y, width * 3 // 4, y + 26), WHITE, (122, 122, 122))
        draw.text((width // 4 + 6, y + 6), _words(rng, 5), BLACK, _font(13))
        draw.rectangle((width * 3 // 4 + 20, y + 6, width * 3 // 4 + 34, y + 20), WHITE, (51, 51, 51))
    for number, (label, colour) in enumerate((("Cancel", (225, 225, 225)), ("OK", (0, 120, 215)))):
        left = width - 200 + 96 * number
        draw.rounded_rectangle((left, height - 42, left + 84, height - 14), 4, colour, (173, 173, 173))
        draw.text((left + 22, height - 36), label, WHITE if number else BLACK, _font(13))
    return page


def text_page(width: int = 768, height: int = 512, seed: int = 0) -> Image.Image:
    """Black text on paper: a heading and paragraphs in two columns."""
    rng = np.random.default_rng(seed)
    page = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(page)
    draw.text((width // 16, 20), _words(rng, 4).capitalize(), (20, 20, 20), _font(28))
    for left in (width // 16, width * 17 // 32):
        _paragraph(draw, (left, 70, left + width * 13 // 32, height - 20), 13, (20, 20, 20), rng)
    return page


def diagram(width: int = 768, height: int = 512, seed: int = 0) -> Image.Image:
    """Boxes in flat colours with labels, joined by antialiased arrows."""
    rng = np.random.default_rng(seed)
    large = Image.new("RGB", (2 * width, 2 * height), WHITE)
    draw = ImageDraw.Draw(large)
    centres = [
        (round(2 * width * (column + 0.5) / 4), round(2 * height * (row + 0.5) / 3))
        for row, column in itertools.product(range(3), range(4))
    ]
    for start, end in itertools.pairwise(centres):
        draw.line((start, end), (60, 60, 60), 4)
    for x, y in centres:
        box = (x - width // 6, y - height // 8, x + width // 6, y + height // 8)
        draw.rounded_rectangle(box, 20, _random_colour(rng), (60, 60, 60), 4)
        draw.text((x, y), _words(rng, 1), WHITE, _font(34), "mm", stroke_width=2, stroke_fill=BLACK)
    return large.reduce(2)


def pixel_art(width: int = 768, height: int = 512, seed: int = 0) -> Image.Image:
    """Sprites with mirror symmetry in 12 colours, eight times enlarged, on a floor of tiles."""
    rng = np.random.default_rng(seed)
    palette = np.array([BLACK, WHITE, *(_random_colour(rng) for _ in range(10))], np.uint8)
    rows, columns = -(-height // 8), -(-width // 8)
    floor = 2 + (np.add.outer(np.arange(rows) // 4, np.arange(columns) // 4) % 2)
    for top, left in itertools.product(range(2, rows - 12, 16), range(2, columns - 12, 16)):
        half = rng.integers(0, len(palette), (12, 6)) * (rng.random((12, 6)) < 0.7)
        sprite = np.concatenate((half, half[:, ::-1]), 1)
        region = floor[top : top + 12, left : left + 12]
        region[sprite > 0] = sprite[sprite > 0]
    pixels = palette[floor].repeat(8, 0).repeat(8, 1)[:height, :width]
    return Image.fromarray(np.ascontiguousarray(pixels))


def chart(width: int = 768, height: int = 512, seed: int = 0) -> Image.Image:
    """Curves, bars and a legend by matplotlib."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # it is slow to import, and not always there
    from matplotlib.figure import Figure

    rng = np.random.default_rng(seed)
    figure = Figure((width / 100, height / 100), dpi=100)
    canvas = FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    for _ in range(4):
        left.plot(np.arange(40), rng.standard_normal(40).cumsum(), label=_words(rng, 1))
    left.legend()
    left.grid(visible=True)
    left.set_title(_words(rng, 3))
    right.bar(np.arange(8), rng.uniform(1, 9, 8), color=[f"C{number}" for number in range(8)])
    right.set_xlabel(_words(rng, 2))
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    return Image.fromarray(pixels[..., :3].copy())


DRAWINGS: Mapping[str, Callable[[int, int, int], Image.Image]] = {
    "editor": editor,
    "form": form,
    "text": text_page,
    "diagram": diagram,
    "chart": chart,
    "pixel art": pixel_art,
}


def _random_colour(rng: np.random.Generator) -> Colour:
    red, green, blue = rng.integers(0, 256, 3).tolist()
    return red, green, blue


def _words(rng: np.random.Generator, count: int) -> str:
    return " ".join(rng.choice(WORDS.split(), count).tolist())


def _paragraph(
    draw: ImageDraw.ImageDraw, box: tuple[int, int, int, int], size: int, colour: Colour, rng: np.random.Generator
) -> None:
    """Fill a box with lines of words, broken where they would leave it."""
    left, top, right, bottom = box
    font = _font(size)
    for y in range(top, bottom - size, round(1.4 * size)):
        line = _words(rng, 1)
        while draw.textlength(longer := f"{line} {_words(rng, 1)}", font) < right - left:
            line = longer
        draw.text((left, y), line, colour, font)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font that comes with Pillow, so that pictures are the same everywhere."""
    return ImageFont.load_default(size)
