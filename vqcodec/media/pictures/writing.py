"""Pictures -> picture files, in every format that Pillow writes.

The modes that a format holds are found by trying, with a picture of a few pixels.
"""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from bitstream.errors import InputError
from vqcodec.media.pictures.decoding import OURS, STUBS, format_of
from vqcodec.media.pictures.metadata import describing_tags
from vqcodec.media.pictures.modes import to_rgb

__all__ = ["write_picture", "written_format"]

# How pictures are written, by format: without further loss, or with little in lossy formats.
_OPTIONS: dict[str, dict[str, Any]] = {
    "AVIF": {"quality": 95, "subsampling": "4:4:4"},
    "JPEG": {"quality": 95, "subsampling": 0},
    "MPO": {"quality": 95, "subsampling": 0},
    "PDF": {"quality": 95, "subsampling": 0},
    "TIFF": {"compression": "tiff_adobe_deflate"},
    "WEBP": {"lossless": True, "exact": True},
}
_COMMON = ".png, .jpg, .webp, .tif, .avif, .jp2, .gif, .bmp, .ppm"  # the suffixes that an error names
_UNWRITABLE = (*STUBS, OURS)  # a .vq file is no output of ours
_UNREADABLE = ("EPS",)  # without another program
_RESCALED = ("ICNS", "ICO")  # icons have sizes of their own
_LARGEST_ICON = 256
_XMP_TAG = 700  # of TIFF
PNG_LEVEL = 3  # of zlib: in a third of the time of its default, files are 2 % larger
_WITH_METADATA = ("AVIF", "JPEG", "MPO", "PNG", "TIFF", "WEBP")

# A picture is written in the first of these modes that the format holds.
_INSTEAD = {
    "1": ("1", "L", "RGB", "P", "F"),
    "L": ("L", "RGB", "P", "1", "F"),
    "P": ("P", "RGB", "L", "1", "F"),
    "RGB": ("RGB", "P", "L", "1", "F"),
    "I;16": ("I;16", "L", "RGB", "P", "1", "F"),
    "CMYK": ("CMYK", "RGB", "P", "L", "1", "F"),
    "LA": ("LA", "RGBA", "L", "RGB", "P", "1", "F"),
    "RGBA": ("RGBA", "RGB", "P", "L", "1", "F"),
}
_SUFFIX_MODES = {".pbm": ("1",), ".pgm": ("L", "I;16"), ".ppm": ("RGB",), ".pfm": ("F",)}  # one format for Pillow
_ALPHA = ("LA", "RGBA")
_GREY = ("1", "L", "LA", "I;16", "F")
_WIDE = ("L", "RGB", "P", "F")
_NOTHING_LOST = {("LA", "RGBA"), ("P", "RGB"), ("I;16", "F"), *((grey, wide) for grey in ("1", "L") for wide in _WIDE)}


def written_format(name: str) -> str:
    """Return the suffix of `name`, as `write_picture` takes it.

    Raises:
        InputError: pictures are not written in that format.
    """
    suffix = Path(name).suffix.lower()
    kind = format_of(suffix)
    if kind not in Image.SAVE or kind in _UNWRITABLE:
        found = f"not as {suffix!r}" if suffix else f"and {name!r} has no suffix"
        raise InputError(f"pictures are written as {_COMMON} or what else Pillow writes, {found}")
    return suffix


def write_picture(image: Image.Image, file: BinaryIO, suffix: str) -> tuple[str, ...]:
    """Write a picture to `file`, and return what the format does not keep, a line each.

    Args:
        image: of a mode of `vqcodec.media.pictures.modes`; the metadata in its `info` are written, too.
        file: to write to.
        suffix: of the format (".png", ...).

    Raises:
        InputError: pictures are not written in that format, or not with this size.
        OSError: the file cannot be written.
    """
    kind = format_of(written_format(f"picture{suffix}"))
    assert kind is not None  # or it was refused
    notes: list[str] = []
    written = _in_held_mode(image, kind, suffix.lower(), notes)
    if written.info and kind not in _WITH_METADATA:
        notes.append(f"{kind} does not hold its metadata")
        written.info = {}
    try:
        data = _save(written, kind)
    except InputError as error:
        if not written.info:
            raise
        written.info = {}
        data = _save(written, kind)
        notes.append(f"its metadata are left out: with them, {error}")
    if kind in _RESCALED:
        with Image.open(io.BytesIO(data)) as found:
            if found.size != image.size:
                notes.append(f"{kind} holds it as {found.width} x {found.height} pixels")
    file.write(data)
    return tuple(notes)


def _in_held_mode(image: Image.Image, kind: str, suffix: str, notes: list[str]) -> Image.Image:
    """The picture in its mode, or in the closest one that the format holds."""
    mode = image.mode
    soft = mode in _ALPHA and _alpha_levels(image) > 2
    modes = [each for each in _INSTEAD[mode] if each in _SUFFIX_MODES.get(suffix, (each,))]
    target = next((each for each in modes if _is_held(kind, each, soft)), mode)  # if none is, saving says why
    if target != mode and (mode, target) not in _NOTHING_LOST:
        over = ", laid over white" if mode in _ALPHA and target not in _ALPHA else ""
        notes.append(f"{kind} does not hold {mode}: the picture is written as {target}{over}")
    if kind == "GIF" and target in _ALPHA:
        notes.append("GIF holds 256 colours at most")
    written = image.copy() if target == mode else _converted(image, target)
    written.info = dict(image.info)
    if (mode in _GREY) != (target in _GREY):
        written.info.pop("icc_profile", None)  # it is for the other colour space
    return written


def _converted(image: Image.Image, mode: str) -> Image.Image:
    """A picture of one of the modes of `_INSTEAD` in another one."""
    if image.mode in _ALPHA and mode not in _ALPHA:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA")).convert("L" if image.mode == "LA" else "RGB")
    if image.mode == "I;16" and mode != "F":
        image = to_rgb(image).convert("L")
    return image.convert("RGB").quantize() if mode == "P" and image.mode not in _GREY else image.convert(mode)


@cache
def _is_held(kind: str, mode: str, soft: bool) -> bool:
    """Whether a format holds pictures of a mode; `soft` alpha has more values than 0 and 255."""
    try:
        data = _save(_probe(mode, soft), kind)
    except InputError:
        return False
    if kind not in Image.OPEN or kind in _UNREADABLE:
        return True
    try:
        with Image.open(io.BytesIO(data)) as found:
            found.load()
            if mode in _ALPHA and _alpha_levels(found) <= (2 if soft else 1):
                return False
            if mode in ("I;16", "CMYK"):
                return found.mode[0] == mode[0]
            is_grey = found.mode in (*_GREY, "I", "P")
            return is_grey if mode in _GREY else found.mode != "P" or mode in ("P", "RGBA")
    except Exception:  # Pillow's plugins raise nearly any type
        return False


def _alpha_levels(image: Image.Image) -> int:
    """How many values its alpha has."""
    return len(image.convert("RGBA").getchannel("A").getcolors() or ())


def _probe(mode: str, soft: bool) -> Image.Image:
    """A small picture of a mode, with more colours than a palette has."""
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    if mode == "I;16":
        return Image.fromarray(levels.astype(np.uint16) * 257)
    alpha = levels if soft else levels // 128 * 255
    image = Image.fromarray(np.dstack((levels, levels.T, levels[::-1], alpha)))
    return image.convert("RGB").quantize() if mode == "P" else image.convert(mode)


def _save(image: Image.Image, kind: str) -> bytes:
    """The bytes of a file, with the metadata in `info`; InputError if the format cannot hold it."""
    # Into memory first: Pillow's writers want to seek, and report errors of the file as errors of the picture.
    memory = io.BytesIO()
    try:
        image.save(memory, kind, **_OPTIONS.get(kind, {}) | _options_of(image, kind))
    except MemoryError:
        raise
    except Exception as error:  # of nearly any type
        size, text = f"{image.width} x {image.height} pixels", " ".join(str(error).split())
        raise InputError(f"a picture of {size} cannot be written as {kind}: {text or type(error).__name__}") from None
    return memory.getvalue()


def _options_of(image: Image.Image, kind: str) -> dict[str, Any]:
    """The options of Pillow's writer for this picture."""
    if kind == "ICO":
        return {"sizes": [(min(image.width, _LARGEST_ICON), min(image.height, _LARGEST_ICON))]}
    options: dict[Any, Any] = dict(image.info)
    if kind == "PNG":
        options["compress_level"] = PNG_LEVEL
    if kind == "PNG" and "xmp" in options:
        options["pnginfo"] = PngInfo()
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", options.pop("xmp").decode("utf-8", "replace"))
    if kind == "TIFF" and options.keys() & {"exif", "xmp"}:
        tags = Image.Exif()
        tags.load(options.get("exif", b""))
        tags.load(describing_tags(tags))
        options["exif"] = tags
        if "xmp" in options:
            tags[_XMP_TAG] = options.pop("xmp")
        options["compression"] = None  # with any, Pillow cannot write directories of tags
    return options
