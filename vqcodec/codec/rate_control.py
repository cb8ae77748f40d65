"""Rate control: the rate point and the lambda with which a file fills a budget of bytes.

At each rate point, the size of a file falls smoothly as lambda rises. The quality table has the part of that range that
is used for qualities. A setting is searched for with estimated sizes, and the files that are then written correct the
estimates.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitstream.errors import InputError
from vqcodec.model.quality import Setting
from vqcodec.system.arguments import number

__all__ = [
    "TOLERANCE",
    "USUAL_ESTIMATES",
    "USUAL_FILES",
    "SizeCurve",
    "SizedFile",
    "check_budget",
    "largest_file",
    "probe",
    "taken",
]

TOLERANCE = 0.03  # share of the budget that a file may leave unused
FOUND, CORRECTED = 0.02, 0.005  # the same for estimates, before and after the first file has shown their error
STEPS = 8
ATTEMPTS = 5
# What a search usually takes, for progress bars: estimates and files.
USUAL_ESTIMATES, USUAL_FILES = 8, 2
COARSER = 64.0  # times the largest lambda in the table is the largest one that is tried; the smallest one is 0
# Sizes are estimated on at most about PROBED latent positions, in up to PROBES pieces of NARROWEST columns or more.
PROBED = 1 << 14
PROBES = 12
NARROWEST = 16


class SizeCurve:
    """The size of the file of an original, as a function of the setting.

    Args:
        table: the quality table of the model.
        size: from a setting to the bytes of the file; called once for each setting.
    """

    def __init__(self, table: Sequence[Setting], size: Callable[[Setting], float]) -> None:
        self._measure = size
        self._known: dict[Setting, float] = {}
        self._lambdas: dict[int, tuple[float, float]] = {}  # the largest and smallest in the table, by rate point
        for rate_point in sorted({entry.rate_point for entry in table}):
            lambdas = [entry.lambda_ for entry in table if entry.rate_point == rate_point]
            self._lambdas[rate_point] = max(lambdas), min(lambdas)

    @property
    def coarsest(self) -> Setting:
        """The setting with the smallest file."""
        return self._ends(min(self._lambdas))[0]

    @property
    def finest(self) -> Setting:
        """The setting with the largest file."""
        return self._ends(max(self._lambdas))[1]

    def size(self, chosen: Setting) -> float:
        """The estimated bytes of the file."""
        if chosen not in self._known:
            self._known[chosen] = self._measure(chosen)
        return self._known[chosen]

    def rate_points(self, budget: float) -> list[int]:
        """The one or two rate points that may have the best file of `budget` bytes, the coarser one first.

        The size jumps from one rate point to the next. A budget within the jump is filled at the finer rate point only
        by a lambda that is too large for it, and the largest file of the coarser one may be better.
        """
        rate_points = list(self._lambdas)
        low, high = 0, len(rate_points)  # the first rate point that does not fit at its largest lambda in the table
        while low < high:
            middle = (low + high) // 2
            coarse = Setting(rate_points[middle], self._lambdas[rate_points[middle]][0])
            low, high = (middle + 1, high) if self.size(coarse) <= budget else (low, middle)
        first = max(low - 1, 0)
        if first + 1 < len(rate_points) and self.size(self._ends(rate_points[first])[1]) < (1 - FOUND) * budget:
            return rate_points[first : first + 2]
        return [rate_points[first]]

    def fit(self, rate_point: int, budget: float, unused: float = FOUND) -> Setting | None:
        """The setting of a rate point whose file fills a budget; None if none of its files is so small.

        Args:
            rate_point: of the setting.
            budget: in bytes.
            unused: the share of the budget that may be left.
        """
        for step in range(STEPS):
            known = [each for each in self._known if each.rate_point == rate_point]
            fitting = [each for each in known if self.size(each) <= budget]
            coarse = min(fitting, key=_lambda_of, default=self._ends(rate_point)[0])
            fine = max(set(known) - set(fitting), key=_lambda_of, default=self._ends(rate_point)[1])
            if self.size(fine) <= budget:
                return fine
            if self.size(coarse) > budget:
                return None
            if self.size(coarse) >= (1 - unused) * budget:
                break
            self.size(self._between(coarse, fine, None if step % 3 == 2 else (1 - unused / 2) * budget))
        return coarse

    def _between(self, coarse: Setting, fine: Setting, aim: float | None) -> Setting:
        """A setting between two, whose file should have `aim` bytes; half way if `aim` is None."""
        rate_point = coarse.rate_point
        largest, smallest = self._lambdas[rate_point]
        # The logarithm of the size is about a straight line over log(1 + lambda / unit).
        unit = math.sqrt(largest * smallest) or largest or 1.0
        ends = [math.log1p(each.lambda_ / unit) for each in (coarse, fine)]
        part = 0.5
        if aim is not None:
            low, high = math.log(self.size(coarse)), math.log(self.size(fine))
            part = min(max((math.log(aim) - low) / (high - low), 0.02), 0.98)
        return Setting(rate_point, unit * math.expm1((1 - part) * ends[0] + part * ends[1]))

    def _ends(self, rate_point: int) -> tuple[Setting, Setting]:
        """The coarsest and the finest setting of a rate point."""
        return Setting(rate_point, COARSER * (self._lambdas[rate_point][0] or 1.0)), Setting(rate_point, 0.0)


@dataclass(frozen=True)
class SizedFile:
    """The best file for a budget.

    Attributes:
        data: its bytes; more than the budget if no file is so small.
        is_finest: whether no file of the model is finer.
    """

    data: bytes
    is_finest: bool


def largest_file(curve: SizeCurve, rate_point: int, write: Callable[[Setting], bytes], budget: float) -> SizedFile:
    """The largest file of at most `budget` bytes that `write` makes at a rate point, or else the smallest of all."""
    best: SizedFile | None = None
    tried: set[Setting] = set()
    target, unused = budget, FOUND
    while len(tried) < ATTEMPTS:
        chosen = curve.fit(rate_point, target, unused)
        if chosen is None or chosen in tried:
            break
        tried.add(chosen)
        found = SizedFile(write(chosen), chosen == curve.finest)
        size = len(found.data)
        if size <= budget and (best is None or size > len(best.data)):
            best = found
            if found.is_finest or size >= (1 - TOLERANCE) * budget:
                break
        # If even the corrected file did not fit, sizes are uneven, and need more room.
        spare = CORRECTED * (1 if best else 2 ** (len(tried) - 1))
        target, unused = (1 - spare) * budget * curve.size(chosen) / size, CORRECTED
    return best or SizedFile(write(curve.coarsest), False)


def taken(found: SizedFile, budget: float, shown: Callable[[float], str] = "{} bytes".format) -> bytes:
    """The bytes of the file that was found for a budget. A UserWarning says why if it is far below the budget.

    Args:
        found: the file.
        budget: its bytes, at most.
        shown: formats numbers of bytes.

    Raises:
        InputError: the file is larger.
    """
    size = len(found.data)
    if size > budget:
        raise InputError(f"{shown(budget)} is too little for the model: its smallest file has {shown(size)}")
    if size < (1 - TOLERANCE) * budget:
        why = "is more than the model can use" if found.is_finest else "cannot be met more closely"
        warnings.warn(f"{shown(budget)} {why}: the file has {shown(size)}", stacklevel=3)
    return found.data


def probe(latents: NDArray[np.float32]) -> tuple[NDArray[np.float32], float]:
    """Columns of latents `[P, D, rows, columns]` to estimate sizes on, all or evenly spaced pieces; and their share."""
    _, _, rows, columns = latents.shape
    most = max(2 * NARROWEST, PROBED // rows)
    if columns <= most:
        return latents, 1.0
    count = min(PROBES, most // NARROWEST)
    starts = np.linspace(0, columns - most // count, count).astype(int)
    pieces = [latents[..., start : start + most // count] for start in starts]
    return np.concatenate(pieces, axis=3), count * (most // count) / columns


def check_budget(max_bytes: float) -> int:
    """The budget in whole bytes.

    Raises:
        InputError: it is less than 1, or not a number.
    """
    most = number(max_bytes, "max_bytes")
    if not 1 <= most < math.inf:
        raise InputError(f"max_bytes must be at least 1, not {most:g}")
    return math.floor(most)


def _lambda_of(chosen: Setting) -> float:
    return chosen.lambda_
