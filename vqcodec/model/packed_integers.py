"""Arrays of 8 bits as they are stored: their bytes under a Huffman code, which saves a seventh of them.

Weights have no repeats that a search for them would find, but small ones are more frequent than large ones. A Huffman
code takes at least one bit a value, so that no array has more than eight times as many values as its stream has bytes.
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
    """Arrays of int8 as a zlib stream, `[N]` of uint8, the others as they are; the shapes of the former, as JSON."""
    whole = {name: array for name, array in arrays.items() if array.dtype == np.int8}
    packed = {name: np.frombuffer(_deflated(array.tobytes()), np.uint8) for name, array in whole.items()}
    return dict(arrays) | packed, json.dumps({name: array.shape for name, array in whole.items()})


def unpacked_shapes(packed: Arrays, shapes: str, most: int) -> dict[str, tuple[int, ...]]:
    """The shape that `unpack_integers` will give each array; nothing is unpacked yet.

    Raises:
        ModelError: they are not what `pack_integers` gives, or have more than `most` bytes in all, packed or not.
    """
    try:
        known = {name: tuple(map(int, shape)) for name, shape in json.loads(shapes).items()}
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        raise ModelError("the shapes of the model's arrays are none") from None
    if any(len(shape) > MOST_AXES or not 0 <= extent <= most for shape in known.values() for extent in shape):
        raise ModelError("the shapes of the model's arrays are none")
    for name in known.keys() - packed.keys():
        raise ModelError(f"array {name[:40]!a} is missing")
    sizes = {name: math.prod(known[name]) if name in known else array.nbytes for name, array in packed.items()}
    if sum(sizes.values()) > most:
        raise ModelError("the model's arrays are larger than those of any may be")
    for name in known:
        if packed[name].dtype != np.uint8:
            raise ModelError(f"array {name} is of another type than packed integers")
        if sizes[name] > LEAST_PACKED * packed[name].nbytes:
            raise ModelError(f"array {name} is damaged, or packed in another way")
    return {name: known.get(name, array.shape) for name, array in packed.items()}


def unpack_integers(packed: Arrays, shapes: str, most: int) -> dict[str, NDArray[Any]]:
    """The arrays of `pack_integers`.

    Raises:
        ModelError: they are not what it gives, or have more than `most` bytes in all.
    """
    whole = unpacked_shapes(packed, shapes, most)
    known = json.loads(shapes)
    return {name: _inflated(name, array, whole[name]) if name in known else array for name, array in packed.items()}


def _deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(level=9, strategy=zlib.Z_HUFFMAN_ONLY)
    return packer.compress(data) + packer.flush()


def _inflated(name: str, packed: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.int8]:
    """The values of a zlib stream; nothing is made of what is beyond them."""
    unpacker, size = zlib.decompressobj(), math.prod(shape)
    try:
        values = unpacker.decompress(packed.tobytes(), size + 1)  # 0 would be no limit
    except zlib.error:
        values = b""
    if len(values) != size or not unpacker.eof or unpacker.unused_data:
        raise ModelError(f"array {name} is damaged")
    return np.frombuffer(values, np.int8).reshape(shape).copy()
