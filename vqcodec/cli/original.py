"""The input of `vqcodec compress`: a picture or a sound, as its bytes say."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from vqcodec.cli.program import about

__all__ = ["Original", "open_original"]


@dataclass(frozen=True)
class Original:
    """A picture or a sound.

    Attributes:
        name: of the file, or "-".
        content: the path of a file; or all bytes of an input that can be read only once, such as a pipe.
    """

    name: str
    content: str | bytes

    @cached_property
    def is_sound(self) -> bool:
        """Whether it is a sound. All that is neither known nor opened as a sound is taken for a picture.

        Raises:
            OSError: it cannot be read.
        """
        from vqcodec.media.content import holds_sound

        return holds_sound(self.content)

    def naming(self) -> AbstractContextManager[None]:
        """Let errors of the block name the original; those of a path do already."""
        return about(self.name) if isinstance(self.content, bytes) else nullcontext()


def open_original(name: str) -> Original:
    """The original of a path, or of standard input for '-'.

    Raises:
        OSError: it cannot be read; the error names the file.
    """
    from vqcodec.media.sounds.kinds import is_sound
    from vqcodec.media.unread import is_picture_head
    from vqcodec.system.files import STANDARD_STREAM, read_input

    if name != STANDARD_STREAM and Path(name).is_file():
        return Original(name, name)
    return Original(name, read_input(name, lambda head: is_sound(head) or is_picture_head(head)))
