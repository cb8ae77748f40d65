"""What is measured, on pictures or on sounds: all that differs between both, for the code that serves both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from vqcodec.defaults import Effort
from vqcodec.evaluation.shared.codecs import EvaluatedCodec
from vqcodec.evaluation.shared.curves import Metric
from vqcodec.evaluation.shared.folder import Skipped
from vqcodec.evaluation.shared.jobs import Job
from vqcodec.evaluation.shared.published import Spelling

__all__ = ["Conclusion", "Modality", "RDPoint"]


class RDPoint(Protocol):
    """Rate and distortion of an original at a setting of a codec; a dataclass that also has the metrics as fields."""

    @property
    def codec(self) -> str:
        """The name of the evaluated codec."""

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
        """By which codecs are compared, in the unit of the modality."""

    @property
    def encode_seconds(self) -> float:
        """By the clock of the modality."""

    @property
    def decode_seconds(self) -> float:
        """By the clock of the modality."""


@dataclass(frozen=True)
class Conclusion:
    """What is reported of all that was measured.

    Attributes:
        codecs: with the settings that are left.
        points: likewise.
        unscored: names of originals that are in no mean.
        notes: on all of this, a line each.
    """

    codecs: tuple[EvaluatedCodec[Any], ...]
    points: tuple[Any, ...]
    unscored: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Modality:
    """Pictures or sounds, as they are measured.

    Attributes:
        name: of one original.
        field: the field of a point that holds the name of its original.
        metrics: the first of them counts most.
        point: the dataclass of points.
        mean: the dataclass of means of points.
        spelling: of curves that others published.
        packages: those whose versions are reported.
        prepare: called once in every process that measures.
        read: gives the originals of files, and the files that cannot be read.
        codecs: gives the codecs, and notes. Its arguments are their names (None for all), the settings of vqcodec (None
            for the usual ones), its model (None for the usual one), and its effort.
        job: measures an original with a codec at a setting; the result is a point.
        conclude: what of all points is reported.
    """

    name: Literal["picture", "sound"]
    field: str
    metrics: tuple[Metric, ...]
    point: type[Any]
    mean: type[Any]
    spelling: Spelling
    packages: tuple[str, ...]
    prepare: Callable[[], None]
    read: Callable[[Sequence[Path]], tuple[list[Any], list[Skipped]]]
    codecs: Callable[
        [Sequence[str] | None, Sequence[float] | None, str | None, Effort],
        tuple[list[EvaluatedCodec[Any]], list[str]],
    ]
    job: Callable[[Any, EvaluatedCodec[Any], float], Job]
    conclude: Callable[[Sequence[EvaluatedCodec[Any]], Sequence[Any]], Conclusion]
