"""Files that are whole or absent: nobody sees half of one, and none is overwritten unasked."""

from __future__ import annotations

import errno
import io
import os
import secrets
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from bitstream.errors import InputError

__all__ = ["STANDARD_STREAM", "atomic_write", "read_input", "remove_temporaries", "write_output"]

STANDARD_STREAM = "-"  # the name of standard input, or of standard output


def read_input(path: str) -> bytes:
    """Return all bytes of a file, or of standard input for '-'.

    Raises:
        OSError: it cannot be read; the error names the file.
    """
    if path == STANDARD_STREAM:
        if sys.stdin is None:
            raise OSError(errno.EBADF, "It is closed", "standard input")
        return sys.stdin.buffer.read()
    with _naming(path):
        return Path(path).read_bytes()


@contextmanager
def write_output(path: str, force: bool = False) -> Iterator[BinaryIO]:
    """`atomic_write`, or for '-' a file in memory that goes to standard output once it is complete.

    Raises:
        InputError: standard output is a terminal, and `force` is not set.
        OSError: as for `atomic_write`.
    """
    if path != STANDARD_STREAM:
        with atomic_write(Path(path), force) as file:
            yield file
        return
    if sys.stdout is None:
        raise OSError(errno.EBADF, "It is closed", "standard output")
    if sys.stdout.isatty() and not force:
        raise InputError("standard output is a terminal, which cannot show this: redirect it to a file")
    memory = io.BytesIO()
    yield memory
    with _naming("standard output"):
        sys.stdout.buffer.write(memory.getbuffer())
        sys.stdout.buffer.flush()


@contextmanager
def atomic_write(path: Path, force: bool = False) -> Iterator[BinaryIO]:
    """Open `path` for writing; it appears, complete, when the block ends, and not at all when the block fails.

    An existing file keeps its permissions and is replaced in one step; symbolic links are followed. What cannot be
    replaced (a pipe, a character device) is written to when the block ends.

    Args:
        path: the file to write.
        force: replace a file that exists.

    Raises:
        FileExistsError: the file exists, or came to exist meanwhile, and `force` is not set.
        OSError: it cannot be written; the error names `path`.
    """
    if _is_stream(path):
        memory = io.BytesIO()
        yield memory
        with _naming(path), path.open("wb") as stream:
            stream.write(memory.getbuffer())
        return
    # Renaming onto a symbolic link would replace the link, not the file that it names.
    target = Path(os.path.realpath(path))
    _check_target(path, target, force)
    # In the same folder, as files cannot be renamed across file systems. Not of the tempfile module, which makes
    # private files: opened like this, the permissions are those that any new file gets.
    temporary = target.parent / f"{_temporary_prefix(os.getpid())}{secrets.token_hex(8)}.tmp"
    try:
        with _naming(path, temporary):
            with temporary.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            _publish(temporary, target, force)
    finally:
        with suppress(OSError):
            temporary.unlink()


def remove_temporaries(path: Path, process: int) -> None:
    """Remove what a process that was killed has left of `atomic_write(path)`, given its number."""
    with suppress(OSError):
        for temporary in Path(os.path.realpath(path)).parent.glob(f"{_temporary_prefix(process)}*.tmp"):
            temporary.unlink()


def _temporary_prefix(process: int) -> str:
    return f".vqcodec-{process}-"


def _is_stream(path: Path) -> bool:
    with suppress(OSError):
        mode = path.stat().st_mode
        return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)
    return False


def _check_target(path: Path, target: Path, force: bool) -> None:
    """Refuse what must not be replaced, before any work is done for it."""
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if target.exists() and not target.is_file():
        raise OSError(errno.EINVAL, "Not a regular file", str(path))
    if target.exists() and not force:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))


def _publish(temporary: Path, target: Path, force: bool) -> None:
    """Give the complete file its name."""
    if force:
        with suppress(FileNotFoundError):
            shutil.copymode(target, temporary)
        temporary.replace(target)
        return
    try:
        # Unlike a renaming, a hard link never replaces a file that another program made meanwhile.
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:  # this file system has no hard links
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
        temporary.replace(target)


@contextmanager
def _naming(path: Path | str, temporary: Path | None = None) -> Iterator[None]:
    """Let errors name the file as the caller knows it: a failed write names none, or the temporary file."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename in (None, temporary, str(temporary)):
            error.filename, error.filename2 = str(path), None
        raise
