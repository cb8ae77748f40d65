"""The files of a folder of training data, known by what is in them: a changed file is another one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from bitstream.errors import InputError
from vqcodec.system.files import atomic_write
from vqcodec.training.engine.folder import SUFFIX

__all__ = ["Source", "digest_of", "find_sources"]


@dataclass(frozen=True)
class Source:
    """A file.

    Attributes:
        path: of the file.
        digest: SHA-256 of its bytes, in hexadecimal digits.
    """

    path: Path
    digest: str


def find_sources(folder: Path, wanted: Callable[[Path], bool], cache: Path) -> list[Source]:
    """The files of a folder (recursively) that are wanted, in the order of their paths.

    Args:
        folder: where they are.
        wanted: tells by the path.
        cache: a folder, which is made. digests.json in it has the digests of files that are as large and as old as
            they were; others are read.

    Raises:
        InputError: there is no such folder.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder")
    cache.mkdir(parents=True, exist_ok=True)
    kept = cache / "digests.json"
    before: dict[str, str] = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    paths = sorted(
        path for path in folder.rglob("*") if path.is_file() and wanted(path) and not _is_ours(path.relative_to(folder))
    )
    states = {path: _state(path) for path in paths}
    digests = {state: before[state] for state in states.values() if state in before}
    for path in tqdm([path for path in paths if states[path] not in digests], "reading files", disable=None):
        digests[states[path]] = _file_digest(path)
    if digests != before:
        with atomic_write(kept, force=True) as target:
            target.write(json.dumps(digests).encode())
    return [Source(path, digests[states[path]]) for path in paths]


def digest_of(sources: Sequence[Source]) -> str:
    """A digest of all of them, in their order; names do not matter."""
    return hashlib.sha256("".join(source.digest for source in sources).encode()).hexdigest()


def _file_digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_ours(path: Path) -> bool:
    """Whether a file of the folder belongs to a training, whose model may lie among the data."""
    return any(parent.suffix == SUFFIX for parent in path.parents)


def _state(path: Path) -> str:
    """A file is taken to have changed if this has."""
    status = path.stat()
    return f"{path.resolve()} {status.st_size} {status.st_mtime_ns}"
