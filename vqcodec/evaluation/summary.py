"""The summary: tables with a heading and a remark, which Markdown and the page both show; and all results as JSON."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from itertools import pairwise
from statistics import fmean
from typing import Any

import vqcodec
from vqcodec.evaluation.curves import Metric, interpolate, rises
from vqcodec.evaluation.rate_distortion import METRICS, MeanPoint
from vqcodec.evaluation.report import markdown_table, number
from vqcodec.evaluation.results import Results

__all__ = ["Section", "as_json", "as_markdown", "sections", "title"]

RATES = (0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
PACKAGES = ("numpy", "scipy", "torch", "pillow", "pillow-jxl-plugin", "pytorch-msssim", "ssimulacra2", "bjontegaard")


@dataclass(frozen=True)
class Section:
    """A table: text in the first column, numbers in the others, unless it is `wordy`; `first` if it says the most."""

    heading: str
    remarks: tuple[str, ...]
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    wordy: bool = False
    first: bool = False


def title(results: Results) -> str:
    """What was measured."""
    count = len(results.pictures)
    return f"Rate and distortion on {count} picture{'s' * (count != 1)} of {results.folder}"


def sections(results: Results) -> list[Section]:
    """All tables of the summary."""
    found = [_against(results)] if len(results.entrants) > 1 or results.published else []
    found += [_at_rates(results, metric) for metric in METRICS]
    found += [_every_quality(results), _settings(results)]
    if results.skipped:
        rows = tuple((each.name, each.reason) for each in results.skipped)
        found.append(Section("Pictures that were left out", (), ("picture", "reason"), rows, wordy=True))
    return found


def as_markdown(results: Results) -> str:
    """The summary."""
    parts = [f"# {_cell(title(results))}"]
    for section in sections(results):
        cells = [[_cell(cell) for cell in row] for row in section.rows]
        parts += [f"## {section.heading}", *section.remarks, markdown_table(section.header, cells)]
    return "\n\n".join([*parts, *results.notes]) + "\n"


def _cell(text: str) -> str:
    """Text that cannot leave its cell, or become markup: file names may hold anything."""
    marked = "".join(f"\\{each}" if each in "\\`*_[]<>|" else each for each in text)
    return " ".join(marked.split())


def _against(results: Results) -> Section:
    """BD-rate and BD-PSNR of the first codec against every other curve."""
    label = results.labels
    found = {(each.against, each.metric.name): each.distance for each in results.comparisons if not each.image}
    rows = []
    for name in dict.fromkeys(each.against for each in results.comparisons if not each.image):
        psnr, *others = (found.get((name, metric.name)) for metric in METRICS)
        common = "-" if psnr is None or math.isnan(psnr.low) else f"{psnr.low:.1f} to {psnr.high:.1f}"
        quality = "-" if psnr is None else number(psnr.quality, sign=True)
        rates = ["-" if each is None else number(each.rate, 1, sign=True) for each in (psnr, *others)]
        rows.append((label[name], rates[0], quality, common, *rates[1:]))
    header = ("against", "BD-rate, %", "BD-PSNR, dB", "over dB", "BD-rate by MS-SSIM, %", "by SSIMULACRA 2, %")
    first = results.entrants[0].label
    remarks = (
        f"Bjontegaard's measures of {first} on the mean curves, over the qualities (or rates) that both curves have; "
        f"interpolated by PCHIP over the logarithm of the rate, MS-SSIM in decibels. A negative BD-rate is what "
        f"{first} saves.",
    )
    return Section(f"{first} against the others", remarks, header, tuple(rows), first=True)


def _at_rates(results: Results, metric: Metric) -> Section:
    """A metric of every codec at RATES, and how far the first one is ahead of each."""
    label = results.labels
    known = results.curves[metric.name]
    values = {name: interpolate(curve.rates, curve.values, RATES) for name, curve in known.items()}
    columns = {label[name]: [number(value, metric.digits) for value in column] for name, column in values.items()}
    first, *others = values
    for name in others:
        ahead = values[first] - values[name]
        columns[f"vs {label[name]}"] = [number(value, metric.digits, sign=True) for value in ahead]
    rows = zip((f"{rate:g}" for rate in RATES), *columns.values(), strict=True)
    kept = tuple(row for row in rows if any(cell != "-" for cell in row[1:]))
    remark = "Means, interpolated by PCHIP over the logarithm of the rate; a dash where nothing was measured."
    return Section(f"{metric.label}, at fixed rates", (remark,), ("bit/pixel", *columns), kept)


def _every_quality(results: Results) -> Section:
    """The means of the first codec at every quality, and whether they rise."""
    first = results.entrants[0]
    own = [point for point in results.means if point.codec == first.name]
    rows = tuple(
        (
            f"{point.quality:g}",
            number(point.bits_per_pixel, 4),
            *(number(getattr(point, metric.name), metric.digits) for metric in METRICS),
            number(point.encode_seconds),
            number(point.decode_seconds),
        )
        for point in own
    )
    header = ("quality", "bit/pixel", *(metric.short for metric in METRICS), "encode s", "decode s")
    remarks = (*_strictness(own), "Times are means, wall clock on one core.")
    return Section(f"{first.label} at every quality", remarks, header, rows)


def _strictness(own: Sequence[MeanPoint]) -> list[str]:
    """Whether the means rise strictly with the quality, and where they do not."""
    lines = []
    for name, column in (("rate", "bits_per_pixel"), ("PSNR", "psnr")):
        values = [getattr(point, column) for point in own]
        steps = zip(own[1:], pairwise(values), strict=True)
        falls = [f"{point.quality:g}" for point, (before, after) in steps if not after > before]
        answer = "yes" if rises(values) else f"NO, not at quality {', '.join(falls)}"
        lines.append(f"The mean {name} rises strictly with the quality: {answer}.")
    return lines


def _settings(results: Results) -> Section:
    """What every codec was run with, and how long it took."""
    rows = []
    for entrant in results.entrants:
        own = [point for point in results.points if point.codec == entrant.name]
        seconds = [fmean(getattr(point, f"{way}_seconds") for point in own) for way in ("encode", "decode")]
        grid = " ".join(f"{quality:g}" for quality in entrant.qualities)
        rows.append((entrant.label, entrant.settings, grid, *(number(each, 3) for each in seconds)))
    header = ("codec", "settings", "qualities", "encode s", "decode s")
    remarks = ("Times are means over all pictures and qualities, wall clock on one core, pictures side by side.",)
    return Section("Settings and times", remarks, header, tuple(rows), wordy=True)


def as_json(results: Results) -> str:
    """Everything; what is not a finite number is null."""
    versions = {name: metadata.version(name) for name in PACKAGES if _installed(name)}
    codecs = [
        {key: value for key, value in asdict(each).items() if key not in ("codec", "media_type")}
        for each in results.entrants
    ]
    content = {
        "versions": {"vqcodec": vqcodec.__version__, "python": platform.python_version()} | versions,
        "folder": results.folder,
        "codecs": codecs,
        "pictures": [{k: v for k, v in asdict(each).items() if k != "path"} for each in results.pictures],
        "skipped": [asdict(each) for each in results.skipped],
        "notes": results.notes,
        "means": [asdict(point) for point in results.means],
        "curves": {name: {k: asdict(v) for k, v in known.items()} for name, known in results.curves.items()},
        "published": [asdict(each) for each in results.published],
        "bjontegaard": [
            {"image": each.image or None, "codec": results.entrants[0].name, "against": each.against}
            | {"metric": each.metric.name}
            | asdict(each.distance)
            for each in results.comparisons
        ],
        "points": [asdict(point) for point in results.points],
    }
    return json.dumps(finite(content), indent=1, allow_nan=False) + "\n"


def finite(value: Any) -> Any:
    """The value, with None for numbers that JSON does not have."""
    if isinstance(value, dict):
        return {key: finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True
