"""Arrays of 8 bits under a Huffman code, as a model file stores them; it saves a seventh of their bytes.

Weights do not repeat, but small ones are more frequent than large ones. A Huffman code takes at least one bit a value,
so an array has at most eight times as many values as its stream has bytes.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitstream.errors import ModelError
from vqcodec.system.bounds import LEAST_PACKED

__all__ = ["pack_integers", "unpack_integers", "unpacked_shapes"]

Arrays = Mapping[str, NDArray[Any]]

MOST_AXES = 8


def pack_integers(arrays: Arrays) -> tuple[dict[str, NDArray[Any]], str]:
    """The arrays, those of int8 as zlib streams, uint8 `[N]`; and the shapes of these, as JSON."""
    whole = {name: array for name, array in arrays.items() if array.dtype == np.int8}
    packed = {name: np.frombuffer(_deflated(array.tobytes()), np.uint8) for name, array in whole.items()}
    return dict(arrays) | packed, json.dumps({name: array.shape for name, array in whole.items()})


def unpacked_shapes(packed: Arrays, shapes: str, most: int) -> dict[str, tuple[int, ...]]:
    """The shape of each array after `unpack_integers`. Nothing is unpacked yet.

    Raises:
        ModelError: the arrays do not come from `pack_integers`, or have more than `most` bytes in all, packed or not.
    """
    try:
        known = {name: tuple(map(int, shape)) for name, shape in json.loads(shapes).items()}
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        raise ModelError("the shapes of the model's arrays cannot be read") from None
    if any(len(shape) > MOST_AXES or not 0 <= extent <= most for shape in known.values() for extent in shape):
        raise ModelError("the shapes of the model's arrays are out of range")
    for name in known.keys() - packed.keys():
        raise ModelError(f"array {name[:40]!a} is missing")
    sizes = {name: math.prod(known[name]) if name in known else array.nbytes for name, array in packed.items()}
    if sum(sizes.values()) > most:
        raise ModelError("the model's arrays are too large")
    for name in known:
        if packed[name].dtype != np.uint8:
            raise ModelError(f"array {name} does not have the type of packed integers")
        if sizes[name] > LEAST_PACKED * packed[name].nbytes:
            raise ModelError(f"array {name} is damaged, or packed in another way")
    return {name: known.get(name, array.shape) for name, array in packed.items()}


def unpack_integers(packed: Arrays, shapes: str, most: int) -> dict[str, NDArray[Any]]:
    """The inverse of `pack_integers`.

    Raises:
        ModelError: the arrays do not come from there, or have more than `most` bytes in all.
    """
    whole = unpacked_shapes(packed, shapes, most)
    known = json.loads(shapes)
    return {name: _inflated(name, array, whole[name]) if name in known else array for name, array in packed.items()}


def _deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(level=9, strategy=zlib.Z_HUFFMAN_ONLY)
    return packer.compress(data) + packer.flush()


def _inflated(name: str, packed: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.int8]:
    """The values of a zlib stream. No more than these are inflated."""
    unpacker, size = zlib.decompressobj(), math.prod(shape)
    try:
        values = unpacker.decompress(packed.tobytes(), size + 1)  # 0 would be no limit
    except zlib.error:
        values = b""
    if len(values) != size or not unpacker.eof or unpacker.unused_data:
        raise ModelError(f"array {name} is damaged")
    return np.frombuffer(values, np.int8).reshape(shape).copy()
