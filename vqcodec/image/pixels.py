"""Picture files, and pictures in memory -> pictures that can be coded: all that differs between formats ends here."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from bitstream.errors import InputError
from vqcodec.image.metadata import MAX_BYTES, Metadata, describing_tags, metadata_of
from vqcodec.image.modes import pixels_of, to_known_mode, to_rgb
from vqcodec.image.profiles import to_srgb

__all__ = ["OURS", "STUBS", "Picture", "is_picture_name", "picture_of", "read_picture", "read_rgb", "rgb_array"]

OURS = "VQ"  # the format of .vq files, with which vqcodec extends Pillow
STUBS = ("BUFR", "GRIB", "HDF5", "WMF")  # Pillow has the names of these, and leaves the work to other packages

# Formats that draw instead of holding pixels; Pillow would start another program to read the first.
_VECTOR_FORMATS = ("EPS", "WMF", "EMF")
# Of MPEG Pillow reads the size of the frames, and no frame.
_NO_PICTURES = (*STUBS, *_VECTOR_FORMATS, "MPEG", OURS)

# How Pillow names layouts of pixels with 16 bits a channel, of which it reads 8. (BGR;16 is 16 bits a pixel.)
_SIXTEEN_BITS = re.compile("^I|;16[BLN]")


@dataclass(frozen=True)
class Picture:
    """A picture that was read.

    Attributes:
        image: at least one pixel, the right way up, of one of the modes of `vqcodec.image.modes`; in sRGB, unless its
            `info` has a profile. `info` has nothing but the metadata that are kept.
        notes: what was lost or changed on the way, a line each.
    """

    image: Image.Image
    notes: tuple[str, ...] = ()


def read_picture(source: bytes | str | os.PathLike[str], keep_metadata: bool = False) -> Picture:
    """Read a picture from the bytes of a file, or from its path.

    Args:
        source: the file.
        keep_metadata: keep colour profile, EXIF and XMP; the colours then stay in the space of the profile.

    Raises:
        InputError: the data are not a picture, are damaged, or hold too many pixels.
        OSError: the file cannot be read at all.
    """
    if isinstance(source, bytes):
        return _read_bytes(source, keep_metadata)
    # Not opened by Pillow, so that its OSErrors are about the data and not about the file.
    data = Path(source).read_bytes()
    try:
        return _read_bytes(data, keep_metadata)
    except InputError as error:
        raise InputError(f"{os.fspath(source)}: {error}") from None


def read_rgb(source: bytes | str | os.PathLike[str]) -> Picture:
    """`read_picture` for those who need mode RGB: what is transparent is laid over white."""
    picture = read_picture(source)
    image, notes = picture.image, picture.notes
    if image.mode in ("LA", "RGBA") and image.getchannel("A").getextrema() != (255, 255):
        notes += ("transparency is not kept: the picture is laid over white",)
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    return Picture(to_rgb(image), notes)


def picture_of(image: Image.Image, keep_metadata: bool = False) -> Picture:
    """What `read_picture` makes of a file, of a picture that Pillow has opened.

    Raises:
        InputError: it cannot be used, or has no pixels.
    """
    if 0 in image.size:
        raise InputError(f"a picture must have at least one pixel, not {image.width} x {image.height}")
    notes: list[str] = []
    image = _guard(_turn_upright, image, notes)
    image = _guard(to_known_mode, image, notes)
    image = _guard(lambda image, notes: to_srgb(image, keep_metadata, notes), image, notes)
    metadata = metadata_of(image) if keep_metadata else Metadata()
    if metadata.size > MAX_BYTES:
        notes.append(f"its metadata are not kept, as they have more than {MAX_BYTES} bytes")
        metadata = Metadata()
    image.info = metadata.info()
    return Picture(image, tuple(notes))


def is_picture_name(name: str) -> bool:
    """Whether the suffix of `name` is one of a format whose pixels Pillow reads by itself."""
    kind = Image.registered_extensions().get(Path(name).suffix.lower())
    return kind in Image.OPEN and kind not in _NO_PICTURES


def rgb_array(image: Image.Image | NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 `[H, W, 3]` of a Pillow image, which is converted to RGB, or of an array that is this already.

    Raises:
        InputError: the array is something else, or there is not a single pixel.
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
    image, notes = _decode(data)
    picture = picture_of(image, keep_metadata)
    return replace(picture, notes=(*notes, *picture.notes))


def _decode(data: bytes) -> tuple[Image.Image, list[str]]:
    """The first frame, decoded to its end, and what is lost by that."""
    notes = []
    try:
        image = Image.open(io.BytesIO(data))
        if image.format in _VECTOR_FORMATS:
            raise InputError(f"a drawing ({image.format}) is not a picture: it has no pixels")
        if image.format == OURS:
            raise InputError("it is a .vq file already")
        frames = getattr(image, "n_frames", 1)  # before loading, as counting may leave the first frame
        if frames > 1:
            notes.append(f"only the first of {frames} frames is used")
        if any(_SIXTEEN_BITS.search(layout) for layout in _layouts(image)):
            notes.append("of its 16 bits a channel, 8 are kept")
        image.load()
        return image, notes
    except (InputError, MemoryError):
        raise
    except UnidentifiedImageError:
        raise InputError("not a picture in a format that Pillow reads, or one without pixels") from None
    except Image.DecompressionBombError as error:
        raise InputError(f"the picture is too large: {_line(error)}") from None
    # Pillow's plugins raise nearly any type on damaged data: SyntaxError, struct.error, IndexError, EOFError, ...
    except Exception as error:
        raise InputError(f"the picture is damaged: {_line(error)}") from None


def _layouts(image: Image.Image) -> Iterator[str]:
    """The names of its mode and of how its pixels are stored, of a picture that is not loaded yet."""
    yield image.mode
    for tile in getattr(image, "tile", ()):
        arguments = tile[3] if isinstance(tile[3], tuple) else (tile[3],)
        yield from (each for each in arguments if isinstance(each, str))


def _guard(step: Callable[[Image.Image, list[str]], Image.Image], image: Image.Image, notes: list[str]) -> Image.Image:
    """Take one step of the conversion; what Pillow cannot do becomes an InputError."""
    try:
        return step(image, notes)
    except (OSError, ValueError) as error:
        raise InputError(f"the picture cannot be used: {_line(error)}") from None


def _turn_upright(image: Image.Image, notes: list[str]) -> Image.Image:
    """A copy that has the orientation that the camera noted, and its EXIF in `info`."""
    try:
        upright = ImageOps.exif_transpose(image)
        if "exif" not in upright.info:
            upright.info["exif"] = describing_tags(image.getexif())
    except MemoryError:
        raise
    except Exception as error:  # the same zoo as in _decode; the pixels are fine
        notes.append(f"its EXIF is unreadable: {_line(error)}")
        upright = image.copy()
        upright.info.pop("exif", None)
    return upright


def _line(error: Exception) -> str:
    """The text of an error of Pillow as one line."""
    return " ".join(str(error).split()) or type(error).__name__
