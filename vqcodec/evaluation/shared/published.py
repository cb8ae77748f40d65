"""Curves that others published, from JSON files, to draw them beside our own."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bitstream.errors import InputError
from vqcodec.evaluation.shared.curves import Curve

__all__ = ["Published", "Spelling", "read_published"]


@dataclass(frozen=True)
class Spelling:
    """How such files may name their columns; the first name of each is the one in `vqcodec eval rd --help`.

    Attributes:
        rate: names of the rates.
        metrics: names of the values of each metric.
        decibels: names of the values of each metric that ends at 1, if they are given in decibels.
    """

    rate: tuple[str, ...]
    metrics: Mapping[str, tuple[str, ...]]
    decibels: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Published:
    """What was published of one codec.

    Attributes:
        name: of the codec, marked as published.
        curves: by the name of the metric.
    """

    name: str
    curves: dict[str, Curve]


def read_published(paths: Sequence[Path], spelling: Spelling) -> list[Published]:
    """The curves of JSON files, in order. A name that occurs again gets a number.

    Raises:
        InputError: a file is not JSON, or does not have the format of `vqcodec eval rd --help`.
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
                curve = _curve(entry, spelling)
            except (TypeError, ValueError) as error:
                raise InputError(f"{path}: not a published curve: {error}") from None
            number, name = 1, curve.name
            while name in found:
                number, name = number + 1, f"{curve.name} {number + 1}"
            found[name] = Published(name, curve.curves)
    return list(found.values())


def _curve(entry: Any, spelling: Spelling) -> Published:
    """One entry of a file; TypeError or ValueError if it is none."""
    if not isinstance(entry, dict) or "name" not in entry:
        raise ValueError('an object with "name" is needed')
    name, series = str(entry["name"]), entry.get("results", entry)
    rates = _numbers(series, spelling.rate)
    if not rates or min(rates) <= 0:
        raise ValueError(f'"{spelling.rate[0]}" must be a list of positive numbers')
    columns = {metric: _numbers(series, names) for metric, names in spelling.metrics.items()}
    for metric, names in spelling.decibels.items():
        columns[metric] = columns[metric] or tuple(1 - 10 ** (-value / 10) for value in _numbers(series, names))
    curves = {}
    for metric, values in columns.items():
        if values:
            pairs = sorted(zip(rates, values, strict=True))
            curves[metric] = Curve((), *(tuple(column) for column in zip(*pairs, strict=True)))
    if not curves:
        raise ValueError("neither " + " nor ".join(f'"{metric}"' for metric in spelling.metrics))
    return Published(f"{name} (published)", curves)


def _numbers(series: dict[str, Any], names: Sequence[str]) -> tuple[float, ...]:
    """The list of the first of these names; empty if there is none."""
    values: Sequence[float] = next((series[name] for name in names if name in series), [])
    numbers = tuple(float(value) for value in values)
    if not all(map(math.isfinite, numbers)):
        raise ValueError("numbers must be finite")
    return numbers
