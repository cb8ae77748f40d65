"""The order in which slices of a sequence are decoded: all of them at once, each LAG frames behind the one before it.

At step t slice s is at frame t - LAG s:                t   0 1 2 3 4 5 6 7
                                              slice 0       0 1 2 3
so that T frames of S slices take T + LAG (S - 1)     1           0 1 2 3
steps rather than S T, with a window over earlier     2               0 1 2 3
slices that ends LAG - 1 frames in the future. What is
remembered between steps is bounded, however long the sequence (the queues of Le Paine et al., 'Fast WaveNet generation
algorithm', 2016).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vqcodec.system.progress import watched

__all__ = ["LAG", "SPARE", "TAPS", "DelayLine", "FrameWindows", "Skew"]

Floats = NDArray[np.float32]
Integers = NDArray[np.intp]

LAG = 2
TAPS = (-2, -1, 0, 1)  # frames that a slice sees, from its own; the last is what the lag allows

# A full buffer is moved to its beginning. It has room for this many more steps than needed, as each move costs time.
SPARE = 64


@dataclass(frozen=True)
class Skew:
    """The steps of `slices` slices through `frames` frames."""

    slices: int
    frames: int

    def blocks(self, most: int) -> Iterable[range]:
        """All steps, in runs of at most `most`."""
        steps = self.frames + LAG * (self.slices - 1)
        return watched((range(first, min(first + most, steps)) for first in range(0, steps, most)), steps)

    def active(self, step: int) -> range:
        """The slices that are at a frame of the sequence; may be none."""
        return range(max(0, (step - self.frames) // LAG + 1), min(self.slices, step // LAG + 1))

    def frames_of(self, number: int, steps: range) -> range:
        """The frames of the sequence that slice `number` is at in `steps`; may be none."""
        lag = LAG * number
        return range(max(0, steps.start - lag), max(0, min(self.frames, steps.stop - lag)))


class DelayLine:
    """Gives rows of an array `[S, rows, C]` back `delay` rows later; zeros before the first."""

    def __init__(self, slices: int, channels: int, delay: int, most: int) -> None:
        """Make a line for at most `most` rows at once."""
        self._delay, self._end = delay, delay
        self._buffer = np.zeros((slices, delay + max(delay, most, SPARE), channels), np.float32)

    def push(self, rows: Floats) -> Floats:
        """Append rows `[S, n, C]` and return those that came `delay` before each; valid until the next call."""
        end = self._end + rows.shape[1]
        if end > self._buffer.shape[1]:
            self._buffer[:, : self._delay] = self._buffer[:, self._end - self._delay : self._end]
            end = self._delay + rows.shape[1]
        self._buffer[:, end - rows.shape[1] : end] = rows
        self._end = end
        return self._buffer[:, end - rows.shape[1] - self._delay : end - self._delay]


class FrameWindows:
    """What is known of each frame, and the window that each slice sees of it; zeros where nothing was written.

    Args:
        slices: how many see it.
        channels: sequences side by side.
        planes: of each.
        dimension: numbers a plane.
        most: steps read at once.
    """

    def __init__(self, slices: int, channels: int, planes: int, dimension: int, most: int) -> None:
        self._history = LAG * (slices - 1) - TAPS[0]
        self._room = max(self._history, most, SPARE)
        self._first = 0  # the step at which slice 0 is at row `_history`
        self._frames = np.zeros((self._history + self._room + TAPS[-1], channels, planes, dimension), np.float32)
        frame, channel, _, number = self._frames.strides
        # The window of slice s at step `_first` + i begins at row `_history` + TAPS[0] - LAG s + i.
        self._windows = np.lib.stride_tricks.as_strided(
            self._frames[self._history + TAPS[0] :],
            (slices, self._room, channels, len(TAPS), planes * dimension),
            (-LAG * frame, frame, channel, frame, number),
            writeable=False,
        )

    def open(self, steps: range) -> None:
        """Make room for `steps`, which follow those before. What is older than every window is forgotten."""
        if steps.stop - self._first > self._room:
            start = steps.start - self._first
            kept = self._frames[start : start + self._history].copy()
            self._frames[: self._history] = kept
            self._frames[self._history :] = 0
            self._first = steps.start

    def write(self, frames: Integers, planes: Integers, values: Floats) -> None:
        """Values `[*B, channels, D]` of planes `[*B]` at frames `[*B]`, all within a window of an open step."""
        self._frames[frames + (self._history - self._first), :, planes] = values

    def read(self, steps: range) -> Floats:
        """What each slice sees at open `steps`: `[S, n channels, len(TAPS) P D]`; valid until the next call."""
        windows = self._windows[:, steps.start - self._first : steps.stop - self._first]
        slices, count, channels, taps, width = windows.shape
        return windows.reshape(slices, count * channels, taps * width)
