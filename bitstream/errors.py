"""Every error that vqcodec raises on purpose.

VqcodecError
├── BitstreamError               a .vq file cannot be decoded
│   ├── NotAVqFileError          the magic is missing: another format, or a text-mode copy
│   ├── UnsupportedError         a newer version, or a feature that this release does not know
│   ├── TruncatedError           the file ends early
│   ├── CorruptError             a checksum or a value is wrong
│   └── LimitError               the header claims more than the limits allow
├── ModelError                   a model cannot be found, read or trusted
│   └── FingerprintError         the file was written with another model, or with one that is not here
└── InputError                   an input or an argument cannot be used
"""

from __future__ import annotations

__all__ = [
    "BitstreamError",
    "CorruptError",
    "FingerprintError",
    "InputError",
    "LimitError",
    "ModelError",
    "NotAVqFileError",
    "TruncatedError",
    "UnsupportedError",
    "VqcodecError",
]


class VqcodecError(Exception):
    """Base of all errors of the project; its text is one line that a user can act on."""


class BitstreamError(VqcodecError):
    """A `.vq` file cannot be decoded."""


class NotAVqFileError(BitstreamError):
    """The data does not begin with the magic of a `.vq` file."""


class UnsupportedError(BitstreamError):
    """The file uses a version or a feature that this release does not know."""


class TruncatedError(BitstreamError):
    """The file ends before everything that its header promises."""


class CorruptError(BitstreamError):
    """A checksum does not match, or a value is impossible."""


class LimitError(BitstreamError):
    """The header claims more than the limits allow."""


class ModelError(VqcodecError):
    """A model cannot be found, read or trusted."""


class FingerprintError(ModelError):
    """The file was written with another model, or with one that is not here."""


class InputError(VqcodecError):
    """An input or an argument cannot be used."""
