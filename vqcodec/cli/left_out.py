"""Notes on files that commands on folders leave out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from vqcodec.cli.program import note

__all__ = ["count_left_out", "name_left_out"]


def name_left_out(paths: Iterable[Path], verbose: bool, enters_folders: bool = True) -> None:
    """Note pictures, sounds and videos that are left out, as they may have been meant; with `verbose`, all files.

    Args:
        paths: what is left out.
        verbose: whether to name all.
        enters_folders: whether the command takes --recursive, which was not given if there are folders.
    """
    from vqcodec.media.unread import unread_kind

    for path in paths:
        kind = unread_kind(path.name)
        if path.is_symlink() and path.is_dir():
            kind = "a link to a folder, which is not followed"
        elif path.is_dir():
            kind = "a folder, which --recursive takes" if enters_folders else None
        if kind or verbose:
            note(f"{path}: left out" + (f", {kind}" if kind else ""))


def count_left_out(folder: Path, paths: Sequence[Path], verbose: bool) -> None:
    """Note how many files are left out of a folder, if any, for commands without a summary."""
    name_left_out(paths, verbose, enters_folders=False)
    if paths:
        files = "1 file is" if len(paths) == 1 else f"{len(paths)} files are"
        note(f"{folder}: {files} left out{'' if verbose else ' (-v names them)'}")
