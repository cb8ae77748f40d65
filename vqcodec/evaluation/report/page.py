"""The page: curves, tables and exhibits in one file that needs nothing else; see the folder `templates`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from vqcodec.evaluation.report.plot import colours
from vqcodec.evaluation.report.summary import finite, sections, title
from vqcodec.evaluation.shared.curves import Curve
from vqcodec.evaluation.shared.modality import Exhibit, Original, row
from vqcodec.evaluation.shared.results import Results

__all__ = ["PAGE_BYTES", "evenly", "exhibit_budget", "write_page"]

PAGE_BYTES = 30_000_000
BARE_BYTES = 6_000_000  # without the exhibits: plotly is most of it

Each = TypeVar("Each")


def evenly(originals: Sequence[Each], most: int) -> list[Each]:
    """Those to look at or listen to: all, or so many with like distances between them."""
    count = min(len(originals), most)
    return [originals[index * len(originals) // count] for index in range(count)]


def exhibit_budget(shown: int) -> int:
    """Characters of base64 for each of so many originals."""
    return (PAGE_BYTES - BARE_BYTES) // shown


def write_page(results: Results, path: Path) -> None:
    """Write the page; exhibits that would make it too large are left out, the last ones first."""
    environment = Environment(loader=PackageLoader("vqcodec.evaluation"), autoescape=True, undefined=StrictUndefined)
    exhibits = list(results.exhibits)
    while True:
        # Jinja's filter `tojson` makes it safe within <script>, whatever the names of files are.
        page = environment.get_template("report.html").render(
            title=title(results),
            first=results.entrants[0].label,
            modality=results.modality,
            sections=sections(results),
            notes=[*results.notes, *_note_on_exhibits(results, exhibits)],
            data=finite(_data(results, exhibits)),
            plotly=Markup(get_plotlyjs()),
        )
        if len(page.encode()) <= PAGE_BYTES or not exhibits:
            break
        exhibits.pop()
    path.write_text(page, encoding="utf-8")


def _note_on_exhibits(results: Results, exhibits: Sequence[Exhibit]) -> list[str]:
    total, modality = len(results.originals), results.modality
    if len(exhibits) == total:
        return []
    text = f"{len(exhibits)} of {total} {modality.many} can be {modality.perceived}, lest this page grow too large."
    return [text]


def _data(results: Results, exhibits: Sequence[Exhibit]) -> dict[str, Any]:
    """What the scripts of the page work on."""
    modality = results.modality
    listed = {each.name for each in (results.originals if modality.all_listed else exhibits)}
    return {
        "first": results.first,
        "one": modality.one,
        "many": modality.many,
        "setting": modality.setting,
        "rate": {"unit": modality.rate.unit, "short": modality.rate.short, "digits": modality.rate.digits},
        "facts": modality.facts[0],
        "codecs": [{"name": name, "label": label} for name, label in results.codecs.items()],
        "entrants": [{"name": each.name, "title": each.title, "curve": each.curve} for each in results.entrants],
        "metrics": [
            {
                "name": each.name,
                "short": each.short,
                "label": each.label,
                "digits": each.digits,
                "endsAtOne": each.ends_at_one,
            }
            for each in modality.metrics
        ],
        "curves": [
            *_curves(results, results.curves, published=False),
            *_curves(results, results.published_curves, published=True),
        ],
        "comparisons": [
            [each.name, each.against, each.metric.name, each.distance.rate, each.distance.quality]
            for each in results.comparisons
            if each.name
        ],
        "originals": [
            {
                "name": each.name,
                "facts": modality.facts[1](each),
            }
            | (_measured(results, each) if each.name in listed else {"points": None, "curves": None})
            for each in results.originals
        ],
        "exhibits": [{"name": each.name} | modality.shown(each) for each in exhibits],
    }


def _measured(results: Results, original: Original) -> dict[str, Any]:
    """Points and curves of one original."""
    return {
        "points": [row(point, results.modality.metrics) for point in results.points_of[original.name]],
        "curves": _curves(results, results.curves_of(original.name), published=False),
    }


def _curves(results: Results, known: dict[str, dict[str, Curve]], published: bool) -> list[dict[str, Any]]:
    """Curves by metric and codec, with the entrant of every point."""
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
            "entrants": curve.entrants,
        }
        for metric, named in known.items()
        for name, curve in named.items()
    ]
