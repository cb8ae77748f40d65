"""How what is measured is told to people, of pictures or of sounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from vqcodec.evaluation.report.section import Section
from vqcodec.evaluation.shared.curves import Metric
from vqcodec.evaluation.shared.results import Results

__all__ = ["RateScale", "Wording"]


@dataclass(frozen=True)
class RateScale:
    """How rates are shown.

    Attributes:
        unit: for texts and axes.
        short: the unit for the heads of tables.
        digits: decimals in texts; tables have one more.
        tabled: rates at which the summary compares all codecs.
        ticks: of plots.
    """

    unit: str
    short: str
    digits: int
    tabled: tuple[float, ...]
    ticks: tuple[float, ...]


@dataclass(frozen=True)
class Wording:
    """Words, units and tables of a modality.

    Attributes:
        one: a word for an original.
        many: the word for several originals.
        setting: a word for the setting of a codec.
        settings: the word for several settings.
        rate: the scale of rates.
        drawn: the metrics that have a plot in `curves.png`.
        against: goes on where the summary says how codecs are compared; may be empty.
        clock: by which times are measured.
        facts: the head of a column, and gives its cell for an original.
        sections: gives tables of the summary that other modalities do not have.
    """

    one: str
    many: str
    setting: str
    settings: str
    rate: RateScale
    drawn: tuple[Metric, ...]
    against: str
    clock: str
    facts: tuple[str, Callable[[Any], str]]
    sections: Callable[[Results], list[Section]]

    def count(self, number: int) -> str:
        """So many originals, as in "1 picture" and "2 pictures"."""
        return f"{number} {self.one if number == 1 else self.many}"
