"""Channels <-> the rows that are coded.

Each channel is a row. Two channels are first turned, as points of a plane, by an angle that leaves little or nothing in
the second row. At 0 degrees the rows are left and right, at 45 degrees mid and side, and at 135 degrees mid and side of
a recording whose channels have opposite signs. A voice that was mixed between the sides has another angle.

The codes do not hold the phases of the rows to each other. If both rows are loud, what was on one side comes back on
both. If the second row is faint, this does not matter. All else is coded as left and right, whose levels are kept.

Silent rows are not coded.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from bitstream import AudioSource, Rotation
from bitstream.sources import ANGLES, STRETCH_SECONDS
from vqcodec.media.sounds.blocks import equal_blocks

__all__ = ["SILENCE", "RowAnalysis", "channels_of", "coded_rows", "rows_of", "with_silent_rows"]

Samples = NDArray[np.float32]

SILENCE = 2.0**-14  # two steps of 16 bits: the peak of a silent row, at most
FAINT = 0.1  # share of the magnitudes of the first row, up to which the second one is faint
AS_GOOD = 1.25, 1e-4  # an angle that takes fewer bits is as good if its share is at most so much larger: factor, extra
RAMP_SECONDS = 0.02  # from one angle to the next, so that no row jumps
WINDOW = 512  # samples of a short-time spectrum


class RowAnalysis:
    """Turns one recording into its rows, and remembers the angles.

    Args:
        sample_rate: samples a second.

    Attributes:
        rotations: as in `AudioSource`; complete at the end of the recording.
        peaks: the largest magnitude of each row; likewise.
    """

    def __init__(self, sample_rate: int) -> None:
        self._sample_rate = sample_rate
        self.rotations: list[Rotation] = []
        self.peaks = np.zeros(0, np.float32)

    def rows(self, blocks: Iterable[Samples]) -> Iterator[Samples]:
        """The rows `[C, n]` of blocks `[C, n]`, of which at least one is needed."""
        for block in self._turned(blocks):
            peaks = np.abs(block).max(axis=1, initial=0)
            self.peaks = np.maximum(self.peaks, peaks) if self.peaks.size else peaks
            yield block

    @property
    def silent_rows(self) -> tuple[int, ...]:
        """As in `AudioSource`."""
        silent = np.flatnonzero(self.peaks <= SILENCE).tolist()
        return tuple(silent if len(silent) < len(self.peaks) else silent[1:])

    def _turned(self, blocks: Iterable[Samples]) -> Iterator[Samples]:
        angle = 0
        for number, stretch in enumerate(equal_blocks(blocks, STRETCH_SECONDS * self._sample_rate)):
            if len(stretch) != 2:
                yield stretch
                continue
            before, angle = angle, _best_angle(stretch, angle)
            if angle != before:
                self.rotations.append(Rotation(number, angle))
            yield _turned(stretch, _course(before, angle, number, self._sample_rate, stretch.shape[1]))


def rows_of(blocks: Iterable[Samples], sample_rate: int, rotations: Sequence[Rotation]) -> Iterator[Samples]:
    """The rows `[C, n]` of blocks `[C, n]`, turned by known rotations."""
    return _turned_as_noted(blocks, sample_rate, rotations, 1)


def channels_of(rows: Iterable[Samples], sample_rate: int, rotations: Sequence[Rotation]) -> Iterator[Samples]:
    """The inverse of `rows_of`."""
    return _turned_as_noted(rows, sample_rate, rotations, -1)


def coded_rows(channels: int, silent_rows: Sequence[int]) -> NDArray[np.intp]:
    """The numbers of the rows that are coded, ascending."""
    return np.delete(np.arange(channels), list(silent_rows))


def _turned_as_noted(
    blocks: Iterable[Samples], sample_rate: int, rotations: Sequence[Rotation], direction: int
) -> Iterator[Samples]:
    if not rotations:
        yield from blocks
        return
    angles, angle = dict(rotations), 0
    for number, stretch in enumerate(equal_blocks(blocks, STRETCH_SECONDS * sample_rate)):
        before, angle = angle, angles.get(number, angle)
        yield _turned(stretch, direction * _course(before, angle, number, sample_rate, stretch.shape[1]))


def _course(before: int, angle: int, number: int, sample_rate: int, length: int) -> NDArray[np.float64]:
    """The angle in radians at each of `length` samples of stretch `number`, or `[1]` if it does not change."""
    if before == angle or number == 0:
        return np.full(1, angle * math.pi / ANGLES)
    ramp = max(1, round(RAMP_SECONDS * sample_rate))
    return np.interp(np.arange(length), [0, ramp], [before * math.pi / ANGLES, angle * math.pi / ANGLES])


def _turned(stretch: Samples, angles: NDArray[np.float64]) -> Samples:
    if not angles.any():
        return stretch
    cos, sin = np.cos(angles), np.sin(angles)
    left, right = stretch
    return np.stack([cos * left + sin * right, cos * right - sin * left]).astype(np.float32)


def _best_angle(stretch: Samples, before: int) -> int:
    """The angle by which to turn a stretch `[2, n]`; the stretch before was turned by `before`."""
    left, right = _spectra(stretch)
    powers = np.abs(left) ** 2, np.abs(right) ** 2
    product = 2 * (left * right.conj()).real
    if not sum(map(np.sum, powers)) > SILENCE**2 * left.size:
        return before
    radians = 0.5 * math.atan2(product.sum(), powers[0].sum() - powers[1].sum())

    def share(angle: int) -> float:
        """The magnitudes of the fainter row, as a share of those of the other."""
        cos, sin = math.cos(angle * math.pi / ANGLES), math.sin(angle * math.pi / ANGLES)
        mixed, whole = sin * cos * product, powers[0] + powers[1]
        first = cos**2 * powers[0] + sin**2 * powers[1] + mixed
        sums = [float(np.sqrt(np.maximum(power, 0)).sum()) for power in (first, whole - first)]
        return min(sums) / max(sums)

    principal = round(radians * ANGLES / math.pi) % ANGLES
    shares = {angle: share(angle) for angle in (before, 0, principal)}
    factor, extra = AS_GOOD
    good = min(FAINT, factor * min(shares.values()) + extra)
    return next((angle for angle, found in shares.items() if found <= good), 0)


def _spectra(stretch: Samples) -> NDArray[np.complex128]:
    """Short-time spectra `[2, frames, bins]`; the last one is padded with silence."""
    padded = np.pad(stretch, ((0, 0), (WINDOW // 2, WINDOW + -stretch.shape[1] % (WINDOW // 2))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW, axis=1)[:, :: WINDOW // 2]
    return np.fft.rfft(frames * np.hanning(WINDOW))


def with_silent_rows(blocks: Iterable[Samples], source: AudioSource) -> Iterator[Samples]:
    """Blocks `[C, n]` of all rows, from blocks of the coded rows."""
    if not source.silent_rows:
        yield from blocks
        return
    coded = coded_rows(source.channels, source.silent_rows)
    for block in blocks:
        rows = np.zeros((source.channels, block.shape[1]), np.float32)
        rows[coded] = block
        yield rows
