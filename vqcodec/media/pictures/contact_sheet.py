"""Many pictures on one."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PIL import Image

__all__ = ["contact_sheet"]

GUTTER = 2


def contact_sheet(pictures: Sequence[Image.Image]) -> Image.Image:
    """Pictures of equal size, row by row on white, in a grid as square as their number allows."""
    columns = math.ceil(math.sqrt(len(pictures)))
    rows = math.ceil(len(pictures) / columns)
    width, height = (extent + GUTTER for extent in pictures[0].size)
    sheet = Image.new("RGB", (columns * width - GUTTER, rows * height - GUTTER), "white")
    for number, picture in enumerate(pictures):
        sheet.paste(picture, (number % columns * width, number // columns * height))
    return sheet
