"""Flat areas, text and drawings, which are coded without loss where that is better: the overlay of a picture.

Networks that learned from photographs spend many bits on sharp edges, their codebooks do not reach pure colours, and
what they make of a flat area has a pattern. So pixels may be laid over the decoded picture (`bitstream.overlay`). Two
masks are tried: the flat areas, and these with all blocks that look drawn. The rate at which the model was trained to
exchange distortion for bits decides which one is taken, or none. Under an overlay nobody sees what is coded: the
colours around are continued there, as under transparent pixels.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bitstream import ImageSource, decode_alpha, encode_overlay, lay_over
from vqcodec.codec.downscaling import Scales
from vqcodec.codec.pixels import PixelCodec
from vqcodec.codec.rate_control import SizedFile
from vqcodec.defaults import Effort
from vqcodec.media.pictures.drawn import BLOCK, drawn_mask, flat_mask
from vqcodec.media.pictures.hidden import fill_hidden
from vqcodec.media.pictures.modes import Prepared
from vqcodec.model.quality import Setting
from vqcodec.system.progress import as_one
from vqcodec.transform.image.distortion import picture_distortion

__all__ = ["best_file", "best_version"]

Mask = NDArray[np.bool_]
Pixels = NDArray[np.uint8]

# Less is not worth the time: flat areas of so many pixels, and of all pixels such a share that looks drawn besides.
LEAST_FLAT, LEAST_DRAWN = 256, 1 / 256
# Where more of a picture is flat, it stays so whatever that costs: it is little, and a pattern there is easily seen.
MOSTLY = 1 / 2
WINDOW = 512  # pixels a side of the part of a large picture on which masks are judged


def best_version(codec: PixelCodec, picture: Prepared, chosen: Setting) -> Prepared:
    """The picture, with the overlay that is worth its bytes at a setting; photographs seldom have any."""
    masks = _masks(picture) if codec.model.config.lambdas else []
    if not masks:
        return picture
    window = _window(masks[0] ^ masks[-1] if len(masks) > 1 else masks[0])
    part = np.ascontiguousarray(picture.pixels[window])
    candidates = masks if masks[0].mean() > MOSTLY else [np.zeros_like(masks[0]), *masks]
    with as_one(len(candidates)):
        best = min(candidates, key=lambda mask: _cost(codec, part, mask[window], chosen))
    return _with_overlay(picture, best) if best.any() else picture


def best_file(codec: PixelCodec, picture: Prepared, budget: int, effort: Effort) -> SizedFile:
    """The file within a budget that is most like the picture, with an overlay or not; if none fits, the smallest."""
    versions = [picture, *(_with_overlay(picture, mask) for mask in _masks(picture))]
    found = [
        Scales(codec, version, budget, effort).file()
        for version in versions
        if version is picture or len(version.chunks.overlay) < budget
    ]
    fitting = [file for file in found if len(file.data) <= budget]
    if len(fitting) <= 1:
        return min(found, key=lambda file: len(file.data))
    return min(fitting, key=lambda file: _error(codec, picture, file.data))


def _masks(picture: Prepared) -> list[Mask]:
    """The masks that could be worth their bytes, at most two; the first is a part of the second."""
    flat = flat_mask(picture.pixels)
    both = flat | drawn_mask(picture.pixels, flat)
    if picture.chunks.alpha:
        visible = decode_alpha(picture.chunks.alpha, *flat.shape) > 0
        flat, both = flat & visible, both & visible
    is_flat, is_drawn = flat.sum() >= LEAST_FLAT, (both & ~flat).sum() >= LEAST_DRAWN * flat.size
    return [mask for mask, there in ((flat, is_flat), (both, is_drawn)) if there]


def _with_overlay(picture: Prepared, mask: Mask) -> Prepared:
    """The picture with an overlay of some of its pixels; without one if these have too many colours."""
    try:
        overlay = encode_overlay(picture.pixels, mask)
    except ValueError:
        return picture
    return replace(picture, pixels=_under(picture.pixels, mask), chunks=replace(picture.chunks, overlay=overlay))


def _under(pixels: Pixels, mask: Mask) -> Pixels:
    """What is coded under an overlay, and around it."""
    return fill_hidden(pixels, np.where(mask, np.uint8(0), np.uint8(255)))


def _window(mask: Mask) -> tuple[slice, slice]:
    """The part of a picture on which masks are judged: that with most pixels in which they differ."""
    spans = []
    for axis, extent in enumerate(mask.shape):
        sums = np.concatenate(([0], mask.sum(1 - axis).cumsum()))
        size = min(WINDOW, extent)
        first = int(np.argmax(sums[size:] - sums[: len(sums) - size])) // BLOCK * BLOCK
        spans.append(slice(first, first + size))
        mask = mask[spans[0]]
    return spans[0], spans[1]


def _error(codec: PixelCodec, picture: Prepared, data: bytes) -> float:
    """Distortion of the visible part of a picture in a file."""
    indices = codec.read(data)
    decoded = codec.pixels(indices)
    if indices.chunks.overlay:
        lay_over(decoded, indices.chunks.overlay)
    if indices.chunks.alpha:
        hidden = decode_alpha(indices.chunks.alpha, *decoded.shape[:2]) == 0
        decoded[hidden] = picture.pixels[hidden]
    return picture_distortion(codec.model.config.distortion, picture.pixels, decoded)


def _cost(codec: PixelCodec, pixels: Pixels, mask: Mask, chosen: Setting) -> float:
    """Bits of pixels `[H, W, 3]` with an overlay of the mask, and their distortion, in bits."""
    bits, weight = 0.0, codec.model.config.lambdas[chosen.rate_point]
    if mask.any():
        try:
            bits = 8.0 * len(encode_overlay(pixels, mask))
        except ValueError:
            return math.inf
    height, width, _ = pixels.shape
    indices = codec.quantize(codec.analyse(_under(pixels, mask)), chosen, ImageSource(width, height))
    decoded = codec.pixels(indices)
    decoded[mask] = pixels[mask]
    distortion = picture_distortion(codec.model.config.distortion, pixels, decoded)
    return bits + float(codec.bits(indices).sum()) + weight * float(distortion) * pixels[..., 0].size
