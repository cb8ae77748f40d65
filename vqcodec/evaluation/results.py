"""All that was measured, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from vqcodec.evaluation.averages import curves, means
from vqcodec.evaluation.curves import Curve, Metric
from vqcodec.evaluation.distance import Distance, distance
from vqcodec.evaluation.entrants import Entrant
from vqcodec.evaluation.folder import Skipped
from vqcodec.evaluation.modality import Exhibit, Measured, Modality, Original
from vqcodec.evaluation.published import Published

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
        entrants: the codecs; the first is compared with the others.
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
        return {each.name: each.label for each in self.entrants} | {each.name: each.name for each in self.published}

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
        """By metric and codec, the means of all originals."""
        return {metric.name: curves(self.scored, metric) for metric in self.modality.metrics}

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
                found += self._compare(original.name, metric, curves(self.points_of[original.name], metric))
        return found

    def _compare(self, name: str, metric: Metric, known: dict[str, Curve]) -> Iterator[Comparison]:
        first, *others = (each.name for each in self.entrants)
        published = {} if name else self.published_curves[metric.name]
        for other, anchor in ({other: known[other] for other in others} | published).items():
            yield Comparison(name, other, metric, distance(known[first], anchor, metric))
