"""soundfile, without its seeking, and with the original errors of files."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import soundfile

from bitstream.errors import InputError

__all__ = ["MAX_CHANNELS", "SequentialSound", "WatchedFile", "silent_stderr"]

MAX_CHANNELS = 1024  # of libsndfile; more are not decoded either, as a prior needs memory for each


class SequentialSound(soundfile.SoundFile):  # type: ignore[misc]
    """A sound file that is read or written from start to end.

    After every block, soundfile seeks to its current place. Then Opus goes on with other samples, and some formats
    fail. soundfile does not do this for files that cannot seek, as this one says of itself.
    """

    def seekable(self) -> bool:
        """False, for soundfile."""
        return False


@contextmanager
def silent_stderr() -> Iterator[None]:
    """Keep off standard error what libraries of libsndfile write there past Python."""
    try:
        kept = os.dup(2)
    except OSError:  # it is closed
        yield
        return
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


class WatchedFile:
    """A file for libsndfile, which cannot pass on exceptions: the first one is kept for `errors`.

    It has no name, so that soundfile cannot take the format from a suffix.

    Args:
        file: open and seekable.
        start: the offset that libsndfile takes for the beginning.
        patch: an offset, and the bytes that are read there instead of those of the file.
    """

    def __init__(self, file: BinaryIO, start: int = 0, patch: tuple[int, bytes] = (0, b"")) -> None:
        self._file, self._start, self._patch = file, start, patch
        self._error: BaseException | None = None

    @contextmanager
    def errors(self, text: str) -> Iterator[None]:
        """Turn errors of libsndfile into an InputError that begins with `text`; raise the file's errors as they are."""
        try:
            yield
        except soundfile.LibsndfileError as error:
            reason = " ".join(error.error_string.removeprefix("Error :").split()).rstrip(".")
            raise InputError(f"{text}: {reason}") from None
        finally:
            kept, self._error = self._error, None
            if kept is not None:
                raise kept

    def readinto(self, buffer: Any) -> int:
        place = self._try(self._file.tell)
        count = self._try(self._file.readinto, buffer)  # type: ignore[attr-defined]
        self._apply_patch(memoryview(buffer).cast("B")[:count], place)
        return count

    def _apply_patch(self, read: memoryview, place: int) -> None:
        first, new = self._patch
        low, high = max(first, place), min(first + len(new), place + len(read))
        if low < high:
            read[low - place : high - place] = new[low - first : high - first]

    def write(self, data: bytes) -> int:
        return self._try(self._file.write, data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._try(self._file.seek, offset + (self._start if whence == os.SEEK_SET else 0), whence)
        return self.tell()

    def tell(self) -> int:
        return self._try(self._file.tell) - self._start

    def _try(self, call: Callable[..., int], *arguments: Any) -> int:
        try:
            return call(*arguments)
        except BaseException as error:
            # A damaged file leads to places before its start, which are a ValueError in memory and EINVAL on a disk,
            # and a sound that is closed late to its closed file. There is nothing to tell of these.
            if not isinstance(error, ValueError) and getattr(error, "errno", None) != errno.EINVAL:
                self._error = self._error or error
            return 0
