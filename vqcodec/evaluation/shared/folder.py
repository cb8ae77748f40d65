"""The files of a folder, read to measure on them, and those that cannot be read."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tqdm import tqdm

from bitstream.errors import InputError

__all__ = ["Skipped", "read_each"]

Original = TypeVar("Original")


@dataclass(frozen=True)
class Skipped:
    """An original that is left out."""

    name: str
    reason: str


def read_each(paths: Sequence[Path], read: Callable[[str, Path], Original]) -> tuple[list[Original], list[Skipped]]:
    """What `read` makes of each path and its name as text; and where it could not, for InputError or OSError."""
    originals, unreadable = [], []
    for path in tqdm(paths, "reading", unit="", disable=None):
        name = os.fsencode(path.name).decode("utf-8", "replace")
        try:
            originals.append(read(name, path))
        except (InputError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            unreadable.append(Skipped(name, reason))
    return originals, unreadable
