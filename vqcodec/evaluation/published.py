"""Published curves, from JSON: points that others measured, to draw beside one's own."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bitstream.errors import InputError
from vqcodec.evaluation.curves import Curve

__all__ = ["Published", "read_published"]

# By the names that they have here and in the results of CompressAI. The latter also has MS-SSIM in decibels.
RATE = ("bpp", "bits_per_pixel")
METRICS = {"psnr": ("psnr", "psnr-rgb", "psnr_rgb"), "ms_ssim": ("ms_ssim", "ms-ssim", "ms-ssim-rgb")}
MS_SSIM_DECIBELS = ("ms-ssim-db", "ms-ssim-db-rgb")


@dataclass(frozen=True)
class Published:
    """What was published of one codec.

    Attributes:
        name: the codec's, with a word that it is not measured here.
        curves: by the name of the metric.
    """

    name: str
    curves: dict[str, Curve]


def read_published(paths: Sequence[Path]) -> list[Published]:
    """The curves of JSON files, in order; names that occur again get a number.

    Raises:
        InputError: a file is not JSON, or not of the format that `vqcodec eval rd --help` gives.
        OSError: a file cannot be read.
    """
    found: dict[str, Published] = {}
    for path in paths:
        try:
            content = json.loads(path.read_bytes())
        except ValueError:  # of the JSON, or of its encoding
            raise InputError(f"{path}: not JSON") from None
        for entry in content if isinstance(content, list) else [content]:
            try:
                curve = _curve(entry)
            except (TypeError, ValueError) as error:
                raise InputError(f"{path}: not a published curve: {error}") from None
            number, name = 1, curve.name
            while name in found:
                number, name = number + 1, f"{curve.name} {number + 1}"
            found[name] = Published(name, curve.curves)
    return list(found.values())


def _curve(entry: Any) -> Published:
    """One entry of a file; TypeError or ValueError if it is none."""
    if not isinstance(entry, dict) or "name" not in entry:
        raise ValueError('an object with "name" is needed')
    name, series = str(entry["name"]), entry.get("results", entry)
    rates = _numbers(series, RATE)
    if not rates or min(rates) <= 0:
        raise ValueError('"bpp" must be a list of positive numbers')
    columns = {metric: _numbers(series, names) for metric, names in METRICS.items()}
    if not columns["ms_ssim"]:
        columns["ms_ssim"] = tuple(1 - 10 ** (-value / 10) for value in _numbers(series, MS_SSIM_DECIBELS))
    curves = {}
    for metric, values in columns.items():
        if values:
            pairs = sorted(zip(rates, values, strict=True))
            curves[metric] = Curve((), *(tuple(column) for column in zip(*pairs, strict=True)))
    if not curves:
        raise ValueError('neither "psnr" nor "ms_ssim"')
    return Published(f"{name} (published)", curves)


def _numbers(series: dict[str, Any], names: Sequence[str]) -> tuple[float, ...]:
    """The list of the first of these names; empty if there is none."""
    values: Sequence[float] = next((series[name] for name in names if name in series), [])
    numbers = tuple(float(value) for value in values)
    if not all(map(math.isfinite, numbers)):
        raise ValueError("numbers must be finite")
    return numbers
