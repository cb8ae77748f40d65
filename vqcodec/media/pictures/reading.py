"""Picture files and pictures in memory -> pictures that can be coded. The differences between formats end here."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from bitstream.errors import InputError
from vqcodec.media.pictures.decoding import NO_PICTURES, decode, format_of, line_of, lost_depth
from vqcodec.media.pictures.heif import HEIC_SUFFIXES, reads_heic
from vqcodec.media.pictures.metadata import MAX_BYTES, Metadata, describing_tags, metadata_of
from vqcodec.media.pictures.modes import pixels_of, to_known_mode, to_rgb
from vqcodec.media.pictures.profiles import to_srgb
from vqcodec.media.unread import is_picture_head
from vqcodec.system.files import read_file

__all__ = ["Picture", "is_picture_name", "picture_of", "read_picture", "read_rgb", "rgb_array"]


@dataclass(frozen=True)
class Picture:
    """A picture that was read.

    Attributes:
        image: an upright picture of at least one pixel, of one of the modes of `modes.py`; in sRGB, unless its `info`
            has a profile. `info` has only the metadata that are kept.
        notes: what was lost or changed, a line each.
    """

    image: Image.Image
    notes: tuple[str, ...] = ()


def read_picture(source: bytes | str | os.PathLike[str], keep_metadata: bool = False) -> Picture:
    """Read a picture from the bytes of a file, or from its path.

    Args:
        source: the file.
        keep_metadata: keep colour profile, EXIF and XMP; the colours then stay in the space of the profile.

    Raises:
        InputError: the data are not a picture, are damaged, or hold too many pixels; or too much comes of a pipe or
            device.
        OSError: the file cannot be read at all.
    """
    if isinstance(source, bytes):
        return _read_bytes(source, keep_metadata)
    # Not opened by Pillow, so that its OSErrors are about the data and not about the file.
    data = read_file(source, is_picture_head)
    try:
        return _read_bytes(data, keep_metadata)
    except InputError as error:
        raise InputError(f"{os.fspath(source)}: {error}") from None


def read_rgb(source: bytes | str | os.PathLike[str]) -> Picture:
    """`read_picture` in mode RGB: transparent pixels are laid over white."""
    picture = read_picture(source)
    image, notes = picture.image, picture.notes
    if image.mode in ("LA", "RGBA") and image.getchannel("A").getextrema() != (255, 255):
        notes += ("transparency is not kept: the picture is laid over white",)
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    return Picture(to_rgb(image), notes)


def picture_of(image: Image.Image, keep_metadata: bool = False, given: Mapping[str, bytes] | None = None) -> Picture:
    """As `read_picture`, for a picture that Pillow has opened.

    Args:
        image: of any mode.
        keep_metadata: as for `read_picture`.
        given: fields of `Metadata` that are kept instead of its own; pixels are then in the space of a given profile.

    Raises:
        InputError: it cannot be used, or has no pixels.
    """
    return _normalised(image, keep_metadata, given or {}, lost_depth(image))


def is_picture_name(name: str) -> bool:
    """Whether the suffix of `name` is that of a format that is read; HEIC is, if pillow-heif is installed."""
    suffix = Path(name).suffix.lower()
    if suffix in HEIC_SUFFIXES:
        return reads_heic()
    kind = format_of(suffix)
    return kind in Image.OPEN and kind not in NO_PICTURES


def rgb_array(image: Image.Image | NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 `[H, W, 3]` of a Pillow image, converted to RGB, or of such an array.

    Raises:
        InputError: the array is something else, or has no pixels.
    """
    pixels = pixels_of(image) if isinstance(image, Image.Image) else np.asarray(image)
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or pixels.size == 0:
        raise InputError(
            f"a picture must be uint8 [H, W, 3] with at least one pixel, not {pixels.dtype} {pixels.shape}"
        )
    return pixels


def _read_bytes(data: bytes, keep_metadata: bool) -> Picture:
    if not data:
        raise InputError("the picture is empty: it has no bytes")
    image, notes = decode(data)
    return _normalised(image, keep_metadata, {}, notes)


def _normalised(image: Image.Image, keep_metadata: bool, given: Mapping[str, bytes], notes: list[str]) -> Picture:
    if 0 in image.size:
        raise InputError(f"a picture must have at least one pixel, not {image.width} x {image.height}")
    image = _guard(_turn_upright, image, notes)
    image = _guard(to_known_mode, image, notes)
    own = metadata_of(image) if keep_metadata else Metadata()
    image.info.update(given.items())
    keep_profile = keep_metadata or "icc_profile" in given
    image = _guard(lambda image, notes: to_srgb(image, keep_profile, notes), image, notes)
    profile = metadata_of(image).icc_profile  # none, if it could not be kept
    metadata = replace(own, **{**given, "icc_profile": profile})
    if metadata.size > MAX_BYTES:
        notes.append(f"its metadata are not kept, as they have more than {MAX_BYTES} bytes")
        metadata = Metadata()
    image.info = metadata.info()
    return Picture(image, tuple(notes))


def _guard(step: Callable[[Image.Image, list[str]], Image.Image], image: Image.Image, notes: list[str]) -> Image.Image:
    """Take one step of the conversion; errors of Pillow become InputError."""
    try:
        return step(image, notes)
    except (OSError, ValueError) as error:
        raise InputError(f"the picture cannot be used: {line_of(error)}") from None


def _turn_upright(image: Image.Image, notes: list[str]) -> Image.Image:
    """A copy that is turned as EXIF says, with its EXIF in `info`."""
    try:
        upright = ImageOps.exif_transpose(image)
        if "exif" not in upright.info:
            upright.info["exif"] = describing_tags(image.getexif())
    except MemoryError:
        raise
    except Exception as error:  # the same zoo as in `decode`; the pixels are fine
        notes.append(f"its EXIF is unreadable: {line_of(error)}")
        upright = image.copy()
        upright.info.pop("exif", None)
    return upright
