"""The pictures of a folder, to measure on."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from bitstream.errors import InputError
from vqcodec.image.pixels import is_picture_name

__all__ = ["find_pictures", "mirrored_to_size"]


def find_pictures(folder: Path) -> list[Path]:
    """The files directly in `folder` that are named as pictures, sorted.

    Raises:
        InputError: there is none.
    """
    found = sorted(path for path in folder.glob("*") if path.is_file() and is_picture_name(path.name))
    if not found:
        raise InputError(f"no picture in {folder}")
    return found


def mirrored_to_size(image: Image.Image, width: int, height: int) -> Image.Image:
    """A picture of exactly `width` x `height` pixels with the detail of a real one.

    The picture is repeated by reflection at its edges until it is large enough, then cropped to the wanted aspect and
    scaled down (Lanczos): scaling up would leave less detail to code than a photograph of that size has.
    """
    if image.size == (width, height):
        return image
    tiles = max(1, math.ceil(width / image.width), math.ceil(height / image.height))
    extra = [(0, (tiles - 1) * extent) for extent in (image.height, image.width)]
    reflected = np.pad(np.asarray(image.convert("RGB")), [*extra, (0, 0)], mode="symmetric")
    return ImageOps.fit(Image.fromarray(reflected), (width, height), Image.Resampling.LANCZOS)
