"""Files of at most so many bytes: which rate points are worth a try, and the worth of a bit that fills the budget.

The size of a file falls smoothly with the worth of a bit (lambda), at each rate point over a range of its own; the
quality table has the part of it that serves best. Sizes are estimates while a setting is searched for; the files that
are then written correct them.
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
FOUND, CORRECTED = 0.02, 0.005  # the same of estimates, before and after what the first file tells of their error
STEPS = 8
ATTEMPTS = 5
# For who watches: what a search takes, of estimates and of files.
USUAL_ESTIMATES, USUAL_FILES = 8, 2
COARSER = 64.0  # how far lambda goes above the table; below, it goes down to 0
# Sizes are estimated on at most about so many latent positions, in so many pieces, none of them narrower than this.
PROBED = 1 << 14
PROBES = 12
NARROWEST = 16


class SizeCurve:
    """How large files of an original are, by the setting with which its indices are chosen.

    Args:
        table: the quality table of the model.
        size: a setting to the bytes of a file; asked once for each.
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
        """The setting with the largest one."""
        return self._ends(max(self._lambdas))[1]

    def size(self, chosen: Setting) -> float:
        """Bytes of the file, estimated."""
        if chosen not in self._known:
            self._known[chosen] = self._measure(chosen)
        return self._known[chosen]

    def rate_points(self, budget: float) -> list[int]:
        """The one or two rate points that may have the best file of `budget` bytes, the coarser one first.

        From a rate point to the next the size jumps. Within the jump a budget is filled by a lambda at the finer one
        that is larger than is good for it, and the largest file of the coarser one may be better.
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
            unused: the share of it that may be left.
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
        """A setting whose file should have `aim` bytes, or that is half way between the two."""
        rate_point = coarse.rate_point
        largest, smallest = self._lambdas[rate_point]
        # Sizes are about straight in these two logarithms.
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
        is_finest: whether the model has no use for more.
    """

    data: bytes
    is_finest: bool


def largest_file(curve: SizeCurve, rate_point: int, write: Callable[[Setting], bytes], budget: float) -> SizedFile:
    """The largest file of at most `budget` bytes that `write` makes of a rate point, or else the smallest of any."""
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
        # If even the last correction did not do, sizes are uneven, and need more room.
        spare = CORRECTED * (1 if best else 2 ** (len(tried) - 1))
        target, unused = (1 - spare) * budget * curve.size(chosen) / size, CORRECTED
    return best or SizedFile(write(curve.coarsest), False)


def taken(found: SizedFile, budget: float, shown: Callable[[float], str] = "{} bytes".format) -> bytes:
    """The file that was found for a budget; a UserWarning says if it is far below that, as nobody should wonder why.

    Args:
        found: the file.
        budget: its bytes, at most.
        shown: how numbers of bytes are told.

    Raises:
        InputError: the file is larger.
    """
    size = len(found.data)
    if size > budget:
        raise InputError(f"{shown(budget)} is less than the model can do: the smallest file has {shown(size)}")
    if size < (1 - TOLERANCE) * budget:
        why = "is more than the model can use" if found.is_finest else "cannot be filled with anything better"
        warnings.warn(f"{shown(budget)} {why}: the file has {shown(size)}", stacklevel=3)
    return found.data


def probe(latents: NDArray[np.float32]) -> tuple[NDArray[np.float32], float]:
    """Columns of `[P, D, rows, columns]` to estimate sizes on: all, or pieces from all over; and their share."""
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
        InputError: it is less than 1, or no number.
    """
    most = number(max_bytes, "max_bytes")
    if not 1 <= most < math.inf:
        raise InputError(f"a file has at least one byte, not {most:g}")
    return math.floor(most)


def _lambda_of(chosen: Setting) -> float:
    return chosen.lambda_
