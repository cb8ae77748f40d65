"""Pictures, as `vqcodec eval rd` evaluates them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vqcodec.evaluation.pictures.entrants import Entrant, choose_entrants
from vqcodec.evaluation.pictures.folder import Original, read_originals
from vqcodec.evaluation.pictures.gallery import Exhibit, Shown, choose_aims, choose_settings
from vqcodec.evaluation.pictures.rate_distortion import METRICS, MeanPoint, PictureCodec, Point
from vqcodec.evaluation.pictures.tasks import Measuring, Showing
from vqcodec.evaluation.shared.modality import Modality, Outcome, RateScale, Task, row
from vqcodec.evaluation.shared.published import OF_PICTURES

__all__ = ["PICTURES"]


def _conclude(entrants: Sequence[Entrant[Any]], points: Sequence[Any]) -> Outcome:
    return Outcome(tuple(entrants), tuple(points))


def _showings(
    originals: Sequence[Original], points: Sequence[Point], entrants: Sequence[Entrant[PictureCodec]], budget: int
) -> list[Task]:
    aims = choose_aims(points, entrants[0])
    tasks: list[Task] = []
    for original in originals:
        own = [point for point in points if point.image == original.name]
        tasks.append(Showing(original, choose_settings(own, entrants, aims), budget))
    return tasks


def _facts(original: Original) -> str:
    return f"{original.width} x {original.height}"


def _exhibit(exhibit: Exhibit) -> dict[str, Any]:
    return {
        "width": exhibit.width,
        "height": exhibit.height,
        "webp": exhibit.quality,
        "original": _shown(exhibit.original),
        "samples": [
            {"aim": each.aim, "point": row(each.point, METRICS)} | _shown(each.shown) for each in exhibit.samples
        ],
    }


def _shown(shown: Shown) -> dict[str, Any]:
    return {"source": f"data:{shown.media_type};base64,{shown.data}", "exact": shown.exact}


PICTURES = Modality(
    one="picture",
    many="pictures",
    field="image",
    setting="quality",
    settings="qualities",
    metrics=METRICS,
    drawn=METRICS[:2],
    rate=RateScale(
        unit="bit per pixel",
        short="bit/pixel",
        digits=3,
        tabled=(0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0),
        ticks=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20),
    ),
    spelling=OF_PICTURES,
    point=Point,
    mean=MeanPoint,
    exhibit=Exhibit,
    most_shown=40,
    all_listed=False,
    stem="look",
    perceived="looked at",
    against=", MS-SSIM in decibels",
    clock="seconds of one processor",
    packages=(
        "numpy",
        "scipy",
        "torch",
        "pillow",
        "pillow-jxl-plugin",
        "pyvips-binary",
        "pytorch-msssim",
        "ssimulacra2",
        "bjontegaard",
    ),
    read=read_originals,
    entrants=choose_entrants,
    measuring=Measuring,
    conclude=_conclude,
    showings=_showings,
    facts=("pixels", _facts),
    shown=_exhibit,
    sections=lambda results: [],
)
