"""Bits per sample of recordings under a model: -log2 p(x) <= -log2 p(x|z_q) - log2 p(z_q).

A dim is a sample of a channel at the model's sample rate, rounded to 16 bits, of the rows as they are coded (see
`vqcodec.codec.rows`).
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vqcodec.codec.audio import AudioCodec
from vqcodec.evaluation.pictures.bits_per_dim import is_named_picture
from vqcodec.media.sounds.recordings import Recording, is_sound_name, write_recording
from vqcodec.media.sounds.resampling import resample
from vqcodec.model.quality import Setting
from vqcodec.system.folders import files_named

__all__ = ["FIGURES", "LOSSLESS", "BitsPerSample", "find_sounds", "measure_sound"]

# The figures of a recording, and their names for people.
FIGURES = {
    "samples": "x given z",
    "codes": "z",
    "bound": "bound",
    "uniform_bound": "bound, uniform prior",
}
LOSSLESS = {"flac": "FLAC"}


@dataclass(frozen=True)
class BitsPerSample:
    """What a recording costs, in bits per sample of a channel.

    Attributes:
        file: its name.
        dims: channels x samples, at the model's rate.
        samples: -log2 p(x|z_q).
        codes: -log2 p(z_q) under the prior.
        bound: the sum of both, at least -log2 p(x).
        uniform_bound: the same if all indices were equally likely.
        flac: 8 times the bytes of a FLAC file at the model's rate, of 16 bits; NaN if not measured.
    """

    file: str
    dims: int
    samples: float
    codes: float
    bound: float
    uniform_bound: float
    flac: float


def find_sounds(place: Path) -> list[Path]:
    """The file `place` if it is a sound, or the sounds directly in the folder `place`, sorted, if it has no pictures.

    Raises:
        OSError: the folder cannot be read.
    """
    if place.is_file():
        return [place] if is_sound_name(place.name) else []
    return [] if files_named(place, is_named_picture) else files_named(place, is_sound_name)


def measure_sound(codec: AudioCodec, file: str, recording: Recording, chosen: Setting, lossless: bool) -> BitsPerSample:
    """Measure a recording, coded with the rate point and lambda of `chosen`; with `lossless`, as FLAC too.

    Raises:
        InputError: with `lossless`, FLAC cannot hold so many channels.
    """
    samples, sample_rate = recording.samples, recording.sample_rate
    indices = codec.encode(samples, sample_rate, chosen.lambda_, chosen.rate_point)
    every = codec.sample_bits(samples, sample_rate, indices)
    dims, likelihood = every.size, float(every.sum(dtype=np.float64))
    prior = float(codec.bits(indices).sum())
    uniform = float(np.log2(indices.sizes).sum() * indices.values[0].size)
    return BitsPerSample(
        file=file,
        dims=dims,
        samples=likelihood / dims,
        codes=prior / dims,
        bound=(likelihood + prior) / dims,
        uniform_bound=(likelihood + uniform) / dims,
        flac=_flac_bits(recording, codec.sample_rate) / dims if lossless else np.nan,
    )


def _flac_bits(recording: Recording, sample_rate: int) -> int:
    """8 times the bytes of a whole file at `sample_rate`, headers included."""
    file = io.BytesIO()
    write_recording(resample(recording.samples, recording.sample_rate, sample_rate), sample_rate, file, ".flac")
    return 8 * len(file.getvalue())
