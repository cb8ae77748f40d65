"""The summary: tables with a heading and a remark, which Markdown and the page both show; and all results as JSON."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from itertools import groupby, pairwise
from statistics import fmean
from typing import Any

import vqcodec
from vqcodec.evaluation.pictures.entrants import Entrant
from vqcodec.evaluation.report.text import markdown_table, number
from vqcodec.evaluation.shared.curves import Curve, Metric, interpolate, rises
from vqcodec.evaluation.shared.modality import Modality, RateScale
from vqcodec.evaluation.shared.results import Results

__all__ = ["Section", "as_json", "as_markdown", "sections", "title"]


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
    count, modality = len(results.originals), results.modality
    return f"Rate and distortion on {count} {modality.one if count == 1 else modality.many} of {results.folder}"


def sections(results: Results) -> list[Section]:
    """All tables of the summary."""
    found = [_against(results)] if len(results.entrants) > 1 or results.published else []
    found += [_at_rates(results, metric) for metric in results.modality.metrics]
    found += [_every_quality(results, each) for each in results.entrants if each.curve == results.first]
    found += [*results.modality.sections(results), *_best_settings(results), _settings(results)]
    if results.skipped:
        rows = tuple((each.name, each.reason) for each in results.skipped)
        one, many = results.modality.one, results.modality.many
        found.append(Section(f"{many.capitalize()} that were left out", (), (one, "reason"), rows, wordy=True))
    return found


def as_markdown(results: Results) -> str:
    """The summary."""
    parts = [f"# {_cell(title(results))}"]
    for section in sections(results):
        cells = [[_cell(cell) for cell in row] for row in section.rows]
        parts += [f"## {section.heading}", *section.remarks, markdown_table(section.header, cells)]
    return "\n\n".join([*parts, *map(_cell, results.notes)]) + "\n"


def _cell(text: str) -> str:
    """Text that cannot leave its cell, or become markup: file names may hold anything."""
    marked = "".join(f"\\{each}" if each in "\\`*_[]<>|" else each for each in text)
    return " ".join(marked.split())


def _against(results: Results) -> Section:
    """Bjontegaard's measures of the first codec against every other curve, above all by the first metric."""
    label, metrics = results.labels, results.modality.metrics
    found = {(each.against, each.metric.name): each.distance for each in results.comparisons if not each.name}
    rows = []
    for name in dict.fromkeys(each.against for each in results.comparisons if not each.name):
        main, *others = (found.get((name, metric.name)) for metric in metrics)
        common = "-" if main is None or math.isnan(main.low) else f"{main.low:.1f} to {main.high:.1f}"
        quality = "-" if main is None else number(main.quality, sign=True)
        rates = ["-" if each is None else number(each.rate, 1, sign=True) for each in (main, *others)]
        rows.append((label[name], rates[0], quality, common, *rates[1:]))
    best, second, *rest = metrics
    columns = ("BD-rate, %", f"BD-{best.short}, {best.unit}", f"over {best.unit}", f"BD-rate by {second.short}, %")
    header = ("against", *columns, *(f"by {metric.short}, %" for metric in rest))
    first = results.entrants[0].label
    remarks = (
        f"Bjontegaard's measures of {first} on the mean curves, over the qualities (or rates) that both curves have; "
        f"interpolated by PCHIP over the logarithm of the rate{results.modality.against}. A negative BD-rate is what "
        f"{first} saves.",
    )
    return Section(f"{first} against the others", remarks, header, tuple(rows), first=True)


def _at_rates(results: Results, metric: Metric) -> Section:
    """A metric of every codec at certain rates, and how far the first one is ahead of each."""
    label, scale = results.labels, results.modality.rate
    known = results.curves[metric.name]
    values = {name: interpolate(curve.rates, curve.values, scale.tabled) for name, curve in known.items()}
    columns = {label[name]: [number(value, metric.digits) for value in column] for name, column in values.items()}
    first, *others = values
    for name in others:
        ahead = values[first] - values[name]
        columns[f"vs {label[name]}"] = [number(value, metric.digits, sign=True) for value in ahead]
    rows = zip((f"{rate:g}" for rate in scale.tabled), *columns.values(), strict=True)
    kept = tuple(row for row in rows if any(cell != "-" for cell in row[1:]))
    remark = "Means, interpolated by PCHIP over the logarithm of the rate; a dash where nothing was measured."
    return Section(f"{metric.label}, at fixed rates", (remark,), (scale.short, *columns), kept)


def _every_quality(results: Results, entrant: Entrant[Any]) -> Section:
    """The means of the first codec, at one of its settings, at every quality, and whether they rise."""
    modality = results.modality
    own = [point for point in results.means if point.codec == entrant.name]
    rows = tuple(
        (
            f"{point.quality:g}",
            number(point.rate, modality.rate.digits + 1),
            *(number(getattr(point, metric.name), metric.digits) for metric in modality.metrics),
            number(point.encode_seconds),
            number(point.decode_seconds),
        )
        for point in own
    )
    metrics = (metric.short for metric in modality.metrics)
    header = (modality.setting, modality.rate.short, *metrics, "encode s", "decode s")
    remarks = (*_strictness(own, modality), f"Times are means, {modality.clock}.")
    return Section(f"{entrant.title} at every {modality.setting}", remarks, header, rows)


def _strictness(own: Sequence[Any], modality: Modality) -> list[str]:
    """Whether the means rise strictly with the setting, and where they do not."""
    lines, setting, main = [], modality.setting, modality.metrics[0]
    for name, column in (("rate", "rate"), (main.short, main.name)):
        values = [getattr(point, column) for point in own]
        steps = zip(own[1:], pairwise(values), strict=True)
        falls = [f"{point.quality:g}" for point, (before, after) in steps if not after > before]
        answer = "yes" if rises(values) else f"NO, not at {setting} {', '.join(falls)}"
        lines.append(f"The mean {name} rises strictly with the {setting}: {answer}.")
    return lines


def _best_settings(results: Results) -> list[Section]:
    """Which of its settings a codec is compared at, by each metric."""
    metrics, scale = results.modality.metrics, results.modality.rate
    settings = {each.name: each.setting or "plain" for each in results.entrants}
    rows = []
    for name in dict.fromkeys(each.curve for each in results.entrants if each.setting):
        cells = (_runs(results.curves[metric.name][name], settings, scale) for metric in metrics)
        rows.append((results.labels[name], *cells))
    remark = (
        "A codec with several settings is compared at the one that is best at the rate, for every metric by itself. "
        f"These are the best at {scale.tabled[0]:g} to {scale.tabled[-1]:g} {scale.unit}, by the mean curves."
    )
    header = ("codec", *(f"best by {metric.short}" for metric in metrics))
    return [Section("The best settings", (remark,), header, tuple(rows), wordy=True)] if rows else []


def _runs(curve: Curve, settings: Mapping[str, str], scale: RateScale) -> str:
    """The settings along a curve within the tabled rates, and from which rate on they are the best."""
    points = [
        (settings[name], rate)
        for name, rate in zip(curve.entrants, curve.rates, strict=True)
        if scale.tabled[0] <= rate <= scale.tabled[-1]
    ]
    runs = [(setting, next(run)[1]) for setting, run in groupby(points, key=lambda point: point[0])]
    if not runs:
        return "-"
    later = (f"{setting} from {rate:.{scale.digits}f} on" for setting, rate in runs[1:])
    return ", ".join((runs[0][0], *later))


def _settings(results: Results) -> Section:
    """What every codec was run with, and how long it took."""
    rows, modality = [], results.modality
    for entrant in results.entrants:
        own = [point for point in results.points if point.codec == entrant.name]
        seconds = [fmean(getattr(point, f"{way}_seconds") for point in own) for way in ("encode", "decode")]
        grid = " ".join(f"{quality:g}" for quality in entrant.qualities)
        rows.append((entrant.title, entrant.settings, grid, *(number(each, 3) for each in seconds)))
    header = ("codec", "settings", modality.settings, "encode s", "decode s")
    remarks = (f"Times are means over all {modality.many} and {modality.settings}, {modality.clock}.",)
    return Section("Settings and times", remarks, header, tuple(rows), wordy=True)


def as_json(results: Results) -> str:
    """Everything; what is not a finite number is null."""
    modality = results.modality
    versions = {name: metadata.version(name) for name in modality.packages if _installed(name)}
    codecs = [
        {key: value for key, value in asdict(each).items() if key not in ("codec", "media_type")}
        for each in results.entrants
    ]
    content = {
        "versions": {"vqcodec": vqcodec.__version__, "python": platform.python_version()} | versions,
        "folder": results.folder,
        "codecs": codecs,
        modality.many: [_as_dict(each, without="path") for each in results.originals],
        "skipped": [asdict(each) for each in results.skipped],
        "notes": results.notes,
        "means": [asdict(point) for point in results.means],
        "curves": {name: {k: asdict(v) for k, v in known.items()} for name, known in results.curves.items()},
        "published": [asdict(each) for each in results.published],
        "bjontegaard": [
            {modality.field: each.name or None, "codec": results.first, "against": each.against}
            | {"metric": each.metric.name}
            | asdict(each.distance)
            for each in results.comparisons
        ],
        "points": [_as_dict(point) for point in results.points],
    }
    return json.dumps(finite(content), indent=1, allow_nan=False) + "\n"


def _as_dict(each: Any, without: str = "") -> dict[str, Any]:
    return {key: value for key, value in asdict(each).items() if key != without}


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
