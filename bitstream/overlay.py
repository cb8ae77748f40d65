"""The overlay of a picture <-> bytes: pixels that are coded without loss, in colours of a list.

This is the palette mode of codecs for screens (Pu et al., 'Palette mode coding in HEVC screen content coding', 2016),
applied to the whole picture at once: LZMA compresses a plane of indices, as drawings and text repeat themselves.
"""

from __future__ import annotations

import lzma
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .decompression import decompressed
from .errors import CorruptError, TruncatedError
from .fields import Reader, encode_varint

__all__ = ["decode_overlay", "encode_overlay", "lay_over"]

MAX_COLOURS = 2**16 - 1
STRIP = 64  # rows whose colours are counted at once
# A raw LZMA stream with a dictionary of 4 MiB, which is what a decoder allocates; places do not matter to bytes.
FILTER = {"id": lzma.FILTER_LZMA1, "dict_size": 1 << 22, "lc": 3, "lp": 0, "pb": 0}

Pixels = NDArray[np.uint8]


def encode_overlay(pixels: Pixels, mask: NDArray[np.bool_]) -> bytes:
    """The overlay chunk of the pixels `[H, W, 3]` that are in the mask `[H, W]`.

    Raises:
        ValueError: there are none, or they have more than 65,535 colours.
    """
    colours = _colours_of(pixels, mask)
    if not 1 <= len(colours) <= MAX_COLOURS:
        raise ValueError(f"an overlay cannot have {len(colours)} colours")
    order = np.argsort(colours)
    indices = np.zeros(mask.shape, np.uint16)
    for row, own, places in zip(indices, pixels, mask, strict=True):
        row[places] = 1 + order[np.searchsorted(colours, _packed(own[places]), sorter=order)]
    parts = [colours.astype(">u4").view(np.uint8).reshape(-1, 4)[:, 1:].tobytes()]
    parts += [(indices >> shift).astype(np.uint8).tobytes() for shift in range(0, 8 * _planes(len(colours)), 8)]
    packed = lzma.compress(b"".join(parts), lzma.FORMAT_RAW, filters=[{**FILTER, "preset": 9}])
    return encode_varint(len(colours)) + packed


def decode_overlay(chunk: bytes, height: int, width: int) -> tuple[NDArray[np.integer[Any]], Pixels]:
    """Indices `[height, width]` and colours `[n, 3]` of an overlay chunk: pixels of index i > 0 have the colour i - 1.

    Raises:
        CorruptError: the chunk is damaged.
    """
    reader = Reader(chunk)
    try:
        count = reader.varint()
    except TruncatedError:
        raise CorruptError("the overlay is damaged: it ends early") from None
    if not 1 <= count <= MAX_COLOURS:
        raise CorruptError(f"the overlay is damaged: it has {count} colours")
    area, planes = height * width, _planes(count)
    decompressor = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[FILTER])
    values = decompressed(reader.take(reader.remaining), 3 * count + planes * area, decompressor, "the overlay")
    data = np.frombuffer(values, np.uint8)
    indices: NDArray[np.integer[Any]] = data[3 * count : 3 * count + area].reshape(height, width)
    if planes == 2:
        indices = indices | data[3 * count + area :].reshape(height, width).astype(np.uint16) << 8
    if indices.max() > count:
        raise CorruptError("the overlay is damaged: it uses a colour that is not in its list")
    return indices, data[: 3 * count].reshape(count, 3)


def lay_over(pixels: Pixels, indices: NDArray[np.integer[Any]], colours: Pixels) -> None:
    """Overwrite the pixels `[H, W, 3]` that an overlay covers, which has these indices `[H, W]` and colours."""
    for row, own in zip(pixels, indices, strict=True):
        places = own.nonzero()[0]
        row[places] = colours[own[places] - 1]


def _colours_of(pixels: Pixels, mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The colours of the pixels in the mask, the most frequent one first: high bytes of indices are mostly 0."""
    strips = range(0, len(pixels), STRIP)
    found = [np.unique(_packed(pixels[i : i + STRIP][mask[i : i + STRIP]]), return_counts=True) for i in strips]
    colours, places = np.unique(np.concatenate([each for each, _ in found]), return_inverse=True)
    counts = np.bincount(places, np.concatenate([each for _, each in found]))
    most_first: NDArray[np.int64] = colours[np.argsort(-counts, kind="stable")]
    return most_first


def _packed(pixels: Pixels) -> NDArray[np.int64]:
    """Pixels `[n, 3]` as numbers `[n]`."""
    packed: NDArray[np.int64] = pixels @ np.array([1 << 16, 1 << 8, 1])
    return packed


def _planes(colours: int) -> int:
    """Bytes of an index."""
    return 1 if colours < 256 else 2
