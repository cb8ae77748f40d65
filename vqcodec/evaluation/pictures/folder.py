"""The pictures of a folder that are measured on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from bitstream.errors import InputError
from vqcodec.evaluation.shared.folder import Skipped, digest_of, read_each
from vqcodec.media.pictures.reading import is_picture_name, read_picture, read_rgb
from vqcodec.system.folders import files_named

__all__ = ["OriginalPicture", "find_pictures", "load_picture", "mirrored_to_size", "read_original_pictures"]


@dataclass(frozen=True)
class OriginalPicture:
    """A picture to measure on.

    Attributes:
        name: of the file, as text.
        path: of the file.
        width: in pixels.
        height: in pixels.
        digest: of the bytes of the file, by `digest_of`.
    """

    name: str
    path: Path
    width: int
    height: int
    digest: str


def find_pictures(folder: Path, also: str | None = None) -> list[Path]:
    """The files directly in `folder` that are not hidden and are named as pictures, or end in `also`; sorted.

    Raises:
        InputError: there is none.
        OSError: the folder cannot be read.
    """
    found = files_named(folder, lambda name: is_picture_name(name) or Path(name).suffix == also)
    if not found:
        raise InputError(f"no picture in {folder}")
    return found


def read_original_pictures(paths: Sequence[Path]) -> tuple[list[OriginalPicture], list[Skipped]]:
    """The pictures in these files, and the files that cannot be read."""
    return read_each(paths, _original)


@lru_cache(maxsize=1)  # as several codecs in turn work on the same one
def load_picture(path: Path) -> Image.Image:
    """The pixels of a picture in RGB."""
    return read_rgb(path).image


def _original(name: str, path: Path) -> OriginalPicture:
    data = path.read_bytes()
    width, height = read_picture(data).image.size
    return OriginalPicture(name, path, width, height, digest_of(data))


def mirrored_to_size(image: Image.Image, width: int, height: int) -> Image.Image:
    """A picture of exactly `width` x `height` pixels, made of another one, and with as much detail as a photograph has.

    The picture is repeated by reflection at its edges until it is large enough, then cropped to the wanted aspect and
    scaled down (Lanczos). It is never scaled up, which would leave too little detail.
    """
    if image.size == (width, height):
        return image
    tiles = max(1, math.ceil(width / image.width), math.ceil(height / image.height))
    extra = [(0, (tiles - 1) * extent) for extent in (image.height, image.width)]
    reflected = np.pad(np.asarray(image.convert("RGB")), [*extra, (0, 0)], mode="symmetric")
    return ImageOps.fit(Image.fromarray(reflected), (width, height), Image.Resampling.LANCZOS)
