"""What is evaluated, pictures or sounds: all that differs between them, for the code that serves both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from vqcodec.defaults import Effort
from vqcodec.evaluation.shared.curves import Metric

if TYPE_CHECKING:
    from vqcodec.evaluation.pictures.entrants import Entrant
    from vqcodec.evaluation.report.summary import Section
    from vqcodec.evaluation.shared.folder import Skipped
    from vqcodec.evaluation.shared.published import Spelling
    from vqcodec.evaluation.shared.results import Results

__all__ = ["Exhibit", "Measured", "Modality", "Original", "Outcome", "RateScale", "Task", "row"]


class Original(Protocol):
    """What is measured on; a dataclass."""

    @property
    def name(self) -> str:
        """Of the file, as far as it is text."""

    @property
    def path(self) -> Path:
        """Of the file."""


class Measured(Protocol):
    """A point: an original, compressed and decompressed; a dataclass that also has the metrics as attributes."""

    @property
    def codec(self) -> str:
        """Its name."""

    @property
    def name(self) -> str:
        """Of the original."""

    @property
    def quality(self) -> float:
        """The setting of the codec."""

    @property
    def bytes(self) -> int:
        """Size of the whole file."""

    @property
    def rate(self) -> float:
        """What the codecs are compared by."""

    @property
    def encode_seconds(self) -> float:
        """By the clock of the modality."""

    @property
    def decode_seconds(self) -> float:
        """By the clock of the modality."""


class Exhibit(Protocol):
    """What the page shows of an original; a dataclass."""

    @property
    def name(self) -> str:
        """Of the original."""


class Task(Protocol):
    """Work for another process."""

    @property
    def original(self) -> Original:
        """What it is about."""

    @property
    def key(self) -> dict[str, object]:
        """What the result depends on."""

    def run(self) -> Any:
        """Do it: the result, or why the original is to be skipped."""


@dataclass(frozen=True)
class RateScale:
    """The rates of a modality.

    Attributes:
        unit: for people.
        short: the same for the heads of tables.
        digits: decimals in running text; tables have one more.
        tabled: rates at which the summary tells all metrics.
        ticks: of plots.
    """

    unit: str
    short: str
    digits: int
    tabled: tuple[float, ...]
    ticks: tuple[float, ...]


@dataclass(frozen=True)
class Outcome:
    """What was measured, as it is reported.

    Attributes:
        entrants: the codecs, with the settings that are left.
        points: likewise.
        unscored: names of originals that are in no mean.
        notes: on all of this.
    """

    entrants: tuple[Entrant[Any], ...]
    points: tuple[Any, ...]
    unscored: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Modality:
    """Pictures or sounds.

    Attributes:
        one: a word for an original.
        many: for several.
        field: the name of the field of a point that holds the name of its original.
        setting: what the number is that codecs are set by, for people.
        settings: several of these.
        metrics: the first of them counts most.
        drawn: those that have a plot in `curves.png`.
        rate: the scale of rates.
        spelling: of published curves.
        point: the dataclass of points.
        mean: the dataclass of their means.
        exhibit: the dataclass of what is shown.
        most_shown: originals in a page.
        all_listed: whether a page has all points, or only those of the originals that it shows.
        stem: what one does with an exhibit; there are templates of this name.
        perceived: the same as a participle.
        against: what else is to be told where the codecs are compared.
        clock: what times are measured by, for people.
        packages: whose versions matter.
        read: the originals of files, and those that cannot be read.
        entrants: codecs by their names or all, at settings or the default ones, with a model and an effort; and notes.
        measuring: an original and a codec at a setting, as a task whose result is a point.
        conclude: what of all points is reported.
        showings: the tasks that make exhibits of originals, each of at most so many characters of base64.
        facts: of an original, for a table; and the head of that column.
        shown: an exhibit, as the scripts of the page take it.
        sections: tables of the summary beyond the common ones.
    """

    one: str
    many: str
    field: str
    setting: str
    settings: str
    metrics: tuple[Metric, ...]
    drawn: tuple[Metric, ...]
    rate: RateScale
    spelling: Spelling
    point: type[Any]
    mean: type[Any]
    exhibit: type[Any]
    most_shown: int
    all_listed: bool
    stem: str
    perceived: str
    against: str
    clock: str
    packages: tuple[str, ...]
    read: Callable[[Sequence[Path]], tuple[list[Any], list[Skipped]]]
    entrants: Callable[
        [Sequence[str] | None, Sequence[float] | None, str | None, Effort], tuple[list[Entrant[Any]], list[str]]
    ]
    measuring: Callable[[Any, Entrant[Any], float], Task]
    conclude: Callable[[Sequence[Entrant[Any]], Sequence[Any]], Outcome]
    showings: Callable[[Sequence[Any], Sequence[Any], Sequence[Entrant[Any]], int], list[Task]]
    facts: tuple[str, Callable[[Any], str]]
    shown: Callable[[Any], dict[str, Any]]
    sections: Callable[[Results], list[Section]]


def row(point: Measured, metrics: Sequence[Metric]) -> dict[str, Any]:
    """A point as the scripts of the page take it."""
    return {
        "codec": point.codec,
        "quality": point.quality,
        "bytes": point.bytes,
        "rate": round(point.rate, 5),
        **{metric.name: round(getattr(point, metric.name), metric.digits + 1) for metric in metrics},
        "encode": round(point.encode_seconds, 4),
        "decode": round(point.decode_seconds, 4),
    }
