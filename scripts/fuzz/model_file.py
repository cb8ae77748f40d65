"""A model file in parts, with nothing of `vqcodec`: metadata and arrays, those that are packed unpacked.

The layout is that of safetensors: the size of a header (8 bytes), the header (JSON: for each array its type, shape and
place; and the texts under `__metadata__`), and the arrays. Those that `shapes` in the metadata names are zlib streams
of int8.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "ModelFile", "pack", "read_model_file", "with_header", "write_model_file"]

DTYPES = {"F16": "<f2", "F32": "<f4", "F64": "<f8", "I8": "i1", "I16": "<i2", "I32": "<i4", "I64": "<i8", "U8": "u1"}


@dataclass
class Array:
    """An array of a file. Its type and shape are as in JSON, where they may be anything.

    `stream` is what is stored for one that is packed, if it is not `content` packed.
    """

    dtype: Any
    shape: Any
    content: bytes
    packed: bool = False
    stream: bytes | None = None

    def values(self) -> NDArray[Any]:
        """The array; ValueError or TypeError if it is none."""
        return np.frombuffer(self.content, DTYPES.get(self.dtype, "V0")).reshape(self.shape)


@dataclass
class ModelFile:
    """The parts of a file; what is under `__metadata__` may be anything, too.

    It has no `shapes`, which are those of the arrays that are packed, unless there are to be others.
    """

    metadata: Any
    arrays: dict[str, Array]


def read_model_file(data: bytes) -> ModelFile:
    """The parts of a file.

    Raises:
        ValueError: it is none.
    """
    try:
        start = 8 + int.from_bytes(data[:8], "little")
        header = json.loads(data[8:start])
        metadata = header.pop("__metadata__", None)
        arrays = {}
        for name, entry in header.items():
            low, high = entry["data_offsets"]
            arrays[name] = Array(entry["dtype"], entry["shape"], data[start + low : start + high])
        shapes = json.loads(metadata.pop("shapes", "{}")) if isinstance(metadata, dict) else {}
        for name, shape in shapes.items():
            arrays[name] = Array("I8", shape, zlib.decompress(arrays[name].content), packed=True)
    except (KeyError, TypeError, AttributeError, RecursionError, OverflowError, zlib.error) as error:
        raise ValueError(f"no model file: {error}") from None
    return ModelFile(metadata, arrays)


def write_model_file(file: ModelFile) -> bytes:
    """The bytes of a file, with its arrays one after the other."""
    entries: dict[str, Any] = {}
    contents: list[bytes] = []
    position = 0
    for name, array in file.arrays.items():
        content = array.content
        if array.packed:
            content = pack(content) if array.stream is None else array.stream
        dtype, shape = ("U8", [len(content)]) if array.packed else (array.dtype, array.shape)
        entries[name] = {"dtype": dtype, "shape": shape, "data_offsets": [position, position + len(content)]}
        position += len(content)
        contents.append(content)
    metadata, packed = file.metadata, {name: each.shape for name, each in file.arrays.items() if each.packed}
    if isinstance(metadata, dict) and packed:
        metadata = {"shapes": json.dumps(packed)} | metadata
    return with_header({"__metadata__": metadata} | entries, b"".join(contents))


def pack(content: bytes) -> bytes:
    """The stream of an array that is packed: with a Huffman code only, as in honest files."""
    packer = zlib.compressobj(1, strategy=zlib.Z_HUFFMAN_ONLY)
    return packer.compress(content) + packer.flush()


def with_header(header: Any, content: bytes) -> bytes:
    """The file with a header, whatever that is."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + content
