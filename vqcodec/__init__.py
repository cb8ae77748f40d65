"""vqcodec: a neural codec. See README.md.

Nothing heavy is imported before it is used, so that the command line answers at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from vqcodec.pillow_hook import teach_pillow

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
    from vqcodec.audio.codec import AudioCodec
    from vqcodec.codec import Codec
    from vqcodec.image.codec import ImageCodec
    from vqcodec.indices import Indices
    from vqcodec.inspection import FileInfo, inspect
    from vqcodec.loading import compress, decompress, load
    from vqcodec.model import ModelInfo
    from vqcodec.model import bundled_models as models

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
    "AudioCodec": ("vqcodec.audio.codec", "AudioCodec"),
    "Codec": ("vqcodec.codec", "Codec"),
    "FileInfo": ("vqcodec.inspection", "FileInfo"),
    "ImageCodec": ("vqcodec.image.codec", "ImageCodec"),
    "Indices": ("vqcodec.indices", "Indices"),
    "ModelInfo": ("vqcodec.model", "ModelInfo"),
    "compress": ("vqcodec.loading", "compress"),
    "decompress": ("vqcodec.loading", "decompress"),
    "inspect": ("vqcodec.inspection", "inspect"),
    "load": ("vqcodec.loading", "load"),
    "models": ("vqcodec.model", "bundled_models"),
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _LAZY[name]
    value = getattr(import_module(module), attribute)
    globals()[name] = value
    return value


teach_pillow()
