"""The pictures of a folder, to measure on."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from bitstream.errors import InputError
from vqcodec.evaluation.shared.folder import Skipped, read_each
from vqcodec.media.pictures.reading import is_picture_name, read_picture
from vqcodec.system.folders import files_named

__all__ = ["Original", "find_pictures", "mirrored_to_size", "read_originals"]


@dataclass(frozen=True)
class Original:
    """A picture to measure on.

    Attributes:
        name: of the file, as far as it is text.
        path: of the file.
        width: in pixels.
        height: in pixels.
        digest: names the bytes of the file.
    """

    name: str
    path: Path
    width: int
    height: int
    digest: str


def find_pictures(folder: Path, also: str | None = None) -> list[Path]:
    """The files directly in `folder` that are named as pictures, or end in `also`, and are not hidden, sorted.

    Raises:
        InputError: there is none.
        OSError: the folder cannot be read.
    """
    found = files_named(folder, lambda name: is_picture_name(name) or Path(name).suffix == also)
    if not found:
        raise InputError(f"no picture in {folder}")
    return found


def read_originals(paths: Sequence[Path]) -> tuple[list[Original], list[Skipped]]:
    """The pictures, and which of them cannot be read."""
    return read_each(paths, _original)


def _original(name: str, path: Path) -> Original:
    data = path.read_bytes()
    width, height = read_picture(data).image.size
    return Original(name, path, width, height, hashlib.sha256(data).hexdigest()[:16])


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
