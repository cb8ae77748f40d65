"""Which setting gives the largest file of a size: a search by estimates of sizes."""

from __future__ import annotations

from collections.abc import Callable

from vqcodec.quality import Setting

__all__ = ["MOST_ESTIMATES", "TOLERANCE", "cheaper", "largest_within"]

QUALITY_STEPS = 7
LAMBDA_STEPS = 5
LAMBDA_OCTAVES = 4.0
TOLERANCE = 0.05  # a file that is smaller by no more has the size
ERROR = 0.015  # of an estimate
MOST_ESTIMATES = 1 + QUALITY_STEPS + 1 + LAMBDA_STEPS


def largest_within(budget: float, size_of: Callable[[Setting], float], settings: Callable[[float], Setting]) -> Setting:
    """The setting with the largest file within the budget, or the smallest that there is.

    By bisection of the quality, and of the worth of a bit at its end.

    Args:
        budget: bytes.
        size_of: an estimate of the bytes of a file.
        settings: those of a quality 1..100.
    """

    def fits(chosen: Setting, part: float = 1) -> bool:
        return size_of(chosen) <= part * budget

    chosen = settings(100.0)
    if fits(chosen):
        return chosen
    low, high = _bisect(lambda quality: fits(settings(quality)), 1.0, 100.0, QUALITY_STEPS)
    chosen, above = settings(low), settings(high)
    # Where the rate point changes the rate jumps. A larger worth of a bit at the upper one fills the gap.
    if above.rate_point != chosen.rate_point and fits(chosen, 1 - TOLERANCE + ERROR):
        octaves = -_bisect(lambda less: fits(cheaper(above, -less)), -LAMBDA_OCTAVES, 0.0, LAMBDA_STEPS)[0]
        chosen = chosen if octaves == LAMBDA_OCTAVES else cheaper(above, octaves)
    return chosen


def cheaper(chosen: Setting, octaves: float) -> Setting:
    """The same rate point with bits worth 2**octaves times as much."""
    return Setting(chosen.rate_point, chosen.lambda_ * 2**octaves)


def _bisect(fits: Callable[[float], bool], low: float, high: float, steps: int) -> tuple[float, float]:
    """Narrow down the largest argument that fits, given that none above `high` does: `low` or what fits, and above."""
    for _ in range(steps):
        middle = (low + high) / 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low, high
