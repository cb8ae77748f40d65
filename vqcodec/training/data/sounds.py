"""Training sounds: decoded and resampled once into one array, then cut at random.

Processes that decode import this module, and need no torch.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bitstream.errors import InputError
from vqcodec.media.sounds.recordings import is_sound_name, read_recording
from vqcodec.media.sounds.resampling import resample
from vqcodec.system.files import atomic_write
from vqcodec.system.processes import Processes, processors

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["SoundCache", "random_cuts"]

# Cuts are made so much louder or softer, in dB, as recordings come at all levels.
GAINS = (-12.0, 6.0)


def _decode(source: Path, sample_rate: int) -> NDArray[np.int16]:
    """The mean of all channels at `sample_rate`, `[N]`; empty if the file cannot be read."""
    try:
        recording = read_recording(source)
    except (InputError, OSError):
        return np.zeros(0, np.int16)
    mono = resample(recording.samples.mean(0, keepdims=True), recording.sample_rate, sample_rate)[0]
    whole: NDArray[np.int16] = np.clip(np.rint(mono * 2**15), -(2**15), 2**15 - 1).astype(np.int16)
    return whole


class SoundCache:
    """The sounds of a folder (recursively), at one sample rate and with one channel.

    Args:
        folder: where the sounds are; anything that libsndfile reads.
        cache: a file that keeps them decoded; made anew when the folder's files are others.
        sample_rate: samples a second.

    Attributes:
        sounds: int16 `[N]` each.

    Raises:
        InputError: no sound could be read.
    """

    def __init__(self, folder: Path, cache: Path, sample_rate: int) -> None:
        if not folder.is_dir():
            raise InputError(f"{folder}: no such folder")
        sources = sorted(path for path in folder.rglob("*") if path.is_file() and is_sound_name(path.name))
        names = np.array([f"{path.relative_to(folder)} {path.stat().st_size} {sample_rate}" for path in sources])
        cache.mkdir(parents=True, exist_ok=True)
        kept = cache / "sounds.npz"
        if not kept.exists() or not np.array_equal(np.load(kept)["names"], names):
            with Processes(partial(_decode, sample_rate=sample_rate), processors()) as pool:
                decoded = dict(pool.results(sources, "decoding sounds"))
            sounds = [decoded[source] for source in sources]
            lengths = np.array([len(sound) for sound in sounds], np.int64)
            with atomic_write(kept, force=True) as file:
                np.savez(file, names=names, lengths=lengths, samples=np.concatenate([np.zeros(0, np.int16), *sounds]))
        with np.load(kept) as arrays:
            ends = arrays["lengths"].cumsum()[:-1]
            self.sounds = [sound for sound in np.split(arrays["samples"], ends) if sound.size]
        if not self.sounds:
            raise InputError(f"no readable sound in {folder}")


def random_cuts(sounds: list[NDArray[np.int16]], batch: int, length: int, rng: np.random.Generator) -> Iterator[Tensor]:
    """Endless batches `[batch, 1, length]` in -1..1, every place equally likely, at varied levels.

    Sounds shorter than `length` are followed by silence.
    """
    import torch

    places = np.array([max(1, len(sound) - length + 1) for sound in sounds], float)
    while True:
        cuts = np.zeros((batch, length), np.float32)
        for cut, which in zip(cuts, rng.choice(len(sounds), batch, p=places / places.sum()), strict=True):
            first = int(rng.integers(0, places[which]))
            part = sounds[which][first : first + length] / np.float32(2**15)
            gain = 10 ** (rng.uniform(*GAINS) / 20)
            cut[: len(part)] = part * min(gain, 1 / max(float(np.abs(part).max()), 1e-3))
        yield torch.from_numpy(cuts)[:, None]
