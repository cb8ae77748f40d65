"""The constant offset of a recording, which some sound cards add. It is not heard, and models were not trained on it.

It would be a click where it begins and ends. So it is removed, before anything else is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from vqcodec.media.sounds.blocks import equal_blocks

__all__ = ["without_offset"]

SECONDS = 1.0  # the offset is the mean of so long a stretch, to which sounds above a few Hz add nothing

Samples = NDArray[np.float32]


def without_offset(blocks: Iterable[Samples], sample_rate: int) -> Iterator[Samples]:
    """Blocks `[C, n]` without their offset: the mean of each second, interpolated between the middles of seconds.

    Where the recording is cut into blocks does not change the result.

    Args:
        blocks: of a recording.
        sample_rate: samples a second.
    """
    length = round(SECONDS * sample_rate)
    held: Samples | None = None
    before = mean = np.zeros(0)
    for second in equal_blocks(blocks, length):
        following = second.mean(axis=1, dtype=np.float64)
        if held is None:
            before = mean = following
        else:
            # What there is of the last second may be short: as much of the mean before it stands for the rest.
            following = mean + (following - mean) * second.shape[1] / length
            yield held - _line(before, mean, following, held.shape[1], length)
            before, mean = mean, following
        held = second
    if held is not None:
        yield held - _line(before, mean, mean, held.shape[1], length)


def _line(
    before: NDArray[np.float64], mean: NDArray[np.float64], following: NDArray[np.float64], count: int, length: int
) -> Samples:
    """The offset `[C, count]` at the first samples of a second, from its mean and those of the seconds around."""
    place = (np.arange(count) + 0.5) / length - 0.5  # -1/2..1/2 of the second
    down, up = np.maximum(-place, 0), np.maximum(place, 0)
    steps = np.outer(before - mean, down) + np.outer(following - mean, up)
    line: Samples = (mean[:, None] + steps).astype(np.float32)
    return line
