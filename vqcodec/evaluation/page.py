"""The page: curves, tables and pictures in one file that needs nothing else; see the folder `templates`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from vqcodec.evaluation.curves import Curve
from vqcodec.evaluation.gallery import Exhibit, Shown
from vqcodec.evaluation.pictures import Original
from vqcodec.evaluation.plot import colours
from vqcodec.evaluation.rate_distortion import METRICS, Point
from vqcodec.evaluation.results import Results
from vqcodec.evaluation.summary import finite, sections, title

__all__ = ["PAGE_BYTES", "exhibit_budget", "shown_pictures", "write_page"]

PAGE_BYTES = 30_000_000
BARE_BYTES = 6_000_000  # without the pictures: plotly is most of it
MOST_SHOWN = 40


def shown_pictures(pictures: Sequence[Original]) -> list[Original]:
    """Those to look at: all, or so many with like distances between them."""
    count = min(len(pictures), MOST_SHOWN)
    return [pictures[index * len(pictures) // count] for index in range(count)]


def exhibit_budget(shown: int) -> int:
    """Characters of base64 for each of so many pictures."""
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
    if len(exhibits) == len(results.pictures):
        return []
    return [f"{len(exhibits)} of {len(results.pictures)} pictures can be looked at, lest this page grow too large."]


def _data(results: Results, exhibits: Sequence[Exhibit]) -> dict[str, Any]:
    """What the script of the page works on."""
    return {
        "first": results.entrants[0].name,
        "codecs": [{"name": each.name, "label": each.label} for each in results.entrants],
        "metrics": [
            {
                "name": each.name,
                "short": each.short,
                "label": each.label,
                "digits": each.digits,
                "endsAtOne": each.ends_at_one,
            }
            for each in METRICS
        ],
        "curves": _curves(results),
        "comparisons": [
            [each.image, each.against, each.metric.name, each.distance.rate, each.distance.quality]
            for each in results.comparisons
            if each.image
        ],
        "pictures": [[each.name, each.width, each.height] for each in results.pictures],
        "aims": sorted({sample.aim for exhibit in exhibits for sample in exhibit.samples}),
        "exhibits": [_exhibit(each, results.points) for each in exhibits],
    }


def _curves(results: Results) -> list[dict[str, Any]]:
    colour, label = colours(results), results.labels

    def entry(metric: str, name: str, curve: Curve, published: bool) -> dict[str, Any]:
        return {
            "metric": metric,
            "name": name,
            "label": label[name],
            "colour": colour[name],
            "published": published,
            "qualities": curve.qualities,
            "rates": curve.rates,
            "values": curve.values,
        }

    return [
        entry(metric, name, curve, published)
        for published, known in ((False, results.curves), (True, results.published_curves))
        for metric, named in known.items()
        for name, curve in named.items()
    ]


def _exhibit(exhibit: Exhibit, points: Sequence[Point]) -> dict[str, Any]:
    return {
        "image": exhibit.image,
        "width": exhibit.width,
        "height": exhibit.height,
        "webp": exhibit.quality,
        "original": _shown(exhibit.original),
        "samples": [{"aim": each.aim, "point": _row(each.point)} | _shown(each.shown) for each in exhibit.samples],
        "points": [_row(point) for point in points if point.image == exhibit.image],
    }


def _shown(shown: Shown) -> dict[str, Any]:
    return {"source": f"data:{shown.media_type};base64,{shown.data}", "exact": shown.exact}


def _row(point: Point) -> dict[str, Any]:
    return {
        "codec": point.codec,
        "quality": point.quality,
        "bytes": point.bytes,
        "rate": round(point.bits_per_pixel, 5),
        **{metric.name: round(getattr(point, metric.name), metric.digits + 1) for metric in METRICS},
        "encode": round(point.encode_seconds, 4),
        "decode": round(point.decode_seconds, 4),
    }
