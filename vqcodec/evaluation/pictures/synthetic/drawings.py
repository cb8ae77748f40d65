"""Screenshots and drawings."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping

import numpy as np
from PIL import Image, ImageDraw

from vqcodec.evaluation.pictures.synthetic.primitives import (
    BLACK,
    PAPER,
    WHITE,
    font,
    gradient,
    paragraph,
    random_colour,
    words,
)

__all__ = ["DRAWINGS", "diagram"]


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
        draw.text((8 + 10 * (number % 3 > 0), y), words(rng, 1), (204, 204, 204), font(11))
        draw.text((side + 8, y), f"{number + 1:3}", (133, 133, 133), font(12))
        x = side + 44 + 22 * int(rng.integers(0, 4))
        for _ in range(int(rng.integers(0, 7))):
            word = words(rng, 1)
            draw.text((x, y), word, palette[int(rng.integers(len(palette)))], font(12))
            x += round(draw.textlength(word + " ", font(12)))
    draw.text((8, height - 17), "main   0 errors   UTF-8", WHITE, font(11))
    draw.text((side + 16, 11), "codec.py", WHITE, font(12))
    return page


def form(width: int = 768, height: int = 512, seed: int = 0) -> Image.Image:
    """A light window of an application: title bar, fields, buttons, check boxes, and an icon with a gradient."""
    rng = np.random.default_rng(seed)
    page = Image.new("RGB", (width, height), (240, 240, 240))
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 0, width, 30), (0, 84, 166))
    draw.text((10, 7), words(rng, 3).title(), WHITE, font(15))
    draw.rectangle((width - 40, 4, width - 8, 26), (232, 17, 35))
    draw.line((width - 30, 9, width - 18, 21), WHITE, 2)
    draw.line((width - 30, 21, width - 18, 9), WHITE, 2)
    page.paste(gradient(48, 48, rng), (width - 70, 44))
    for y in range(50, height - 60, 40):
        draw.text((16, y + 6), words(rng, 2).capitalize(), (32, 32, 32), font(13))
        draw.rectangle((width // 4, y, width * 3 // 4, y + 26), WHITE, (122, 122, 122))
        draw.text((width // 4 + 6, y + 6), words(rng, 5), BLACK, font(13))
        draw.rectangle((width * 3 // 4 + 20, y + 6, width * 3 // 4 + 34, y + 20), WHITE, (51, 51, 51))
    for number, (label, colour) in enumerate((("Cancel", (225, 225, 225)), ("OK", (0, 120, 215)))):
        left = width - 200 + 96 * number
        draw.rounded_rectangle((left, height - 42, left + 84, height - 14), 4, colour, (173, 173, 173))
        draw.text((left + 22, height - 36), label, WHITE if number else BLACK, font(13))
    return page


def text_page(width: int = 768, height: int = 512, seed: int = 0) -> Image.Image:
    """Black text on paper: a heading and paragraphs in two columns."""
    rng = np.random.default_rng(seed)
    page = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(page)
    draw.text((width // 16, 20), words(rng, 4).capitalize(), (20, 20, 20), font(28))
    for left in (width // 16, width * 17 // 32):
        paragraph(draw, (left, 70, left + width * 13 // 32, height - 20), 13, (20, 20, 20), rng)
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
        draw.rounded_rectangle(box, 20, random_colour(rng), (60, 60, 60), 4)
        draw.text((x, y), words(rng, 1), WHITE, font(34), "mm", stroke_width=2, stroke_fill=BLACK)
    return large.reduce(2)


def pixel_art(width: int = 768, height: int = 512, seed: int = 0) -> Image.Image:
    """Sprites with mirror symmetry in 12 colours, eight times enlarged, on a floor of tiles."""
    rng = np.random.default_rng(seed)
    palette = np.array([BLACK, WHITE, *(random_colour(rng) for _ in range(10))], np.uint8)
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
        left.plot(np.arange(40), rng.standard_normal(40).cumsum(), label=words(rng, 1))
    left.legend()
    left.grid(visible=True)
    left.set_title(words(rng, 3))
    right.bar(np.arange(8), rng.uniform(1, 9, 8), color=[f"C{number}" for number in range(8)])
    right.set_xlabel(words(rng, 2))
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
