"""Reading and writing files. Outputs are whole or absent, and no file is overwritten unasked."""

from __future__ import annotations

import errno
import io
import os
import re
import secrets
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from bitstream.errors import InputError

__all__ = [
    "STANDARD_STREAM",
    "atomic_write",
    "is_stream",
    "is_vq",
    "read_file",
    "read_input",
    "refuse_own_source",
    "remove_temporaries",
    "write_output",
]

STANDARD_STREAM = "-"  # the name of standard input, or of standard output
HEAD = 24  # bytes by which the kind of a file is recognised
PIECE = 1 << 20  # bytes that are read at once
# Bytes that are read, at most, of an input that may never end: of a known kind, and of an unknown kind.
MOST_BYTES = 1 << 30
MOST_UNKNOWN_BYTES = 1 << 26

# Names of files that this process has open.
_OPEN_FILE = re.compile(r"/(?:dev|proc/self)/fd/(\d+)")
_OPEN_FILES = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}


def is_vq(head: bytes) -> bool:
    """Whether a file that begins with these bytes is a `.vq` file."""
    from bitstream.header import MAGIC

    return head.startswith(MAGIC)


def read_input(path: str, is_known: Callable[[bytes], bool]) -> bytes:
    """Return all bytes of a file, or of standard input for '-'.

    Args:
        path: the file, or '-'.
        is_known: whether a file with these first HEAD bytes (all, if it has fewer) is of a known kind. Of a pipe, a
            device or standard input at most `MOST_BYTES` are read if it is, and else `MOST_UNKNOWN_BYTES`.

    Raises:
        InputError: it has more bytes than that.
        OSError: it cannot be read; the error names the file.
    """
    if path == STANDARD_STREAM:
        if sys.stdin is None:
            raise OSError(errno.EBADF, "It is closed", "standard input")
        return _read_stream(sys.stdin.buffer, "standard input", is_known)
    return read_file(path, is_known)


def read_file(path: str | os.PathLike[str], is_known: Callable[[bytes], bool] = is_vq) -> bytes:
    """As `read_input`, but '-' is the name of a file."""
    with _naming(os.fspath(path)), open(path, "rb") as file:
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            return file.read()
        return _read_stream(file, os.fspath(path), is_known)


def _read_stream(file: BinaryIO, name: str, is_known: Callable[[bytes], bool]) -> bytes:
    memory = io.BytesIO()
    memory.write(file.read(HEAD))
    known = is_known(memory.getvalue())
    most = MOST_BYTES if known else MOST_UNKNOWN_BYTES
    while piece := file.read(PIECE):
        memory.write(piece)
        if memory.tell() > most:
            what = "" if known else "its kind is not known, and it has "
            raise InputError(f"{name}: {what}more than {most} bytes; a regular file may have more")
    return memory.getvalue()


@contextmanager
def write_output(path: str, force: bool = False) -> Iterator[BinaryIO]:
    """As `atomic_write`; for '-', a file in memory that goes to standard output when it is complete.

    Raises:
        InputError: standard output is a terminal, and `force` is not set.
        OSError: as for `atomic_write`.
    """
    number = _open_file(path)
    if path == STANDARD_STREAM or number == 1:
        if sys.stdout is None:
            raise OSError(errno.EBADF, "It is closed", "standard output")
        if sys.stdout.isatty() and not force:
            raise InputError("standard output is a terminal, which cannot show this: redirect it to a file")
        with _written_at_the_end("standard output", lambda: sys.stdout.buffer, keep_open=True) as file:
            yield file
    elif number is not None:  # not opened by its name, as that would empty the file that it may be
        with _written_at_the_end(path, lambda: open(os.dup(number), "wb")) as file:
            yield file
    else:
        with atomic_write(Path(path), force) as file:
            yield file


def is_stream(path: str) -> bool:
    """Whether an output is written to instead of replaced: '-', a pipe, a device, or a file that is open already."""
    return path == STANDARD_STREAM or _open_file(path) is not None or _is_stream(Path(path))


def refuse_own_source(source: str, target: str) -> None:
    """Raise InputError if an output is its own input, even under another name."""
    with suppress(OSError):
        if not is_stream(target) and os.path.samefile(source, target):
            raise InputError(f"{target}: it is also the input, which would be lost")


@contextmanager
def _written_at_the_end(name: str, opened: Callable[[], BinaryIO], keep_open: bool = False) -> Iterator[BinaryIO]:
    """A file in memory. When the block ends, its bytes go to the file that is then `opened`; not if it fails."""
    memory = io.BytesIO()
    yield memory
    with _naming(name):
        file = opened()
        try:
            file.write(memory.getbuffer())
            file.flush()
        finally:
            if not keep_open:
                file.close()


def _open_file(path: str) -> int | None:
    """The number of a file that this process has open, if `path` is a name for it."""
    found = _OPEN_FILE.fullmatch(path)
    return int(found[1]) if found else _OPEN_FILES.get(path)


@contextmanager
def atomic_write(path: Path, force: bool = False) -> Iterator[BinaryIO]:
    """Open `path` for writing. It appears, complete, when the block ends, and not at all if the block fails.

    An existing file keeps its permissions and is replaced in one step; symbolic links are followed. Pipes and character
    devices, which cannot be replaced, are written to when the block ends.

    Args:
        path: the file to write.
        force: replace a file that exists.

    Raises:
        FileExistsError: the file exists, or came to exist meanwhile, and `force` is not set.
        OSError: it cannot be written; the error names `path`.
    """
    if _is_stream(path):
        with _written_at_the_end(str(path), lambda: path.open("wb")) as file:
            yield file
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
    """Remove the temporary files of `atomic_write(path)` that a killed process left, given its number."""
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
    """Refuse a target that must not be replaced, before any work is done for it."""
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
    """Let errors name the file as the caller does; those of a failed write name no file, or the temporary one."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename in (None, temporary, str(temporary)):
            error.filename, error.filename2 = str(path), None
        raise
