"""The bytes of a `.vq` file: its container and its entropy coder. Knows no model and needs no torch."""

from .container import AudioSource, Container, ImageSource, Layer, Limits, overhead, pack, unpack
from .entropy import PRECISION, SymbolDecoder, SymbolEncoder, check_frequencies, ideal_bits, indices_crc
from .errors import (
    BitstreamError,
    CorruptError,
    FingerprintError,
    InputError,
    LimitError,
    ModelError,
    NotAVqFileError,
    TruncatedError,
    UnsupportedError,
    VqcodecError,
)

__all__ = [
    "PRECISION",
    "AudioSource",
    "BitstreamError",
    "Container",
    "CorruptError",
    "FingerprintError",
    "ImageSource",
    "InputError",
    "Layer",
    "LimitError",
    "Limits",
    "ModelError",
    "NotAVqFileError",
    "SymbolDecoder",
    "SymbolEncoder",
    "TruncatedError",
    "UnsupportedError",
    "VqcodecError",
    "check_frequencies",
    "ideal_bits",
    "indices_crc",
    "overhead",
    "pack",
    "unpack",
]
