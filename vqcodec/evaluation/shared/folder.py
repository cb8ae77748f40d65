"""The files of a folder that are read to measure on them, and those that cannot be read."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from tqdm import tqdm

from bitstream.errors import InputError

__all__ = ["OriginalFile", "Skipped", "digest_of", "name_of", "read_each"]

Read = TypeVar("Read")


class OriginalFile(Protocol):
    """A picture or a sound to measure on; a dataclass."""

    @property
    def name(self) -> str:
        """Of the file, as text."""

    @property
    def path(self) -> Path:
        """Of the file."""

    @property
    def digest(self) -> str:
        """Of the bytes of the file, by `digest_of`."""


@dataclass(frozen=True)
class Skipped:
    """A file that is left out, and why."""

    name: str
    reason: str


def read_each(paths: Sequence[Path], read: Callable[[str, Path], Read]) -> tuple[list[Read], list[Skipped]]:
    """What `read` makes of the name and the path of each file, and the files where it raises InputError or OSError."""
    originals, unreadable = [], []
    for path in tqdm(paths, "reading", unit="", disable=None):
        name = name_of(path)
        try:
            originals.append(read(name, path))
        except (InputError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            unreadable.append(Skipped(name, reason))
    return originals, unreadable


def name_of(path: Path) -> str:
    """The name of a file as text, with a replacement character for what is no UTF-8."""
    return os.fsencode(path.name).decode("utf-8", "replace")


def digest_of(data: bytes) -> str:
    """The start of the SHA-256 of the bytes, 16 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()[:16]
