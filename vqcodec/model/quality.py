"""The quality knob: from quality 1..100 to a rate point of the model and the lambda with which codes are chosen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bitstream.errors import InputError

__all__ = ["Setting", "quality_of", "setting"]


@dataclass(frozen=True)
class Setting:
    """A rate point, and the lambda with which codes are chosen, in squared quantization widths a bit.

    Raises:
        ValueError: one of them is negative, or lambda is not finite.
    """

    rate_point: int
    lambda_: float

    def __post_init__(self) -> None:
        if self.rate_point < 0 or not 0 <= self.lambda_ < math.inf:
            raise ValueError(f"a setting cannot have rate point {self.rate_point} and lambda {self.lambda_}")


def setting(table: Sequence[Setting], quality: float) -> Setting:
    """The setting of `quality`, interpolated in a table whose entries are evenly spaced in quality 1..100.

    Raises:
        InputError: the quality is outside of 1..100.
    """
    if not 1 <= quality <= 100:
        raise InputError(f"quality must be from 1 to 100, not {quality:g}")
    position = (quality - 1) / 99 * (len(table) - 1)
    low, high = table[math.floor(position)], table[math.ceil(position)]
    fraction = position - math.floor(position)
    if low.rate_point != high.rate_point:
        return low if fraction < 0.5 else high
    return Setting(low.rate_point, low.lambda_ ** (1 - fraction) * high.lambda_**fraction)


def quality_of(table: Sequence[Setting], chosen: Setting) -> float:
    """The quality of a setting, about: that of the first entry of the table which is not coarser."""
    finer = [(entry.rate_point, -entry.lambda_) >= (chosen.rate_point, -chosen.lambda_) for entry in table]
    index = finer.index(True) if any(finer) else len(table) - 1
    return 1 + 99 * index / max(1, len(table) - 1)
