"""The visible part of a picture whose file is cut or damaged.

Pillow has a switch for this, `ImageFile.LOAD_TRUNCATED_IMAGES`, but it holds for the whole process, and does not say
how much of the picture there is. So a picture is decoded twice, onto different backgrounds: it is there where both
agree.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from vqcodec.media.pictures import jpeg

__all__ = ["FAIR_PART", "Opener", "Salvaged", "salvage"]

FAIR_PART = 1 / 4  # of the pixels, with fewer of which a picture is not one

Opener = Callable[[bytes], ImageFile.ImageFile]

_STRIP = 256  # rows that are compared at once
_REACH = 8  # of every 8 x 8 pixels of an interlaced picture, the first one comes first
_DARK_MODES = ("1", "P", "PA", "LA", "La", "RGBA", "RGBa")  # where grey is no level, or transparent is better


@dataclass(frozen=True)
class Salvaged:
    """The picture of a damaged file.

    Attributes:
        image: the picture, as far as it can be decoded.
        part: the share of its pixels that are there, 0..1.
        is_coarse: whether some of them lack detail.
    """

    image: Image.Image
    part: float
    is_coarse: bool = False


def salvage(data: bytes, open_image: Opener) -> Salvaged | None:
    """The visible part of a damaged picture; None if there is none.

    Args:
        data: the file.
        open_image: opens it with Pillow, without loading it.
    """
    if data.startswith(jpeg.SIGNATURE):
        found = _of_jpeg(data, open_image)
        if found is not None:
            return found
    dark, light = (_decoded_onto(data, open_image, light) for light in (False, True))
    if dark is None or light is None:
        return None
    known = _agreement(dark, light)
    rows = np.flatnonzero(known.any(1))
    if len(rows) and not known[: rows[-1]].all():  # it is interlaced
        raw_mode = "1;8" if dark.mode == "1" else dark.mode
        dark.frombytes(_filled(np.asarray(dark), known).tobytes(), "raw", raw_mode)
    return Salvaged(dark, float(known.mean()))


def _of_jpeg(data: bytes, open_image: Opener) -> Salvaged | None:
    """A JPEG file with its missing end added; None if that does not help."""
    try:
        image = open_image(jpeg.with_end(data))
        image.load()
        other = open_image(jpeg.with_noise_and_end(data))
        other.load()
    except MemoryError:
        raise
    except Exception:  # Pillow's plugins raise nearly any type
        return None
    rows = np.all(_agreement(image, other), axis=1)
    if not rows.all() and jpeg.are_scans_of_all(data):
        return Salvaged(image, 1, is_coarse=True)
    whole = image.height if rows.all() else int(rows.argmin())
    return Salvaged(image, whole / image.height)


def _decoded_onto(data: bytes, open_image: Opener, light: bool) -> ImageFile.ImageFile | None:
    """The picture, on a light or a dark background where it cannot be decoded; None if nothing can be decoded."""
    try:
        image = open_image(data)
        prepare = image.load_prepare

        def prepare_background() -> None:
            prepare()
            image.im.paste(_level(image.im.mode, light), (0, 0, *image.im.size))

        image.load_prepare = prepare_background  # type: ignore[method-assign]
        with suppress(OSError, ValueError, SyntaxError, EOFError, IndexError):
            image.load()
        if image.im.size != image.size or image.im.mode != image.mode:
            return None
        image.tile = []  # it is loaded
    except MemoryError:
        raise
    except Exception:
        return None
    return image


def _agreement(one: Image.Image, other: Image.Image) -> NDArray[np.bool_]:
    """Where two pictures of one mode and size have the same pixels: `[H, W]`."""
    width, height = one.size
    same = np.empty((height, width), np.bool_)
    for top in range(0, height, _STRIP):
        box = (0, top, width, min(top + _STRIP, height))
        pixels = np.asarray(one.crop(box)) == np.asarray(other.crop(box))
        same[top : top + _STRIP] = pixels.reshape(len(pixels), width, -1).all(2)
    return same


def _level(mode: str, light: bool) -> tuple[int, ...]:
    """The background in a mode, as Pillow's core takes it: white or grey; with a palette or alpha, all or nothing."""
    dark = 0 if mode in _DARK_MODES else 128
    return (255 if light else dark,) * Image.getmodebands(mode)


def _filled(pixels: NDArray[Any], known: NDArray[np.bool_]) -> NDArray[Any]:
    """Pixels `[H, W]` or `[H, W, C]`; unknown ones get the nearest known pixel within reach to the left or above."""
    pixels, known = pixels.copy(), known.copy()
    for axis in (1, 0):
        rows, seen = (each.swapaxes(0, axis) for each in (pixels, known))  # views, along the axis
        step = 1
        while step < min(_REACH, len(rows)):
            taken = seen[:-step] & ~seen[step:]
            rows[step:][taken] = rows[:-step][taken]
            seen[step:] |= taken
            step *= 2
    return pixels
