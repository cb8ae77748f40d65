"""All that was measured, and what follows from it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from vqcodec.evaluation.pictures.entrants import Entrant
from vqcodec.evaluation.shared.averages import curves, means
from vqcodec.evaluation.shared.bd_rate import Distance, distance
from vqcodec.evaluation.shared.curves import Curve, Metric, envelope
from vqcodec.evaluation.shared.folder import Skipped
from vqcodec.evaluation.shared.modality import Exhibit, Measured, Modality, Original
from vqcodec.evaluation.shared.published import Published

__all__ = ["Comparison", "Results"]


@dataclass(frozen=True)
class Comparison:
    """How the curve of the first codec lies to another one: for one original, or for the means (`name` is empty)."""

    name: str
    against: str
    metric: Metric
    distance: Distance


@dataclass(frozen=True)
class Results:
    """Points of every original, codec and quality, and what they are.

    Attributes:
        modality: of all that follows.
        folder: name of the folder.
        entrants: the codecs at their settings; the first codec is compared with the others.
        originals: those that count.
        skipped: those that do not.
        unscored: names of originals that count, but in no mean.
        notes: what else is to be told.
        published: curves of others.
        points: in the order of originals, codecs and qualities.
        exhibits: what is shown; maybe not of all originals.
    """

    modality: Modality
    folder: str
    entrants: tuple[Entrant[Any], ...]
    originals: tuple[Original, ...]
    skipped: tuple[Skipped, ...]
    unscored: frozenset[str]
    notes: tuple[str, ...]
    published: tuple[Published, ...]
    points: tuple[Measured, ...]
    exhibits: tuple[Exhibit, ...]

    @property
    def labels(self) -> dict[str, str]:
        """Names of all curves for people."""
        return self.codecs | {each.name: each.name for each in self.published}

    @property
    def codecs(self) -> dict[str, str]:
        """The codecs that were measured, by their curves, and their names for people."""
        return {each.curve: each.label for each in self.entrants}

    @property
    def first(self) -> str:
        """The curve that is compared with the others."""
        return self.entrants[0].curve

    @cached_property
    def points_of(self) -> dict[str, list[Measured]]:
        """By the name of the original."""
        found: dict[str, list[Measured]] = {each.name: [] for each in self.originals}
        for point in self.points:
            found[point.name].append(point)
        return found

    @cached_property
    def scored(self) -> list[Measured]:
        """The points that means are of."""
        return [point for point in self.points if point.name not in self.unscored]

    @cached_property
    def means(self) -> list[Any]:
        """Of every codec and quality."""
        return means(self.scored, self.modality)

    @cached_property
    def curves(self) -> dict[str, dict[str, Curve]]:
        """By metric and codec, the means of all originals; of a codec with several settings the best at every rate."""
        return {metric.name: self._best(self.scored, metric) for metric in self.modality.metrics}

    def curves_of(self, original: str) -> dict[str, dict[str, Curve]]:
        """The same of one original, without the points that have no finite value."""
        points = self.points_of[original]
        return {
            metric.name: self._best([each for each in points if math.isfinite(getattr(each, metric.name))], metric)
            for metric in self.modality.metrics
        }

    @cached_property
    def published_curves(self) -> dict[str, dict[str, Curve]]:
        """By metric and name."""
        return {
            metric.name: {each.name: each.curves[metric.name] for each in self.published if metric.name in each.curves}
            for metric in self.modality.metrics
        }

    @cached_property
    def comparisons(self) -> list[Comparison]:
        """With every other codec and with every published curve, and then for each original with every other codec."""
        metrics = self.modality.metrics
        found = [each for metric in metrics for each in self._compare("", metric, self.curves[metric.name])]
        for original in self.originals:
            for metric in metrics:
                found += self._compare(original.name, metric, self._best(self.points_of[original.name], metric))
        return found

    def _best(self, points: Sequence[Measured], metric: Metric) -> dict[str, Curve]:
        measured = curves(points, metric)
        groups: dict[str, list[Curve]] = {}
        for each in self.entrants:
            groups.setdefault(each.curve, []).append(measured.get(each.name, Curve((), (), ())))
        return {name: envelope(own) for name, own in groups.items()}

    def _compare(self, name: str, metric: Metric, known: dict[str, Curve]) -> Iterator[Comparison]:
        first, *others = known
        published = {} if name else self.published_curves[metric.name]
        for other, anchor in ({other: known[other] for other in others} | published).items():
            yield Comparison(name, other, metric, distance(known[first], anchor, metric))
