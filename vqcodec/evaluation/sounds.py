"""The sounds of a folder, to measure on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vqcodec.audio.waveform import RecordingReader
from vqcodec.evaluation.folder import Skipped, read_each

__all__ = ["Sound", "read_sounds"]


@dataclass(frozen=True)
class Sound:
    """A recording to measure on.

    Attributes:
        name: of the file, as far as it is text.
        path: of the file.
        seconds: how long it is.
        rate: samples a second.
        channels: at least one.
        digest: names the bytes of the file.
    """

    name: str
    path: Path
    seconds: float
    rate: int
    channels: int
    digest: str


def read_sounds(paths: Sequence[Path]) -> tuple[list[Sound], list[Skipped]]:
    """The sounds, and which of them cannot be read."""
    return read_each(paths, _sound)


def _sound(name: str, path: Path) -> Sound:
    data = path.read_bytes()
    with RecordingReader(data) as reader:
        samples = sum(block.shape[1] for block in reader.blocks())
    digest = hashlib.sha256(data).hexdigest()[:16]
    return Sound(name, path, samples / reader.rate, reader.rate, reader.channels, digest)
