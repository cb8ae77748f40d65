"""The pictures of a folder, to measure on."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from tqdm import tqdm

from bitstream.errors import InputError
from vqcodec.image.pixels import is_picture_name, read_picture

__all__ = ["Original", "Skipped", "find_pictures", "mirrored_to_size", "read_originals"]


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


@dataclass(frozen=True)
class Skipped:
    """A picture that is left out."""

    name: str
    reason: str


def find_pictures(folder: Path, also: str | None = None) -> list[Path]:
    """The files directly in `folder` that are named as pictures, or end in `also`, and are not hidden, sorted.

    Raises:
        InputError: there is none.
        OSError: the folder cannot be read.
    """
    named = (
        path
        for path in folder.iterdir()
        if (is_picture_name(path.name) or path.suffix == also) and not path.name.startswith(".")
    )
    # A link to nothing is a picture that cannot be read; a folder or a pipe is none.
    found = sorted(path for path in named if path.is_file() or (path.is_symlink() and not path.exists()))
    if not found:
        raise InputError(f"no picture in {folder}")
    return found


def read_originals(paths: Sequence[Path]) -> tuple[list[Original], list[Skipped]]:
    """The pictures, and which of them cannot be read."""
    originals, unreadable = [], []
    for path in tqdm(paths, "reading", unit="", disable=None):
        name = os.fsencode(path.name).decode("utf-8", "replace")
        try:
            data = path.read_bytes()
            width, height = read_picture(data).image.size
        except (InputError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            unreadable.append(Skipped(name, reason))
            continue
        originals.append(Original(name, path, width, height, hashlib.sha256(data).hexdigest()[:16]))
    return originals, unreadable


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
