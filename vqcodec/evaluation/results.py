"""All that was measured, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from vqcodec.evaluation.curves import Curve, Metric
from vqcodec.evaluation.distance import Distance, distance
from vqcodec.evaluation.entrants import Entrant
from vqcodec.evaluation.gallery import Exhibit
from vqcodec.evaluation.pictures import Original, Skipped
from vqcodec.evaluation.published import Published
from vqcodec.evaluation.rate_distortion import METRICS, MeanPoint, Point, curves, means

__all__ = ["Comparison", "Results"]


@dataclass(frozen=True)
class Comparison:
    """How the curve of the first codec lies to another one: for one picture, or for the means (`image` is empty)."""

    image: str
    against: str
    metric: Metric
    distance: Distance


@dataclass(frozen=True)
class Results:
    """Points of every picture, codec and quality, and what they are.

    Attributes:
        folder: name of the folder.
        entrants: the codecs; the first is compared with the others.
        pictures: those that count.
        skipped: those that do not.
        notes: what else is to be told.
        published: curves of others.
        points: in the order of pictures, codecs and qualities.
        exhibits: what is shown; maybe not of all pictures.
    """

    folder: str
    entrants: tuple[Entrant, ...]
    pictures: tuple[Original, ...]
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]
    published: tuple[Published, ...]
    points: tuple[Point, ...]
    exhibits: tuple[Exhibit, ...]

    @property
    def labels(self) -> dict[str, str]:
        """Names of all curves for people."""
        return {each.name: each.label for each in self.entrants} | {each.name: each.name for each in self.published}

    @cached_property
    def means(self) -> list[MeanPoint]:
        """Of every codec and quality."""
        return means(self.points)

    @cached_property
    def curves(self) -> dict[str, dict[str, Curve]]:
        """By metric and codec, the means of all pictures."""
        return {metric.name: curves(self.points, metric) for metric in METRICS}

    @cached_property
    def published_curves(self) -> dict[str, dict[str, Curve]]:
        """By metric and name."""
        return {
            metric.name: {each.name: each.curves[metric.name] for each in self.published if metric.name in each.curves}
            for metric in METRICS
        }

    @cached_property
    def comparisons(self) -> list[Comparison]:
        """With every other codec and with every published curve, and then for each picture with every other codec."""
        found = [each for metric in METRICS for each in self._compare("", metric, self.curves[metric.name])]
        for picture in self.pictures:
            own = [point for point in self.points if point.image == picture.name]
            for metric in METRICS:
                found += self._compare(picture.name, metric, curves(own, metric))
        return found

    def _compare(self, image: str, metric: Metric, known: dict[str, Curve]) -> Iterator[Comparison]:
        first, *others = (each.name for each in self.entrants)
        published = {} if image else self.published_curves[metric.name]
        for name, anchor in ({name: known[name] for name in others} | published).items():
            yield Comparison(image, name, metric, distance(known[first], anchor, metric))
