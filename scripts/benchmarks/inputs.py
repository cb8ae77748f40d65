"""Pictures and sounds of the sizes that are measured, made of any."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vqcodec.evaluation.pictures.folder import mirrored_to_size
from vqcodec.media.pictures.reading import read_rgb
from vqcodec.media.sounds.recordings import RecordingWriter, read_recording
from vqcodec.media.sounds.resampling import resample

__all__ = ["MINUTE", "RATE", "STANDARD", "sound_of", "standard_picture", "write_sound"]

STANDARD = (768, 512)  # pixels
RATE = 16_000  # Hz
MINUTE = 60 * RATE  # samples


def standard_picture(path: Path) -> Image.Image:
    """A picture of 768 x 512 pixels, made of another one: see `mirrored_to_size`."""
    return mirrored_to_size(read_rgb(path).image, *STANDARD)


def sound_of(paths: Sequence[Path], samples: int) -> Iterator[NDArray[np.float32]]:
    """Recordings in one channel at 16 kHz, `[1, n]`, one after the other and again, until there are so many samples."""
    for path in itertools.cycle(paths):
        recording = read_recording(path)
        block = resample(recording.samples.mean(0, keepdims=True), recording.sample_rate, RATE)[:, :samples]
        yield block
        samples -= block.shape[1]
        if not samples:
            return


def write_sound(paths: Sequence[Path], target: Path, samples: int) -> None:
    """Write `sound_of` to a WAV file."""
    with target.open("wb") as file, RecordingWriter(file, ".wav", RATE, 1, samples) as writer:
        for block in sound_of(paths, samples):
            writer.write(block)
