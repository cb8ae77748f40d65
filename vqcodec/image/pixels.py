"""Picture files <-> RGB pictures of 8 bits a channel: everything that differs between formats ends here."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from bitstream.errors import InputError

__all__ = ["Picture", "is_picture_name", "read_picture", "rgb_array", "write_picture", "written_format"]

# How pictures are written, by suffix. Nothing is lost on top of what the codec lost, or in JPEG little.
_WRITTEN: dict[str, tuple[str, dict[str, Any]]] = {
    ".png": ("PNG", {}),
    ".jpg": ("JPEG", {"quality": 95, "subsampling": 0}),
    ".jpeg": ("JPEG", {"quality": 95, "subsampling": 0}),
    ".webp": ("WEBP", {"lossless": True}),
    ".tif": ("TIFF", {"compression": "tiff_adobe_deflate"}),
    ".tiff": ("TIFF", {"compression": "tiff_adobe_deflate"}),
    ".bmp": ("BMP", {}),
    ".ppm": ("PPM", {}),
}

# Formats that draw instead of holding pixels; Pillow would start another program to read the first.
_VECTOR_FORMATS = ("EPS", "WMF", "EMF")


@dataclass(frozen=True)
class Picture:
    """A picture that was read.

    Attributes:
        image: mode RGB, at least one pixel, the right way up.
        notes: what was lost or changed on the way, a line each.
    """

    image: Image.Image
    notes: tuple[str, ...] = ()


def read_picture(source: bytes | str | os.PathLike[str]) -> Picture:
    """Read a picture from the bytes of a file, or from its path.

    Raises:
        InputError: the data are not a picture, are damaged, or hold too many pixels.
        OSError: the file cannot be read at all.
    """
    if isinstance(source, bytes):
        return _read_bytes(source)
    # Not opened by Pillow, so that its OSErrors are about the data and not about the file.
    data = Path(source).read_bytes()
    try:
        return _read_bytes(data)
    except InputError as error:
        raise InputError(f"{os.fspath(source)}: {error}") from None


def is_picture_name(name: str) -> bool:
    """Whether the suffix of `name` is one of a format that Pillow reads."""
    extensions = Image.registered_extensions()
    return extensions.get(Path(name).suffix.lower()) in Image.OPEN


def rgb_array(image: Image.Image | NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 `[H, W, 3]` of a Pillow image, which is converted to RGB, or of an array that is this already.

    Raises:
        InputError: the array is something else, or there is not a single pixel.
    """
    pixels = np.asarray(image.convert("RGB") if isinstance(image, Image.Image) else image)
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or pixels.size == 0:
        raise InputError(
            f"a picture must be uint8 [H, W, 3] with at least one pixel, not {pixels.dtype} {pixels.shape}"
        )
    return pixels


def written_format(name: str) -> str:
    """Return the suffix of `name`, as `write_picture` takes it.

    Raises:
        InputError: pictures are not written in that format.
    """
    suffix = Path(name).suffix.lower()
    if suffix not in _WRITTEN:
        found = f"not as {suffix!r}" if suffix else f"and {name!r} has no suffix"
        raise InputError(f"pictures are written as {', '.join(_WRITTEN)}, {found}")
    return suffix


def write_picture(image: Image.Image, file: BinaryIO, suffix: str) -> None:
    """Write `image` to `file` in the format that `suffix` (".png", ...) stands for.

    Raises:
        InputError: pictures are not written in that format, or not with this size.
        OSError: the file cannot be written.
    """
    name, options = _WRITTEN[written_format(f"picture{suffix}")]
    # Into memory first: Pillow's writers want to seek, and report errors of the file as errors of the picture.
    memory = io.BytesIO()
    try:
        image.save(memory, name, **options)
    except (OSError, ValueError, KeyError) as error:
        size = f"{image.width} x {image.height} pixels"
        raise InputError(f"a picture of {size} cannot be written as {name}: {_line(error)}") from None
    file.write(memory.getbuffer())


def _read_bytes(data: bytes) -> Picture:
    if not data:
        raise InputError("the picture is empty: it has no bytes")
    image, frames = _decode(data)
    notes = [] if frames == 1 else [f"only the first of {frames} frames is used"]
    for step in (_turn_upright, _to_eight_bits, _flatten, _to_srgb):
        image = _guard(step, image, notes)
    return Picture(image, tuple(notes))


def _decode(data: bytes) -> tuple[Image.Image, int]:
    """The first frame, decoded to its end, and the number of frames."""
    try:
        image = Image.open(io.BytesIO(data))
        if image.format in _VECTOR_FORMATS:
            raise InputError(f"a drawing ({image.format}) is not a picture: it has no pixels")
        frames = getattr(image, "n_frames", 1)  # before loading, as counting may leave the first frame
        image.load()
        return image, frames
    except (InputError, MemoryError):
        raise
    except UnidentifiedImageError:
        raise InputError("not a picture in a format that Pillow reads, or one without pixels") from None
    except Image.DecompressionBombError as error:
        raise InputError(f"the picture is too large: {_line(error)}") from None
    # Pillow's plugins raise nearly any type on damaged data: SyntaxError, struct.error, IndexError, EOFError, ...
    except Exception as error:
        raise InputError(f"the picture is damaged: {_line(error)}") from None


def _guard(step: Callable[[Image.Image, list[str]], Image.Image], image: Image.Image, notes: list[str]) -> Image.Image:
    """Take one step of the conversion; what Pillow cannot do becomes an InputError."""
    try:
        return step(image, notes)
    except (OSError, ValueError) as error:
        raise InputError(f"the picture cannot be used: {_line(error)}") from None


def _turn_upright(image: Image.Image, notes: list[str]) -> Image.Image:
    """Apply the orientation that the camera noted."""
    try:
        return ImageOps.exif_transpose(image)
    except MemoryError:
        raise
    except Exception as error:  # the same zoo as in _decode; the pixels are fine
        notes.append(f"its EXIF orientation is unreadable: {_line(error)}")
        return image


def _to_eight_bits(image: Image.Image, notes: list[str]) -> Image.Image:
    """Scale 16-bit grey to 8 bits, where Pillow may clip; it scales 16-bit colour itself."""
    if image.mode == "F":
        raise InputError("the picture has floating-point pixels, whose range is not known")
    if not image.mode.startswith("I"):
        return image
    values = np.asarray(image).astype(np.int64)
    if values.min() < 0 or values.max() > 0xFFFF:  # mode I: 32-bit pixels, in which formats store 16-bit ones too
        raise InputError("the picture has 32-bit pixels, whose range is not known")
    grey = Image.fromarray(((values + 128) // 257).astype(np.uint8))  # 257 = 65535 / 255
    grey.info = {key: value for key, value in image.info.items() if key != "transparency"}
    return grey


def _flatten(image: Image.Image, notes: list[str]) -> Image.Image:
    """Lay transparent pixels over white."""
    if not image.has_transparency_data:
        return image
    layered = image.convert("RGBA")
    if layered.getchannel("A").getextrema() == (255, 255):
        return image
    notes.append("transparency is not kept: the picture is laid over white")
    white = Image.new("RGBA", image.size, "white")
    # Grey stays grey: its colour profile, if it has one, is for grey.
    flat = Image.alpha_composite(white, layered).convert("L" if image.mode in ("1", "L", "LA", "La") else "RGB")
    flat.info = image.info
    return flat


def _to_srgb(image: Image.Image, notes: list[str]) -> Image.Image:
    """Convert to RGB, and the colours of another colour space to sRGB, as a `.vq` file names none."""
    plain = image if image.mode in ("L", "RGB", "CMYK") else image.convert("RGB")
    embedded = image.info.get("icc_profile")
    if embedded:
        try:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(embedded))
            name = ImageCms.getProfileDescription(profile).strip()
            if "srgb" not in name.lower():
                srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
                converted = ImageCms.profileToProfile(plain, profile, srgb, outputMode="RGB")
                if converted is not None:  # it is None when converting in place only
                    notes.append(f"its colours are converted to sRGB from the profile {name!r}")
                    return converted
        except (ImageCms.PyCMSError, ImportError, OSError, ValueError, TypeError) as error:
            notes.append(f"its colour profile is unusable, sRGB is assumed: {_line(error)}")
    return plain.convert("RGB")


def _line(error: Exception) -> str:
    """The text of an error of Pillow as one line."""
    return " ".join(str(error).split()) or type(error).__name__
