"""Whether a file holds a sound or a picture, as its bytes say."""

from __future__ import annotations

import io
from pathlib import Path

__all__ = ["holds_sound"]


def holds_sound(content: str | bytes) -> bool:
    """Whether a file is a sound, given its path or all its bytes.

    All that is neither known nor opened as a sound is taken for a picture.

    Raises:
        OSError: it cannot be read.
    """
    from vqcodec.media.sounds.kinds import HEAD, is_sound

    with io.BytesIO(content) if isinstance(content, bytes) else Path(content).open("rb") as file:
        if is_sound(file.read(HEAD)):
            return True
    # Pillow is asked first: libsndfile looks for sound behind whatever a file begins with.
    return not _is_opened_by_pillow(content) and _is_opened_by_libsndfile(content)


def _is_opened_by_pillow(content: str | bytes) -> bool:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content) if isinstance(content, bytes) else content):
            return True
    except UnidentifiedImageError:
        return False
    except Exception:  # a picture that is damaged, or too large
        return True


def _is_opened_by_libsndfile(content: str | bytes) -> bool:
    from bitstream.errors import InputError
    from vqcodec.media.sounds.recordings import RecordingReader

    try:
        with RecordingReader(content):
            return True
    except InputError:
        return False
