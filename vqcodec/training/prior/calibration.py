"""The quality knob: which rate point and which lambda give a rate best.

At each rate point, larger lambdas trade fidelity for rate. All rate points are measured on a few originals; for
every target rate the setting with the highest fidelity is taken. Targets are evenly spaced in the rate's logarithm.
"""

from __future__ import annotations

import math
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from tqdm import tqdm

from vqcodec.codec.base import Codec
from vqcodec.model.quality import Setting
from vqcodec.system.processes import processors
from vqcodec.training.data.originals import Piece
from vqcodec.training.prior.volumes import LAMBDA_OCTAVES

__all__ = ["calibrate"]

FACTORS = tuple(2.0 ** np.linspace(*LAMBDA_OCTAVES, 5))
ENTRIES = 100


@dataclass(frozen=True)
class Measured:
    """Means over the pieces at one setting."""

    log_rate: float
    fidelity: float
    log_lambda: float


def calibrate(codec: Codec, pieces: list[Piece], lambda_: float, lowest_rate: float) -> tuple[Setting, ...]:
    """Settings of quality 1..100, from `lowest_rate` (or what the model gives) to its highest rate."""
    rate_points = range(len(codec.model.codebooks.sizes))
    chosen = [Setting(rate_point, lambda_ * factor) for rate_point in rate_points for factor in FACTORS]
    with ThreadPoolExecutor(processors()) as pool:  # numpy's part of the work is on one thread each
        measured = pool.map(partial(measure, codec, pieces), chosen)
        points = list(tqdm(measured, desc="calibration", total=len(chosen), disable=None))
    curves = [points[first : first + len(FACTORS)] for first in range(0, len(points), len(FACTORS))]
    ends = [point.log_rate for curve in curves for point in curve]
    lowest = min(max(min(ends), math.log2(max(lowest_rate, 1e-9))), max(ends))
    found = [Setting(0, sys.float_info.max)]
    for target in np.linspace(lowest, max(ends), ENTRIES):
        found.append(best_setting(curves, target, found[-1]))
    return tuple(found[1:])


def measure(codec: Codec, pieces: list[Piece], chosen: Setting) -> Measured:
    """Code pieces: log2 of the mean bits a pixel or sample, mean fidelity."""
    rates, fidelities = [], []
    for piece in pieces:
        indices = codec.indices(codec.choose(piece.latents, chosen), chosen.rate_point, piece.source)
        rates.append(codec.bits(indices).sum() / piece.size)
        fidelities.append(piece.fidelity(indices))
    return Measured(math.log2(max(np.mean(rates), 1e-9)), float(np.mean(fidelities)), math.log2(chosen.lambda_))


def best_setting(curves: list[list[Measured]], log_rate: float, last: Setting) -> Setting:
    """The setting at `log_rate` with the highest fidelity, interpolated along the curve of each rate point.

    It is no coarser than the `last` one: where two rate points serve as well, a table does not go back and forth.
    """
    candidates = []
    for rate_point, curve in enumerate(curves[last.rate_point :], start=last.rate_point):
        ordered = sorted(curve, key=lambda point: point.log_rate)
        x = [point.log_rate for point in ordered]
        inside = x[0] <= log_rate <= x[-1]
        fidelity = float(np.interp(log_rate, x, [point.fidelity for point in ordered]))
        log_lambda = float(np.interp(log_rate, x, [point.log_lambda for point in ordered]))
        outside = max(x[0] - log_rate, log_rate - x[-1], 0.0)
        lambda_ = min(2.0**log_lambda, last.lambda_) if rate_point == last.rate_point else 2.0**log_lambda
        candidates.append((inside, -outside, fidelity, Setting(rate_point, lambda_)))
    return max(candidates, key=lambda each: each[:3])[3]
