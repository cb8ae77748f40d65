"""The overlay of a picture: flat areas, text and drawings, coded without loss where that is better.

Networks that were trained on photographs spend many bits on sharp edges, their codebooks do not reach pure colours, and
flat areas come back with a pattern. So pixels may be laid over the decoded picture (`bitstream.overlay`). Two masks are
tried: the flat areas, and these with all blocks that look drawn. Which one is best, or none, is decided by distortion
and bits, with the lambda that the model was trained for. What is coded under an overlay is not seen: the colours around
are continued there, as under transparent pixels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bitstream import ImageSource, decode_alpha, decode_overlay, encode_overlay, lay_over
from vqcodec.codec.downscaling import best_scaled_file, likely_setting
from vqcodec.codec.pixels import PixelCodec
from vqcodec.codec.rate_control import SizedFile
from vqcodec.defaults import Effort
from vqcodec.media.pictures.drawn import BLOCK, drawn_mask, flat_mask
from vqcodec.media.pictures.excerpt import is_large
from vqcodec.media.pictures.hidden import fill_hidden
from vqcodec.media.pictures.modes import Prepared
from vqcodec.model.quality import Setting
from vqcodec.system.progress import as_one
from vqcodec.transform.image.distortion import picture_distortion

__all__ = ["best_file", "best_version"]

Mask = NDArray[np.bool_]
Pixels = NDArray[np.uint8]

# Masks with less are not tried: so many pixels in flat areas, and such a share of all pixels that looks drawn besides.
LEAST_FLAT, LEAST_DRAWN = 256, 1 / 256
# If more of a picture is flat, it always gets an overlay: that costs little, and a pattern there is easily seen.
MOSTLY = 1 / 2
WINDOW = 512  # pixels a side of the part of a large picture on which masks are judged


def best_version(codec: PixelCodec, picture: Prepared, chosen: Setting) -> Prepared:
    """The picture with the overlay that is best at a setting, or without one, as most photographs."""
    masks = _masks_to_judge(codec, picture)
    return _best_of(codec, picture, masks, chosen) if masks else picture


def _masks_to_judge(codec: PixelCodec, picture: Prepared) -> list[Mask]:
    """The masks to try, if the model has the lambdas by which they are judged."""
    return _masks(picture) if codec.model.config.lambdas else []


def _best_of(codec: PixelCodec, picture: Prepared, masks: list[Mask], chosen: Setting) -> Prepared:
    """The picture with an overlay of the best of the masks, or without one."""
    window = _window(masks[0] ^ masks[-1] if len(masks) > 1 else masks[0])
    part = np.ascontiguousarray(picture.pixels[window])
    candidates = masks if masks[0].mean() > MOSTLY else [np.zeros_like(masks[0]), *masks]
    with as_one(len(candidates)):
        best = min(candidates, key=lambda mask: _cost(codec, part, mask[window], chosen))
    return _with_overlay(picture, best) if best.any() else picture


def best_file(codec: PixelCodec, picture: Prepared, budget: int, effort: Effort) -> SizedFile:
    """The file within a budget with the least distortion, with an overlay or without; if none fits, the smallest.

    Of a large picture only one version is coded, the best one at about the setting of the file.
    """
    if is_large(picture.pixels):
        return best_scaled_file(codec, _likely_version(codec, picture, budget), budget, effort)
    found = [
        best_scaled_file(codec, version, budget, effort)
        for version in _versions(picture)
        if len(version.chunks.overlay) < budget
    ]
    fitting = [file for file in found if len(file.data) <= budget]
    if len(fitting) <= 1:
        return min(found, key=lambda file: len(file.data))
    return min(fitting, key=lambda file: _error(codec, picture, file.data))


def _likely_version(codec: PixelCodec, picture: Prepared, budget: int) -> Prepared:
    """The version that is best at about the setting of the file. An overlay takes less than half of the budget."""
    masks = _masks_to_judge(codec, picture)
    if not masks:  # as in most photographs: the setting is not searched for
        return picture
    version = _best_of(codec, picture, masks, likely_setting(codec, picture, budget))
    return version if len(version.chunks.overlay) < budget / 2 else picture


def _versions(picture: Prepared) -> Iterator[Prepared]:
    """The picture without an overlay, and with each mask."""
    yield picture
    yield from (_with_overlay(picture, mask) for mask in _masks(picture))


def _masks(picture: Prepared) -> list[Mask]:
    """The masks to try, at most two. The second contains the first."""
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
    """The pixels that are coded under an overlay and around it."""
    return fill_hidden(pixels, np.where(mask, np.uint8(0), np.uint8(255)))


def _window(mask: Mask) -> tuple[slice, slice]:
    """The part of a picture on which masks are compared: the one with most pixels of `mask`."""
    spans = []
    for axis, extent in enumerate(mask.shape):
        sums = np.concatenate(([0], mask.sum(1 - axis).cumsum()))
        size = min(WINDOW, extent)
        first = int(np.argmax(sums[size:] - sums[: len(sums) - size])) // BLOCK * BLOCK
        spans.append(slice(first, first + size))
        mask = mask[spans[0]]
    return spans[0], spans[1]


def _error(codec: PixelCodec, picture: Prepared, data: bytes) -> float:
    """The distortion of the visible part of a picture in a file."""
    indices = codec.read(data)
    decoded = codec.pixels(indices)
    if indices.chunks.overlay:
        lay_over(decoded, *decode_overlay(indices.chunks.overlay, *decoded.shape[:2]))
    if indices.chunks.alpha:
        hidden = decode_alpha(indices.chunks.alpha, *decoded.shape[:2]) == 0
        decoded[hidden] = picture.pixels[hidden]
    return picture_distortion(codec.model.config.distortion, picture.pixels, decoded)


def _cost(codec: PixelCodec, pixels: Pixels, mask: Mask, chosen: Setting) -> float:
    """The cost of pixels `[H, W, 3]` with an overlay of the mask: their bits, and their distortion weighed in bits."""
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
