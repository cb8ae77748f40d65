"""Pictures of all modes <-> RGB of 8 bits, and what restores the mode.

A picture comes back in the mode that went in, which is one of `MODES`:

    RGB, RGBA     as they are; alpha is coded without loss
    L, LA         grey is coded as three equal channels, and comes back as their luma
    1             likewise; what is lighter than half is white
    I;16          likewise; 8 of its 16 bits are coded
    P             its colours; a small palette is kept, and every pixel takes the nearest colour; else a new one is made
    CMYK          as Pillow converts it to RGB and back
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bitstream import (
    Chunks,
    ColourFormat,
    ImageSource,
    InputError,
    decode_alpha,
    decode_overlay,
    encode_alpha,
    lay_over,
)
from vqcodec.media.pictures.area import Area
from vqcodec.media.pictures.depth import to_eight_bits, to_sixteen_bits
from vqcodec.media.pictures.hidden import fill_hidden
from vqcodec.media.pictures.metadata import metadata_of, pack_metadata, unpack_metadata
from vqcodec.media.pictures.profiles import lab_to_rgb

__all__ = [
    "MODES",
    "Prepared",
    "image_of",
    "pixels_of",
    "prepare",
    "restore",
    "restore_small",
    "to_known_mode",
    "to_rgb",
]

_COLOURS = {
    "RGB": ColourFormat.RGB,
    "RGBA": ColourFormat.RGB,
    "L": ColourFormat.GREY,
    "LA": ColourFormat.GREY,
    "1": ColourFormat.BILEVEL,
    "P": ColourFormat.PALETTE,
    "I;16": ColourFormat.GREY_16,
    "CMYK": ColourFormat.CMYK,
}
MODES = tuple(_COLOURS)

KEPT_COLOURS = 64  # the largest palette that is kept: 192 bytes
MAX_COLOURS = 256
STRIP = 256  # rows of a picture that are converted at once
BLOCK = 1 << 12  # pixels that are compared with a palette at once: their distances fit in a cache

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Prepared:
    """A picture as it is coded.

    Attributes:
        pixels: uint8 `[H, W, 3]`, RGB. They are replaced where the picture is fully transparent or has an overlay.
        source: its size and colour format.
        chunks: its alpha, metadata and overlay.
    """

    pixels: Pixels
    source: ImageSource
    chunks: Chunks


def prepare(image: Image.Image) -> Prepared:
    """What is coded of a picture of one of `MODES`, whose `info` has only the metadata that are kept."""
    pixels, alpha = pixels_of(image), b""
    if image.mode in ("LA", "RGBA"):
        channel = np.asarray(image.getchannel("A"))
        pixels = fill_hidden(pixels, channel)  # those before are gone when alpha is encoded
        alpha = encode_alpha(channel)
    palette = _small_palette(image) if image.mode == "P" else b""
    source = ImageSource(*image.size, colour=_COLOURS[image.mode], palette=palette)
    return Prepared(pixels, source, Chunks(alpha, pack_metadata(metadata_of(image))))


def image_of(pixels: NDArray[np.uint8]) -> Image.Image:
    """The picture of uint8 `[H, W]` (grey), `[H, W, 3]` (RGB) or `[H, W, 4]` (RGBA).

    Raises:
        InputError: the array is something else, or has no pixels.
    """
    fits = pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (3, 4))
    if not fits or pixels.dtype != np.uint8 or pixels.size == 0:
        raise InputError(
            "a picture must be uint8 [H, W], [H, W, 3] or [H, W, 4] with at least one pixel, "
            f"not {pixels.dtype} {pixels.shape}"
        )
    return Image.fromarray(pixels)


def restore(pixels: Pixels, source: ImageSource, chunks: Chunks, area: Area | None = None) -> Image.Image:
    """The picture in the mode that went in, or an area of it, from pixels `[H, W, 3]`, which may be overwritten.

    The overlay is laid over them. Fully transparent pixels become black.

    Raises:
        CorruptError: the chunks are damaged.
        LimitError: the metadata are too large.
    """
    seen = (area or Area(0, 0, source.width, source.height)).slices
    if chunks.overlay:
        indices, colours = decode_overlay(chunks.overlay, source.height, source.width)
        lay_over(pixels, indices[seen], colours)
    image = _in_colour_format(Image.fromarray(pixels), source)
    if chunks.alpha:
        alpha = Image.fromarray(decode_alpha(chunks.alpha, source.height, source.width)[seen])
        image.paste(0, mask=alpha.point(lambda value: 0 if value else 255))
        image.putalpha(alpha)
    image.info = unpack_metadata(chunks.metadata).info()
    return image


def restore_small(pixels: Pixels, source: ImageSource, chunks: Chunks) -> Image.Image:
    """A small version of a picture, from pixels `[h, w, 3]`: RGB for palettes, L for black and white.

    Raises:
        CorruptError: the chunks are damaged.
        LimitError: the metadata are too large.
    """
    image = Image.fromarray(pixels)
    if chunks.overlay:
        image.paste(*_small_overlay(chunks.overlay, source, image.size))
    if source.colour is ColourFormat.BILEVEL:
        image = image.convert("L")
    elif source.colour is not ColourFormat.PALETTE:
        image = _in_colour_format(image, source)
    if chunks.alpha:
        alpha = Image.fromarray(decode_alpha(chunks.alpha, source.height, source.width))
        image.putalpha(alpha.resize(image.size, Image.Resampling.BOX))
    image.info = unpack_metadata(chunks.metadata).info()
    return image


def _small_overlay(
    chunk: bytes, source: ImageSource, size: tuple[int, int]
) -> tuple[Image.Image, tuple[int, int], Image.Image]:
    """The colours of an overlay at a smaller size, their place, and how much of each pixel they cover."""
    indices, colours = decode_overlay(chunk, source.height, source.width)
    listed = np.concatenate([np.zeros((1, 4), np.uint8), np.insert(colours, 3, 255, axis=1)])
    step = max(1, min(source.width // size[0], source.height // size[1]))
    rows = max(step, STRIP // step * step)
    strips = [Image.fromarray(listed[indices[top : top + rows]]).reduce(step) for top in range(0, source.height, rows)]
    reduced = Image.fromarray(np.concatenate([np.asarray(strip) for strip in strips])).resize(size)
    return reduced.convert("RGB"), (0, 0), reduced.getchannel("A")


def to_known_mode(image: Image.Image, notes: list[str]) -> Image.Image:
    """The picture in one of `MODES`. Changes are added to `notes`.

    Raises:
        InputError: the range of its pixels is not known.
    """
    if image.mode == "F":
        raise InputError("the picture has floating-point pixels, whose range is not known")
    if image.mode.startswith("I"):
        return _sixteen_bits(image, notes)
    if image.has_transparency_data:
        return _with_alpha(image, notes)
    if image.mode in MODES:
        return image
    notes.append(f"its pixels come back as RGB, not as {image.mode}")
    return lab_to_rgb(image) if image.mode == "LAB" else image.convert("RGB")


def to_rgb(image: Image.Image) -> Image.Image:
    """The colours of a picture of any mode as RGB, without alpha; the picture itself if it is RGB."""
    if image.mode == "RGB":
        return image
    return (to_eight_bits(image) if image.mode == "I;16" else image).convert("RGB")


def pixels_of(image: Image.Image) -> Pixels:
    """uint8 `[H, W, 3]` of `to_rgb`, strip by strip, as `np.asarray` holds all pixels three times meanwhile."""
    width, height = image.size
    pixels = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, STRIP):
        strip = image.crop((0, top, width, min(top + STRIP, height)))
        pixels[top : top + STRIP] = np.asarray(to_rgb(strip))
    return pixels


def _sixteen_bits(image: Image.Image, notes: list[str]) -> Image.Image:
    """Grey of 16 bits as I;16, or as LA if a level of it is transparent."""
    values, key = np.asarray(image), image.info.get("transparency")
    if values.min() < 0 or values.max() > 0xFFFF:  # mode I: 32-bit pixels, in which formats store 16-bit ones too
        raise InputError("the picture has 32-bit pixels, whose range is not known")
    grey = Image.fromarray(values.astype(np.uint16))
    if isinstance(key, int) and (values == key).any():
        notes.append("its grey of 16 bits comes back as LA, as some of it is transparent")
        grey = to_eight_bits(grey)
        grey.putalpha(Image.fromarray(np.where(values == key, 0, 255).astype(np.uint8)))
    grey.info = {name: value for name, value in image.info.items() if name != "transparency"}
    return grey


def _with_alpha(image: Image.Image, notes: list[str]) -> Image.Image:
    """A picture with transparency as LA or RGBA; it stays as it is if its transparent colour does not occur."""
    if image.mode in ("LA", "RGBA"):
        return image
    layered = image.convert("LA" if image.mode in ("1", "L", "La") else "RGBA")
    if image.mode in MODES and layered.getchannel("A").getextrema() == (255, 255):
        plain = image.copy()
        plain.info.pop("transparency", None)
        return plain
    if image.mode in ("1", "P", "PA"):
        notes.append(f"its pixels come back as {layered.mode}, not as {image.mode} with transparency")
    return layered


def _small_palette(image: Image.Image) -> bytes:
    """The colours that occur, three bytes each, sorted; empty if there are many."""
    found: Any = to_rgb(image).getcolors(KEPT_COLOURS)  # whose type allows for pictures of one channel
    return b"".join(sorted(bytes(colour) for _, colour in found or ()))


def _in_colour_format(rgb: Image.Image, source: ImageSource) -> Image.Image:
    match source.colour:
        case ColourFormat.GREY:
            return rgb.convert("L")
        case ColourFormat.BILEVEL:
            return rgb.convert("L").point(lambda level: 255 if level >= 128 else 0, "1")
        case ColourFormat.PALETTE:
            return _in_palette(rgb, source.palette)
        case ColourFormat.GREY_16:
            return to_sixteen_bits(rgb.convert("L"))
        case ColourFormat.CMYK:
            return rgb.convert("CMYK")
    return rgb


def _in_palette(rgb: Image.Image, palette: bytes) -> Image.Image:
    """The picture in the nearest colours of a palette; if that is empty, in a palette made for the picture."""
    if not palette:
        return rgb.quantize(MAX_COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    found = Image.fromarray(_nearest(pixels_of(rgb), np.frombuffer(palette, np.uint8).reshape(-1, 3)))
    found.putpalette(palette)
    return found


def _nearest(pixels: Pixels, colours: Pixels) -> Pixels:
    """The number of the nearest of the colours `[K, 3]` for each of the pixels `[H, W, 3]`, the first of equals."""
    # Squared distances, but for what all colours have in common. In float32 they are exact: all is below 2**24.
    weights = colours.T.astype(np.float32)
    squares = (weights**2).sum(0)
    weights *= 2
    flat, out = pixels.reshape(-1, 3), np.empty(pixels.shape[:2], np.uint8)
    places = out.reshape(-1)
    for first in range(0, len(flat), BLOCK):
        part = slice(first, first + BLOCK)
        places[part] = (squares - flat[part].astype(np.float32) @ weights).argmin(1)
    return out
