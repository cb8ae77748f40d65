"""Opening sound files, including some that are damaged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from bitstream.errors import InputError
from vqcodec.media.sounds.kinds import HEAD, is_sound, unread_kind
from vqcodec.media.sounds.repair import first_mpeg_frame, wav_patch
from vqcodec.media.sounds.sndfile import SequentialSound, WatchedFile, silent_stderr

__all__ = ["OpenedSound", "open_sound"]


@dataclass(frozen=True)
class OpenedSound:
    """A sound that libsndfile reads.

    Attributes:
        file: the file that it reads.
        sound: the opened sound.
        size: bytes of the file, without those before its sound.
        notes: what was wrong with the file, a line each.
    """

    file: WatchedFile
    sound: SequentialSound
    size: int
    notes: tuple[str, ...] = ()


def open_sound(file: BinaryIO, size: int) -> OpenedSound:
    """The sound in a seekable file of `size` bytes.

    Raises:
        InputError: it is not a sound that libsndfile reads.
        OSError: it cannot be read.
    """
    patch = wav_patch(file, size)
    if patch is not None:
        note = "its header says that it has no samples: it is read to the end"
        return OpenedSound(*_opened(WatchedFile(file, patch=patch)), size, (note,))
    try:
        return OpenedSound(*_opened(WatchedFile(file)), size)
    except InputError:
        file.seek(0)
        head = file.read(HEAD)
        kind = unread_kind(head)
        if kind is not None:
            how = "make a WAV file of it first, as with `ffmpeg -i IN OUT.wav`"
            raise InputError(f"it is {kind}, which libsndfile does not read: {how}") from None
        start = None if is_sound(head) else first_mpeg_frame(file)
        if start is None:
            raise
    note = f"the {start} bytes before its MPEG frames are left out"
    return OpenedSound(*_opened(WatchedFile(file, start)), size - start, (note,))


def _opened(file: WatchedFile) -> tuple[WatchedFile, SequentialSound]:
    file.seek(0)
    with file.errors("not a sound that libsndfile reads"), silent_stderr():
        return file, SequentialSound(file)
