"""Recordings at other sample rates, whole or block by block with the same result."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np
import soxr
from numpy.typing import NDArray

from bitstream.errors import InputError

__all__ = [
    "SAMPLE_RATES",
    "check_sample_rate",
    "note_of_bandwidth",
    "resample",
    "resample_blocks",
    "resampled_length",
]

# Hz. Lower sample rates hold no sound, and the range limits how long a few samples can become.
SAMPLE_RATES = range(1_000, 10_000_001)

_QUALITY = "VHQ"  # 28 bits of precision; it keeps what is below 91 % of half the lower rate
_PIECE = 2**16  # samples a channel on either side of a call of soxr, whatever the blocks of the caller


def check_sample_rate(sample_rate: int) -> None:
    """Raise InputError unless `sample_rate` is one of SAMPLE_RATES, as a Python int: others overflow in products."""
    if not isinstance(sample_rate, int) or sample_rate not in SAMPLE_RATES:
        raise InputError(
            f"a sample rate must be an int from {SAMPLE_RATES[0]} to {SAMPLE_RATES[-1]} Hz, not {sample_rate!r}"
        )


def resampled_length(samples: int, rate_in: int, rate_out: int) -> int:
    """The number of samples at `rate_out` for `samples` of them at `rate_in`: `ceil(samples * rate_out / rate_in)`.

    So a recording that is resampled and resampled back is never shorter than before.
    """
    return -(-samples * rate_out // rate_in)


def resample(samples: NDArray[np.float32], rate_in: int, rate_out: int) -> NDArray[np.float32]:
    """float32 `[C, N]` at `rate_in` Hz -> float32 `[C, resampled_length(N)]` at `rate_out` Hz, without a delay.

    Raises:
        InputError: a sample rate is not one of SAMPLE_RATES.
    """
    return np.concatenate(list(resample_blocks([samples], rate_in, rate_out)), axis=1)


def resample_blocks(
    blocks: Iterable[NDArray[np.float32]], rate_in: int, rate_out: int
) -> Iterator[NDArray[np.float32]]:
    """Resample float32 blocks `[C, n]` with band-limited interpolation, by libsoxr.

    Where the recording is cut into blocks does not change a bit of the result, which has the `resampled_length` of all
    blocks. It needs memory for `_PIECE` samples at either sample rate, or for the filter.

    Raises:
        InputError: a sample rate is not one of SAMPLE_RATES.
    """
    check_sample_rate(rate_in)
    check_sample_rate(rate_out)
    if rate_in == rate_out:
        yield from blocks
        return
    stream, fed, given, channels = None, 0, 0, 0
    step = max(1, _PIECE * rate_in // max(rate_in, rate_out))
    for block in blocks:
        channels = len(block)
        stream = stream or soxr.ResampleStream(rate_in, rate_out, channels, "float32", _QUALITY)
        fed += block.shape[1]
        for start in range(0, block.shape[1], step):
            piece = stream.resample_chunk(np.ascontiguousarray(block[:, start : start + step].T))
            given += len(piece)
            yield np.ascontiguousarray(piece.T)
    if stream is not None:
        # soxr rounds the length, perhaps down: silence of at least one sample at either rate makes up for it.
        silence = np.zeros((math.ceil(rate_in / rate_out) + 1, channels), np.float32)
        end = stream.resample_chunk(silence, last=True)
        yield np.ascontiguousarray(end[: resampled_length(fed, rate_in, rate_out) - given].T)


def note_of_bandwidth(sample_rate: int, model_rate: int) -> str | None:
    """A line on what a model at `model_rate` Hz loses of a recording at `sample_rate` Hz; None if nothing."""
    if sample_rate <= model_rate:
        return None
    return (
        f"the model keeps nothing above {model_rate / 2000:g} kHz: "
        f"the sound has {sample_rate / 1000:g} kHz samples, up to {sample_rate / 2000:g} kHz are in it"
    )
