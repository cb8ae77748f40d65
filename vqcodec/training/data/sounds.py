"""Training sounds: decoded and resampled once into one array.

Processes that decode import this module, and need no torch.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bitstream.errors import InputError
from vqcodec.media.sounds.recordings import is_sound_name, read_recording
from vqcodec.media.sounds.resampling import resample
from vqcodec.system.files import atomic_write
from vqcodec.system.processes import Processes, processors
from vqcodec.training.data.sources import digest_of, find_sources

__all__ = ["SoundCache"]


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
        cache: a folder, where a file keeps them decoded; another one when the folder's files have changed.
        sample_rate: samples a second.

    Attributes:
        sounds: int16 `[N]` each.
        digest: of all files.

    Raises:
        InputError: no sound could be read.
    """

    def __init__(self, folder: Path, cache: Path, sample_rate: int) -> None:
        sources = find_sources(folder, lambda path: is_sound_name(path.name), cache)
        self.digest = digest_of(sources)
        kept = cache / f"sounds-{self.digest[:32]}-{sample_rate}.npz"
        if not kept.exists():
            with Processes(partial(_decode, sample_rate=sample_rate), processors()) as pool:
                decoded = dict(pool.results([source.path for source in sources], "decoding sounds"))
            sounds = [decoded[source.path] for source in sources]
            lengths = np.array([len(sound) for sound in sounds], np.int64)
            with atomic_write(kept, force=True) as file:
                np.savez(file, lengths=lengths, samples=np.concatenate([np.zeros(0, np.int16), *sounds]))
        with np.load(kept) as arrays:
            ends = arrays["lengths"].cumsum()[:-1]
            self.sounds = [sound for sound in np.split(arrays["samples"], ends) if sound.size]
        if not self.sounds:
            raise InputError(f"no readable sound in {folder}")
