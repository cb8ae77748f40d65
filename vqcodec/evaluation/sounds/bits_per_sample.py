"""Bits per sample of recordings under a model: -log2 p(x) <= -log2 p(x|z_q) - log2 p(z_q).

A dim is a sample of a channel, at the sample rate of the model and rounded to 16 bits. Channels are measured as they
are coded: see `vqcodec.codec.rows`.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np

from vqcodec.codec.audio import AudioCodec
from vqcodec.evaluation.shared.bits import bits_of_codes
from vqcodec.media.sounds.recordings import Recording, write_recording
from vqcodec.media.sounds.resampling import resample
from vqcodec.model.quality import Setting

__all__ = ["FIGURES", "LOSSLESS", "BitsPerSample", "measure_sound_bits"]

FIGURES = ("samples", "codes", "bound", "uniform_bound")  # of `BitsPerSample`, in bits per dim
LOSSLESS = ("flac",)


@dataclass(frozen=True)
class BitsPerSample:
    """What a recording costs, in bits per sample of a channel.

    Attributes:
        file: the name of its file.
        dims: channels x samples, at the sample rate of the model.
        samples: -log2 p(x|z_q).
        codes: -log2 p(z_q) under the prior.
        bound: the sum of both, at least -log2 p(x).
        uniform_bound: the same if all indices were equally likely.
        flac: 8 times the bytes of a FLAC file of 16 bits at the sample rate of the model; NaN if it was not measured.
    """

    file: str
    dims: int
    samples: float
    codes: float
    bound: float
    uniform_bound: float
    flac: float


def measure_sound_bits(
    codec: AudioCodec, file: str, recording: Recording, chosen: Setting, lossless: bool
) -> BitsPerSample:
    """Measure a recording under a model.

    Args:
        codec: the model.
        file: the name of the file.
        recording: what is measured.
        chosen: rate point and lambda that the recording is coded with.
        lossless: measure a lossless file, too.

    Raises:
        InputError: FLAC cannot hold so many channels.
    """
    samples, sample_rate = recording.samples, recording.sample_rate
    indices = codec.encode(samples, sample_rate, chosen.lambda_, chosen.rate_point)
    every = codec.sample_bits(samples, sample_rate, indices)
    dims, likelihood = every.size, float(every.sum(dtype=np.float64))
    prior, uniform = bits_of_codes(codec, indices)
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
