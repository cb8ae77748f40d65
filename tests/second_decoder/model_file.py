"""A model file: its JSON and its arrays, unpacked, and the fingerprint of what is in them."""

from __future__ import annotations

import hashlib
import json
import zlib
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.second_decoder.byte_reader import ByteReader, require

__all__ = ["ModelFile"]

Array = NDArray[Any]
TYPES = {"F32": "<f4", "F16": "<f2", "I32": "<i4", "I16": "<i2", "I8": "i1", "U8": "u1"}
PER_CODE = ("codewords", "prior/values")


class ModelFile:
    """What a file says of its normative part.

    Attributes:
        header: the strings in the header of the file.
        config: one of them, parsed.
        arrays: `[R, P, K, D]` those of `PER_CODE`.
        sizes: the alphabet of each plane, at each rate point.
        slices: the planes of each slice.
        streams: the slices of each stream.
        stride: how many pixels a position covers in each direction, or how many samples a frame has.
    """

    def __init__(self, path: Path) -> None:
        self.header, self.arrays = read_safetensors(path.read_bytes())
        self.config: dict[str, Any] = json.loads(self.header["config"])
        require(self.header["format"] == "vqcodec-model-2", "not a model file")
        self.sizes: list[list[int]] = self.arrays["sizes"].tolist()
        self._unpack()
        self.slices, self.streams = (consecutive(self.config["prior"][name]) for name in ("planes", "layers"))
        shape = self.config["autoencoder"]
        self.stride = shape["hop" if self.is_audio else "patch"] * 2 ** (len(shape["widths"]) - 1)

    @property
    def is_audio(self) -> bool:
        return self.config.get("modality") == "audio"

    def planes(self, stream: int) -> slice:
        """The planes of a stream."""
        slices = self.streams[stream]
        return slice(self.slices[slices[0]][0], self.slices[slices[-1]][-1] + 1)

    def fingerprint(self) -> bytes:
        """8 bytes that name the normative part."""
        planes, streams = (tuple(self.config["prior"][name]) for name in ("planes", "layers"))
        first = f"{planes} {streams} {self.stride}"
        if self.is_audio:
            first += f" {self.config['autoencoder']['sample_rate']}"
        digest = hashlib.sha256(f"{first}\n".encode())
        for name in sorted(self.arrays):
            if name in ("codewords", "sizes") or name.startswith("prior/"):
                array = self.arrays[name]
                digest.update(f"{name} {array.dtype.name} {array.shape}\n".encode())
                digest.update(array.tobytes())
        return digest.digest()[:8]

    def _unpack(self) -> None:
        for name, shape in json.loads(self.header["shapes"]).items():
            self.arrays[name] = np.frombuffer(zlib.decompress(self.arrays[name].tobytes()), np.int8).reshape(shape)
        sizes, alphabet = self.arrays["sizes"], int(self.header["alphabet"])
        for name in PER_CODE:
            codes = self.arrays[name]
            whole = np.zeros((*sizes.shape, alphabet, codes.shape[1]), codes.dtype)
            whole[np.arange(alphabet) < sizes[..., None]] = codes
            self.arrays[name] = whole


def consecutive(counts: list[int]) -> list[range]:
    """Ranges of these lengths, one after the other."""
    return [range(end - count, end) for end, count in zip(accumulate(counts), counts, strict=True)]


def read_safetensors(file: bytes) -> tuple[dict[str, str], dict[str, Array]]:
    """The strings of the header, and the arrays."""
    data = ByteReader(file)
    fields = json.loads(data.take(int.from_bytes(data.take(8), "little")))
    strings, body, arrays = fields.pop("__metadata__"), data.rest(), {}
    for name, field in fields.items():
        start, end = field["data_offsets"]
        require(0 <= start <= end <= len(body), "an array is outside of the file")
        arrays[name] = np.frombuffer(body[start:end], TYPES[field["dtype"]]).reshape(field["shape"])
    return strings, arrays
