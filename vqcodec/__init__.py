"""vqcodec: a neural codec. See README.md.

Nothing heavy is imported before it is used, so that the command line answers at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bitstream.errors import (
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
    from vqcodec.codec.audio import AudioCodec
    from vqcodec.codec.base import Codec
    from vqcodec.codec.image import ImageCodec
    from vqcodec.codec.indices import Indices
    from vqcodec.codec.inspection import FileInfo, inspect
    from vqcodec.codec.loading import compress, decompress, load
    from vqcodec.model.bundled import ModelInfo
    from vqcodec.model.bundled import bundled_models as models

__version__ = "0.1.0.dev0"

__all__ = [
    "AudioCodec",
    "BitstreamError",
    "Codec",
    "CorruptError",
    "FileInfo",
    "FingerprintError",
    "ImageCodec",
    "Indices",
    "InputError",
    "LimitError",
    "ModelError",
    "ModelInfo",
    "NotAVqFileError",
    "TruncatedError",
    "UnsupportedError",
    "VqcodecError",
    "compress",
    "decompress",
    "inspect",
    "load",
    "models",
]

_LAZY = {
    "BitstreamError": ("bitstream.errors", "BitstreamError"),
    "CorruptError": ("bitstream.errors", "CorruptError"),
    "FingerprintError": ("bitstream.errors", "FingerprintError"),
    "InputError": ("bitstream.errors", "InputError"),
    "LimitError": ("bitstream.errors", "LimitError"),
    "ModelError": ("bitstream.errors", "ModelError"),
    "NotAVqFileError": ("bitstream.errors", "NotAVqFileError"),
    "TruncatedError": ("bitstream.errors", "TruncatedError"),
    "UnsupportedError": ("bitstream.errors", "UnsupportedError"),
    "VqcodecError": ("bitstream.errors", "VqcodecError"),
    "AudioCodec": ("vqcodec.codec.audio", "AudioCodec"),
    "Codec": ("vqcodec.codec.base", "Codec"),
    "FileInfo": ("vqcodec.codec.inspection", "FileInfo"),
    "ImageCodec": ("vqcodec.codec.image", "ImageCodec"),
    "Indices": ("vqcodec.codec.indices", "Indices"),
    "ModelInfo": ("vqcodec.model.bundled", "ModelInfo"),
    "compress": ("vqcodec.codec.loading", "compress"),
    "decompress": ("vqcodec.codec.loading", "decompress"),
    "inspect": ("vqcodec.codec.inspection", "inspect"),
    "load": ("vqcodec.codec.loading", "load"),
    "models": ("vqcodec.model.bundled", "bundled_models"),
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _LAZY[name]
    value = getattr(import_module(module), attribute)
    globals()[name] = value
    return value
