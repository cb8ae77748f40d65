"""The page: curves, tables and exhibits in one file that needs nothing else. See the folder `templates`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from vqcodec.evaluation.report.gallery import PAGE_BYTES, Exhibit
from vqcodec.evaluation.report.plot import colours
from vqcodec.evaluation.report.point_data import point_data
from vqcodec.evaluation.report.report import Report
from vqcodec.evaluation.report.results_json import finite
from vqcodec.evaluation.report.summary import sections, title
from vqcodec.evaluation.shared.curves import Curve, Metric
from vqcodec.evaluation.shared.folder import OriginalFile
from vqcodec.evaluation.shared.results import Results

__all__ = ["write_page"]


def write_page(report: Report, path: Path) -> None:
    """Write the page. Exhibits that would make it too large are left out, the last ones first."""
    results, wording = report.results, report.wording
    environment = Environment(loader=PackageLoader("vqcodec.evaluation"), autoescape=True, undefined=StrictUndefined)
    exhibits = list(report.exhibits)
    while True:
        # Jinja's filter `tojson` makes it safe within <script>, whatever the names of files are.
        page = environment.get_template("report.html").render(
            title=title(results, wording),
            first=results.codecs[0].label,
            wording=wording,
            verb=report.gallery.verb,
            sections=sections(results, wording),
            notes=[*results.notes, *_note_on_exhibits(report, exhibits)],
            data=finite(_data(report, exhibits)),
            plotly=Markup(get_plotlyjs()),
        )
        if len(page.encode()) <= PAGE_BYTES or not exhibits:
            break
        exhibits.pop()
    path.write_text(page, encoding="utf-8")


def _note_on_exhibits(report: Report, exhibits: Sequence[Exhibit]) -> list[str]:
    total = len(report.results.originals)
    if len(exhibits) == total:
        return []
    one = f"{len(exhibits)} of {total} {report.wording.many} can be {report.gallery.participle} here"
    return [f"{one}: with more of them, this page would be too large."]


def _data(report: Report, exhibits: Sequence[Exhibit]) -> dict[str, Any]:
    """What the scripts of the page work on."""
    results, wording, gallery = report.results, report.wording, report.gallery
    listed = {each.name for each in (results.originals if gallery.all_listed else exhibits)}
    return {
        "first": results.first,
        "one": wording.one,
        "many": wording.many,
        "setting": wording.setting,
        "rate": {"unit": wording.rate.unit, "short": wording.rate.short, "digits": wording.rate.digits},
        "facts": wording.facts[0],
        "families": [{"name": name, "label": label} for name, label in results.families.items()],
        "codecs": [{"name": each.name, "title": each.title, "family": each.family} for each in results.codecs],
        "metrics": [_metric_data(metric) for metric in results.modality.metrics],
        "curves": [
            *_curves_data(results, results.curves, published=False),
            *_curves_data(results, results.published_curves, published=True),
        ],
        "comparisons": [
            [each.name, each.against, each.metric.name, each.delta.rate, each.delta.quality]
            for each in results.comparisons
            if each.name
        ],
        "originals": [
            {"name": each.name, "facts": wording.facts[1](each)}
            | (_points_and_curves(results, each) if each.name in listed else {"points": None, "curves": None})
            for each in results.originals
        ],
        "exhibits": [{"name": each.name} | gallery.page_data(each) for each in exhibits],
    }


def _metric_data(metric: Metric) -> dict[str, Any]:
    return {
        "name": metric.name,
        "short": metric.short,
        "label": metric.label,
        "digits": metric.digits,
        "endsAtOne": metric.ends_at_one,
    }


def _points_and_curves(results: Results, original: OriginalFile) -> dict[str, Any]:
    """Of one original."""
    return {
        "points": [point_data(point, results.modality.metrics) for point in results.points_of[original.name]],
        "curves": _curves_data(results, results.curves_of(original.name), published=False),
    }


def _curves_data(results: Results, known: dict[str, dict[str, Curve]], published: bool) -> list[dict[str, Any]]:
    """Curves by metric and family or name."""
    colour, label = colours(results), results.labels
    return [
        {
            "metric": metric,
            "name": name,
            "label": label[name],
            "colour": colour[name],
            "published": published,
            "qualities": curve.qualities,
            "rates": curve.rates,
            "values": curve.values,
            "codecs": curve.codecs,
        }
        for metric, named in known.items()
        for name, curve in named.items()
    ]
