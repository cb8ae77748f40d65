"""The bytes of a `.vq` file: its container and its entropy coder. Knows no model and needs no torch."""

from .alpha import decode_alpha, encode_alpha
from .container import Chunks, Container, Stream, overhead, pack, unpack
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
from .header import UNLIMITED, Limits
from .overlay import decode_overlay, encode_overlay, lay_over
from .sources import AudioSource, ColourFormat, ImageSource, Rotation

__all__ = [
    "PRECISION",
    "UNLIMITED",
    "AudioSource",
    "BitstreamError",
    "Chunks",
    "ColourFormat",
    "Container",
    "CorruptError",
    "FingerprintError",
    "ImageSource",
    "InputError",
    "LimitError",
    "Limits",
    "ModelError",
    "NotAVqFileError",
    "Rotation",
    "Stream",
    "SymbolDecoder",
    "SymbolEncoder",
    "TruncatedError",
    "UnsupportedError",
    "VqcodecError",
    "check_frequencies",
    "decode_alpha",
    "decode_overlay",
    "encode_alpha",
    "encode_overlay",
    "ideal_bits",
    "indices_crc",
    "lay_over",
    "overhead",
    "pack",
    "unpack",
]
