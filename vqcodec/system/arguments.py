"""Arguments of callers from Python: converted to the types that the code works with, or refused in one line.

Numbers may be those of numpy; files may be in any buffer, or named by a path.
"""

from __future__ import annotations

import os
from numbers import Real
from typing import TYPE_CHECKING, TypeGuard

import numpy as np

from bitstream import Container, InputError, Limits, unpack
from vqcodec.system.files import read_file

if TYPE_CHECKING:
    from typing_extensions import Buffer

    FileData = Buffer | str | os.PathLike[str]  # the bytes of a file, or its path
    FilePath = str | os.PathLike[str]

__all__ = ["container_of", "file_bytes", "is_path", "limits", "number", "whole_number"]


def container_of(data: FileData | Container, allowed: Limits, allow_truncated: bool = False) -> Container:
    """What a `.vq` file holds, unpacked if it is not yet; errors as for `file_bytes` and `unpack`."""
    if not isinstance(data, Container):
        return unpack(file_bytes(data), allowed, allow_truncated)
    data.check(allowed, allow_truncated)
    return data


def file_bytes(data: FileData) -> bytes:
    """The bytes of a file, given in any buffer (bytes, memoryview, uint8 array, mmap, ...) or by a path.

    Raises:
        InputError: it is neither.
        OSError: the file cannot be read.
    """
    if isinstance(data, bytes):
        return data
    if isinstance(data, (str, os.PathLike)):
        return read_file(data)
    try:
        view = memoryview(data)
    except TypeError:
        raise InputError(f"a file is given as its bytes or its path, not as {_shown(data)}") from None
    if view.itemsize != 1:
        raise InputError(f"a file is given as bytes, not as numbers of {view.itemsize} bytes")
    return view.tobytes()


def is_path(data: object) -> TypeGuard[FilePath]:
    """Whether it is the path of a file."""
    return isinstance(data, (str, os.PathLike))


def number(value: object, name: str) -> float:
    """A real number, of Python or numpy, as float; InputError, which begins with `name`, if it is something else."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        raise InputError(f"{name} must be a number, not {_shown(value)}")
    try:
        return float(value)
    except OverflowError:
        raise InputError(f"{name} is too large") from None


def whole_number(value: object, name: str) -> int:
    """An integer, of Python or numpy, or a whole float such as 48000.0, as int; else InputError, as for `number`."""
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return int(value)
    raise InputError(f"{name} must be a whole number, not {_shown(value)}")


def limits(
    max_pixels: int | None = None,
    max_samples: int | None = None,
    max_seconds: float | None = None,
    max_steps: int | None = None,
) -> Limits:
    """Limits on what a file may claim; None stands for the default."""
    default = Limits()
    return Limits(
        max_pixels=default.max_pixels if max_pixels is None else whole_number(max_pixels, "max_pixels"),
        max_samples=default.max_samples if max_samples is None else whole_number(max_samples, "max_samples"),
        max_seconds=default.max_seconds if max_seconds is None else number(max_seconds, "max_seconds"),
        max_steps=default.max_steps if max_steps is None else whole_number(max_steps, "max_steps"),
    )


def _shown(value: object) -> str:
    if isinstance(value, (Real, str)) or value is None:
        return repr(value)
    return type(value).__qualname__
