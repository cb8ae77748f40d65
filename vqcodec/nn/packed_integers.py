"""Arrays of 8 bits as they are stored: their bytes under a Huffman code, which saves a seventh of them.

Weights have no repeats that a search for them would find, but small ones are more frequent than large ones.
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

__all__ = ["pack_integers", "unpack_integers"]

Arrays = Mapping[str, NDArray[Any]]

MOST_AXES = 8


def pack_integers(arrays: Arrays) -> tuple[dict[str, NDArray[Any]], str]:
    """Arrays of int8 as a zlib stream, `[N]` of uint8, the others as they are; the shapes of the former, as JSON."""
    whole = {name: array for name, array in arrays.items() if array.dtype == np.int8}
    packed = {name: np.frombuffer(_deflated(array.tobytes()), np.uint8) for name, array in whole.items()}
    return dict(arrays) | packed, json.dumps({name: array.shape for name, array in whole.items()})


def unpack_integers(packed: Arrays, shapes: str, most: int) -> dict[str, NDArray[Any]]:
    """The arrays of `pack_integers`.

    Raises:
        ModelError: they are not what it gives, or have more than `most` bytes in all.
    """
    try:
        known = {name: tuple(map(int, shape)) for name, shape in json.loads(shapes).items()}
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        raise ModelError("the shapes of the model's arrays are none") from None
    if any(len(shape) > MOST_AXES or not 0 <= extent <= most for shape in known.values() for extent in shape):
        raise ModelError("the shapes of the model's arrays are none")
    if sum(math.prod(shape) for shape in known.values()) > most:
        raise ModelError("the model's arrays are larger than those of any may be")
    arrays = dict(packed)
    for name, shape in known.items():
        if name not in packed or packed[name].dtype != np.uint8:
            raise ModelError(f"array {name} is missing, or of another type")
        arrays[name] = _inflated(name, packed[name].tobytes(), math.prod(shape)).reshape(shape)
    return arrays


def _deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(level=9, strategy=zlib.Z_HUFFMAN_ONLY)
    return packer.compress(data) + packer.flush()


def _inflated(name: str, data: bytes, size: int) -> NDArray[np.int8]:
    """`size` values of a zlib stream; nothing is made of what is beyond them."""
    unpacker = zlib.decompressobj()
    try:
        values = unpacker.decompress(data, size + 1)  # 0 would be no limit
    except zlib.error:
        values = b""
    if len(values) != size or not unpacker.eof or unpacker.unused_data:
        raise ModelError(f"array {name} is damaged")
    return np.frombuffer(values, np.int8).copy()
