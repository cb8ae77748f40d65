"""The surroundings of a command: its working folder, its memory, and the standard error of libraries."""

from __future__ import annotations

import mmap
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["check_memory", "check_working_folder", "native_messages_dropped"]

MIB = 1 << 20
# Address space: of the libraries of a process that only reads headers, that codes, that has torch; of a thread.
READING, CODING, TORCH, THREAD = 128 * MIB, 350 * MIB, 800 * MIB, 160 * MIB
# Commands that do not code, or take torch.
OF_COMMAND = {"info": READING, "models": READING} | dict.fromkeys(("eval", "fit-decoder", "fit-prior", "train"), TORCH)


def check_working_folder() -> None:
    """Raise InputError if the working folder was deleted, as libraries would end the process silently."""
    try:
        os.getcwd()
    except OSError:
        from bitstream.errors import InputError

        raise InputError("the working folder is gone: change to another one") from None


def check_memory(command: str) -> None:
    """Raise MemoryError if there is no room for a command's libraries, which would end the process, or wait for ever.

    Where address space is limited (`ulimit -v`), they get only the threads for which there is room.
    """
    room, libraries = _address_space(), OF_COMMAND.get(command, CODING)
    if room is not None:
        threads = str(max(1, (room - libraries) // THREAD))
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            if int(threads) < (os.cpu_count() or 1):
                os.environ.setdefault(name, threads)
    try:
        mmap.mmap(-1, libraries + THREAD * (libraries > READING)).close()  # asked for, and not touched
    except OSError:
        raise MemoryError from None


def _address_space() -> int | None:
    """Bytes of address space that this process may have; None if there is no limit."""
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if limit == resource.RLIM_INFINITY else limit


@contextmanager
def native_messages_dropped() -> Iterator[None]:
    """Drop what libraries in C write to standard error past Python, as mpg123 does on damaged MP3 files.

    What Python writes to `sys.stderr` is not affected.
    """
    stream = sys.stderr
    try:
        is_usual = stream is not None and stream.fileno() == 2
    except (OSError, ValueError, AttributeError):  # a test or a caller has put something else there
        is_usual = False
    if not is_usual:
        yield
        return
    stream.flush()
    with os.fdopen(os.dup(2), "w", 1, stream.encoding, stream.errors) as ours:
        with open(os.devnull, "wb") as null:
            os.dup2(null.fileno(), 2)
        sys.stderr = ours
        try:
            yield
        finally:
            ours.flush()
            os.dup2(ours.fileno(), 2)
            sys.stderr = stream
