"""The sounds of a folder, to measure on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bitstream.errors import InputError
from vqcodec.evaluation.shared.folder import Skipped, read_each
from vqcodec.media.sounds.recordings import RecordingReader, is_sound_name
from vqcodec.system.folders import files_named

__all__ = ["Sound", "read_sounds", "sounds_in"]


@dataclass(frozen=True)
class Sound:
    """A recording to measure on.

    Attributes:
        name: of the file, as far as it is text.
        path: of the file.
        seconds: how long it is.
        sample_rate: samples a second.
        channels: at least one.
        digest: names the bytes of the file.
    """

    name: str
    path: Path
    seconds: float
    sample_rate: int
    channels: int
    digest: str


def sounds_in(folder: Path) -> list[Path]:
    """The files directly in `folder` that are named as sounds, and are not hidden, sorted.

    Raises:
        InputError: there is none.
        OSError: the folder cannot be read.
    """
    found = files_named(folder, is_sound_name)
    if not found:
        raise InputError(f"no sound in {folder}")
    return found


def read_sounds(paths: Sequence[Path]) -> tuple[list[Sound], list[Skipped]]:
    """The sounds, and which of them cannot be read."""
    return read_each(paths, _sound)


def _sound(name: str, path: Path) -> Sound:
    data = path.read_bytes()
    with RecordingReader(data) as reader:
        samples = sum(block.shape[1] for block in reader.blocks())
    digest = hashlib.sha256(data).hexdigest()[:16]
    return Sound(name, path, samples / reader.sample_rate, reader.sample_rate, reader.channels, digest)
