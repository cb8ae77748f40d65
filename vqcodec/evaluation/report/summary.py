"""The summary: what was measured, as tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean
from typing import Any

from vqcodec.evaluation.report.best_variants import best_variants
from vqcodec.evaluation.report.section import Section, escaped, section_markdown
from vqcodec.evaluation.report.text import number
from vqcodec.evaluation.report.wording import Wording
from vqcodec.evaluation.shared.codecs import EvaluatedCodec
from vqcodec.evaluation.shared.curves import Metric, interpolate, rises
from vqcodec.evaluation.shared.results import Results

__all__ = ["sections", "summary_markdown", "title"]


def title(results: Results, wording: Wording) -> str:
    """What was measured, in a line."""
    return f"Rate and distortion on {wording.count(len(results.originals))} of {results.folder}"


def sections(results: Results, wording: Wording) -> list[Section]:
    """All tables of the summary."""
    found = [_against(results, wording)] if len(results.codecs) > 1 or results.published else []
    found += [_at_rates(results, wording, metric) for metric in results.modality.metrics]
    found += [_every_setting(results, wording, each) for each in results.codecs if each.family == results.first]
    found += [*wording.sections(results), *best_variants(results, wording), _descriptions(results, wording)]
    if results.skipped:
        rows = tuple((each.name, each.reason) for each in results.skipped)
        heading = f"{wording.many.capitalize()} that were left out"
        found.append(Section(heading, (), (wording.one, "reason"), rows, wordy=True))
    return found


def summary_markdown(results: Results, wording: Wording) -> str:
    """The summary in Markdown."""
    parts = [f"# {escaped(title(results, wording))}", *map(section_markdown, sections(results, wording))]
    return "\n\n".join([*parts, *map(escaped, results.notes)]) + "\n"


def _against(results: Results, wording: Wording) -> Section:
    """The first family against every other curve: the BD-rates by all metrics, and the difference by the first one."""
    label, metrics = results.labels, results.modality.metrics
    found = {(each.against, each.metric.name): each.delta for each in results.comparisons if not each.name}
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
    first = results.codecs[0].label
    remarks = (
        f"Bjontegaard's measures of {first} on the mean curves, over the qualities (or rates) that both curves have, "
        f"interpolated by PCHIP over the logarithm of the rate{wording.against}. A negative BD-rate is what {first} "
        "saves.",
    )
    return Section(f"{first} against the others", remarks, header, tuple(rows), first=True)


def _at_rates(results: Results, wording: Wording, metric: Metric) -> Section:
    """A metric of every family at certain rates, and by how much the first is ahead of each."""
    label, scale = results.labels, wording.rate
    known = results.curves[metric.name]
    values = {name: interpolate(curve.rates, curve.values, scale.tabled) for name, curve in known.items()}
    columns = {label[name]: [number(value, metric.digits) for value in column] for name, column in values.items()}
    first, *others = values
    for name in others:
        ahead = values[first] - values[name]
        columns[f"vs {label[name]}"] = [number(value, metric.digits, sign=True) for value in ahead]
    rows = zip((f"{rate:g}" for rate in scale.tabled), *columns.values(), strict=True)
    kept = tuple(row for row in rows if any(cell != "-" for cell in row[1:]))
    remark = "Means, interpolated by PCHIP over the logarithm of the rate. A dash is where nothing was measured."
    return Section(f"{metric.label}, at fixed rates", (remark,), (scale.short, *columns), kept)


def _every_setting(results: Results, wording: Wording, codec: EvaluatedCodec[Any]) -> Section:
    """The means of a codec at every setting, and whether they rise."""
    metrics = results.modality.metrics
    own = [mean for mean in results.means if mean.codec == codec.name]
    rows = tuple(
        (
            f"{mean.quality:g}",
            number(mean.rate, wording.rate.digits + 1),
            *(number(getattr(mean, metric.name), metric.digits) for metric in metrics),
            number(mean.encode_seconds),
            number(mean.decode_seconds),
        )
        for mean in own
    )
    names = (metric.short for metric in metrics)
    header = (wording.setting, wording.rate.short, *names, "encode s", "decode s")
    remarks = (*_strictness(own, wording, metrics[0]), f"Times are means, {wording.clock}.")
    return Section(f"{codec.title} at every {wording.setting}", remarks, header, rows)


def _strictness(own: Sequence[Any], wording: Wording, metric: Metric) -> list[str]:
    """Whether the mean rate and the mean metric rise strictly with the setting, and where they do not."""
    lines, setting = [], wording.setting
    for name, column in (("rate", "rate"), (metric.short, metric.name)):
        values = [getattr(mean, column) for mean in own]
        steps = zip(own[1:], pairwise(values), strict=True)
        falls = [f"{mean.quality:g}" for mean, (before, after) in steps if not after > before]
        answer = "yes" if rises(values) else f"NO, not at {setting} {', '.join(falls)}"
        lines.append(f"The mean {name} rises strictly with the {setting}: {answer}.")
    return lines


def _descriptions(results: Results, wording: Wording) -> Section:
    """The software and options of every codec, the settings it was measured at, and how long it took."""
    rows = []
    for codec in results.codecs:
        own = [point for point in results.points if point.codec == codec.name]
        seconds = [fmean(getattr(point, f"{way}_seconds") for point in own) for way in ("encode", "decode")]
        grid = " ".join(f"{quality:g}" for quality in codec.qualities)
        rows.append((codec.title, codec.description, grid, *(number(each, 3) for each in seconds)))
    header = ("codec", "software and options", wording.settings, "encode s", "decode s")
    remarks = (f"Times are means over all {wording.many} and {wording.settings}, {wording.clock}.",)
    return Section("Options and times", remarks, header, tuple(rows), wordy=True)
