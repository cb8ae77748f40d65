"""What a command is given to compress: a picture or a sound, which its first bytes tell."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from vqcodec.cli.program import about

__all__ = ["Original", "is_sound", "open_original"]

HEAD = 16  # bytes that tell what a file is

# WAV, FLAC, Ogg, AIFF, Sun, Core Audio, Wave64; MPEG layers II and III, behind a tag or bare. AAC, bare or in MPEG-4,
# is read by nobody here, but its owner is helped more by an error that calls it a sound.
_SOUND = re.compile(
    rb"RIFF....WAVE|RIFX....WAVE|RF64....WAVE|fLaC|OggS|FORM....AIF[FC]|\.snd|dns\.|caff|riff\x2e\x91\xcf\x11"
    rb"|ID3|\xff[\xe2\xe3\xf2-\xf5\xfa-\xfd]"
    rb"|\xff[\xf0\xf1\xf8\xf9]|....ftypM4A",
    re.DOTALL,
)


def is_sound(head: bytes) -> bool:
    """Whether a file that begins with these 16 bytes, or fewer if it has no more, holds sound."""
    return _SOUND.match(head) is not None


@dataclass(frozen=True)
class Original:
    """A picture or a sound.

    Attributes:
        name: of the file, or "-".
        content: the path of a file; or all the bytes of what can be read only once, as standard input or a pipe.
    """

    name: str
    content: str | bytes

    @property
    def is_sound(self) -> bool:
        """OSError if it cannot be read."""
        if isinstance(self.content, bytes):
            return is_sound(self.content[:HEAD])
        with Path(self.content).open("rb") as file:
            return is_sound(file.read(HEAD))

    def naming(self) -> AbstractContextManager[None]:
        """Let errors of the block name the original: those of a path do already."""
        return about(self.name) if isinstance(self.content, bytes) else nullcontext()


def open_original(name: str) -> Original:
    """The original of a path, or of standard input for '-'.

    Raises:
        OSError: it cannot be read; the error names the file.
    """
    from vqcodec.files import STANDARD_STREAM, read_input
    from vqcodec.kinds import is_picture_head

    if name != STANDARD_STREAM and Path(name).is_file():
        return Original(name, name)
    return Original(name, read_input(name, lambda head: is_sound(head) or is_picture_head(head)))
