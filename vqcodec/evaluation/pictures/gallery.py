"""Pictures to look at: every codec at like rates, as files that a browser shows, few enough bytes for one page."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import fmean

from PIL import Image

from vqcodec.evaluation.pictures.entrants import Entrant
from vqcodec.evaluation.pictures.rate_distortion import PictureCodec, Point, code, judge
from vqcodec.evaluation.shared.curves import interpolate, setting_near

__all__ = ["AIMS", "Choice", "Exhibit", "Sample", "Shown", "choose_aims", "choose_settings", "show"]

AIMS = (0.15, 0.4)  # bit per pixel; other ones if the first codec reaches neither
LONGEST_SIDE = 2048  # of a picture as it is shown
# Of WebP, for what browsers do not show themselves, the best first; then the same at half the size, and so on.
QUALITIES = (95, 92, 88, 84, 80, 72, 64, 50)
HALVINGS = 4


@dataclass(frozen=True)
class Choice:
    """A setting to show: the codec and its quality for a rate that is aimed at."""

    entrant: Entrant[PictureCodec]
    aim: float
    quality: float


@dataclass(frozen=True)
class Shown:
    """What a browser gets: a file, in base64; `exact` if no other codec came between."""

    media_type: str
    data: str
    exact: bool


@dataclass(frozen=True)
class Sample:
    """A decoded picture, and what it cost."""

    aim: float
    point: Point
    shown: Shown


@dataclass(frozen=True)
class Exhibit:
    """A picture and its samples.

    Attributes:
        image: its name.
        width: as it is shown, in pixels.
        height: as it is shown, in pixels.
        quality: of WebP, for the original and samples that are not exact.
        original: as it is shown.
        samples: in the order of the choices.
    """

    image: str
    width: int
    height: int
    quality: int
    original: Shown
    samples: tuple[Sample, ...]

    @property
    def name(self) -> str:
        """Of the picture."""
        return self.image

    @property
    def bytes(self) -> int:
        """What it adds to a page, nearly."""
        return sum(len(shown.data) for shown in (self.original, *(sample.shown for sample in self.samples)))


def choose_aims(points: Sequence[Point], first: Entrant[PictureCodec]) -> tuple[float, ...]:
    """The rates to show: AIMS, or a third and two thirds of the way between the mean rates of the first codec."""
    rates = [
        fmean(point.bits_per_pixel for point in points if (point.codec, point.quality) == (first.name, quality))
        for quality in first.qualities
    ]
    low, high = min(rates), max(rates)
    if any(low <= aim <= high for aim in AIMS):
        return AIMS
    return tuple(float(f"{low * (high / low) ** way:.2g}") for way in (1 / 3, 2 / 3))


def choose_settings(
    points: Sequence[Point], entrants: Sequence[Entrant[PictureCodec]], aims: Sequence[float]
) -> tuple[Choice, ...]:
    """For one picture, the quality of every codec that should come nearest to each of the aims.

    Of the settings of a codec it is the one that is best there by SSIMULACRA 2. Where the first codec cannot reach the
    aim, the others have to match the nearest rate that it has.
    """
    measured = {each.name: [point for point in points if point.codec == each.name] for each in entrants}
    first_rates = [point.rate for point in measured[entrants[0].name]]
    codecs = [list(group) for _, group in groupby(entrants, key=lambda each: each.curve)]
    choices = []
    for aim in aims:
        rate = min(max(aim, min(first_rates)), max(first_rates))
        for settings in codecs:
            best = max(settings, key=lambda each: _seen(measured[each.name], rate))
            rates, qualities = zip(*((point.rate, point.quality) for point in measured[best.name]), strict=True)
            choices.append(Choice(best, aim, setting_near(rates, qualities, rate)))
    return tuple(choices)


def _seen(points: Sequence[Point], rate: float) -> float:
    """SSIMULACRA 2 at a rate; less than any where it is not known."""
    known = [each for each in points if math.isfinite(each.ssimulacra2)]
    value = float(interpolate([each.rate for each in known], [each.ssimulacra2 for each in known], rate))
    return -math.inf if math.isnan(value) else value


def show(name: str, image: Image.Image, choices: Sequence[Choice], budget: int) -> Exhibit:
    """Code a picture with every choice, and make what is shown of it fit into `budget` characters of base64."""
    pictures, points = [image], []
    exact: list[Shown | None] = [None]
    for choice in choices:
        entrant = choice.entrant
        coded = code(entrant.codec, choice.quality, image)
        points.append(judge(entrant.name, choice.quality, name, image, coded))
        pictures.append(coded.decoded)
        exact.append(Shown(entrant.media_type, _base64(coded.data), True) if entrant.media_type else None)
    size, quality, (shown, *others) = _fit(pictures, exact, budget)
    samples = [Sample(*each) for each in zip((choice.aim for choice in choices), points, others, strict=True)]
    return Exhibit(name, *size, quality, shown, tuple(samples))


def _fit(
    pictures: Sequence[Image.Image], exact: Sequence[Shown | None], budget: int
) -> tuple[tuple[int, int], int, list[Shown]]:
    """Size, quality of WebP, and the files: as large and as good as the budget allows, or the worst there is."""
    full = pictures[0].size
    for halving in range(HALVINGS + 1):
        longest = max(1, min(LONGEST_SIDE, max(full)) >> halving)
        scaled = [picture.copy() for picture in pictures]
        for picture in scaled:
            picture.thumbnail((longest, longest), Image.Resampling.LANCZOS)
        for quality in QUALITIES:
            # A codec's own file is as large as the picture, whatever the size that is shown.
            own = exact if scaled[0].size == full else [None] * len(exact)
            shown = [kept or _webp(picture, quality) for picture, kept in zip(scaled, own, strict=True)]
            if sum(len(each.data) for each in shown) <= budget:
                return scaled[0].size, quality, shown
    return scaled[0].size, quality, shown


def _webp(picture: Image.Image, quality: int) -> Shown:
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=quality)
    return Shown("image/webp", _base64(file.getvalue()), False)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
