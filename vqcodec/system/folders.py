"""The contents of folders: the files that are meant, and what is left out, so that users can be told."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Contents", "all_but", "contents_of", "files_named"]


@dataclass(frozen=True)
class Contents:
    """The contents of a folder. Hidden files, whose names begin with a dot, are in neither list.

    Attributes:
        meant: files, sorted within their folder. A link to nothing counts as a file that cannot be read.
        left_out: other files, pipes and the like, folders that were not entered, and links to folders.
    """

    meant: tuple[Path, ...]
    left_out: tuple[Path, ...]


def contents_of(
    folder: Path,
    wanted: Callable[[str], bool],
    recursive: bool = False,
    unreadable: Callable[[OSError], object] | None = None,
) -> Contents:
    """The contents of a folder.

    Args:
        folder: where to look.
        wanted: whether a file of this name is meant.
        recursive: enter the folders in it, and in those, too.
        unreadable: called for each folder that cannot be read; by default the first one is an error.

    Raises:
        OSError: a folder cannot be read.
    """
    meant: list[Path] = []
    left_out: list[Path] = []
    for place, folders, files in os.walk(folder, onerror=unreadable or _refuse):
        where = Path(place)
        visible = sorted(name for name in folders if not name.startswith("."))
        folders[:] = [name for name in visible if recursive and not (where / name).is_symlink()]
        left_out += [where / name for name in visible if name not in folders]
        for path in sorted(where / name for name in files if not name.startswith(".")):
            (meant if wanted(path.name) and _is_file(path) else left_out).append(path)
    return Contents(tuple(meant), tuple(left_out))


def files_named(folder: Path, wanted: Callable[[str], bool]) -> list[Path]:
    """The files directly in `folder` whose name is `wanted`, and that are not hidden, sorted; OSError as it comes."""
    return list(contents_of(folder, wanted).meant)


def all_but(folder: Path, paths: Collection[Path]) -> tuple[Path, ...]:
    """What lies directly in `folder` besides `paths`, and is not hidden; empty if it is a file. OSError as it comes."""
    return contents_of(folder, {path.name for path in paths}.__contains__).left_out if folder.is_dir() else ()


def _is_file(path: Path) -> bool:
    """Whether it is a file, or a link to nothing, which is reported when it is read; pipes are not files."""
    return path.is_file() or (path.is_symlink() and not path.exists())


def _refuse(error: OSError) -> None:
    raise error
