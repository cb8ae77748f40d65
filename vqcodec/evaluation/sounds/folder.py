"""The sounds of a folder that are measured on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bitstream.errors import InputError
from vqcodec.evaluation.shared.folder import Skipped, digest_of, read_each
from vqcodec.media.sounds.recordings import Recording, RecordingReader, is_sound_name, read_recording
from vqcodec.system.folders import files_named

__all__ = ["OriginalSound", "load_recording", "read_original_sounds", "sounds_in"]


@dataclass(frozen=True)
class OriginalSound:
    """A recording to measure on.

    Attributes:
        name: of the file, as text.
        path: of the file.
        seconds: how long it is.
        sample_rate: samples a second.
        channels: at least one.
        digest: of the bytes of the file, by `digest_of`.
    """

    name: str
    path: Path
    seconds: float
    sample_rate: int
    channels: int
    digest: str


def sounds_in(folder: Path) -> list[Path]:
    """The files directly in `folder` that are not hidden and are named as sounds; sorted.

    Raises:
        InputError: there is none.
        OSError: the folder cannot be read.
    """
    found = files_named(folder, is_sound_name)
    if not found:
        raise InputError(f"no sound in {folder}")
    return found


def read_original_sounds(paths: Sequence[Path]) -> tuple[list[OriginalSound], list[Skipped]]:
    """The sounds in these files, and the files that cannot be read."""
    return read_each(paths, _original)


@lru_cache(maxsize=1)  # as several codecs in turn work on the same one
def load_recording(path: Path) -> Recording:
    """The samples of a sound."""
    return read_recording(path)


def _original(name: str, path: Path) -> OriginalSound:
    data = path.read_bytes()
    with RecordingReader(data) as reader:
        samples = sum(block.shape[1] for block in reader.blocks())
    return OriginalSound(name, path, samples / reader.sample_rate, reader.sample_rate, reader.channels, digest_of(data))
