"""Pictures to look at: the original and what each codec makes of it at similar rates, as files that browsers show."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from PIL import Image

from vqcodec.evaluation.pictures.folder import OriginalPicture, load_picture
from vqcodec.evaluation.pictures.modality import measuring_version
from vqcodec.evaluation.pictures.rate_distortion import (
    PICTURE_METRICS,
    PicturePoint,
    code_picture,
    compare_pictures,
)
from vqcodec.evaluation.report.gallery import Gallery
from vqcodec.evaluation.report.picture_choices import PictureChoice, choose_aims, choose_settings
from vqcodec.evaluation.report.point_data import point_data
from vqcodec.evaluation.shared.jobs import Job
from vqcodec.evaluation.shared.results import Results

__all__ = [
    "PICTURE_GALLERY",
    "BrowserPicture",
    "DecodedPicture",
    "PictureExhibit",
    "exhibit_picture",
]

LONGEST_SIDE = 2048  # of a picture as it is shown
# Of WebP, for what browsers do not show themselves, the best first; then the same at half the size, and so on.
QUALITIES = (95, 92, 88, 84, 80, 72, 64, 50)
HALVINGS = 4


@dataclass(frozen=True)
class BrowserPicture:
    """A picture as browsers take it.

    Attributes:
        media_type: of the file.
        data: the file, in base64.
        exact: it is the file of the codec itself, not one that was made of the decoded picture.
    """

    media_type: str
    data: str
    exact: bool


@dataclass(frozen=True)
class DecodedPicture:
    """A picture that a codec decoded, its rate and distortion, and the rate in bit per pixel that it aims at."""

    aim: float
    point: PicturePoint
    shown: BrowserPicture


@dataclass(frozen=True)
class PictureExhibit:
    """A picture, and what codecs make of it.

    Attributes:
        image: its name.
        width: as it is shown, in pixels.
        height: as it is shown, in pixels.
        quality: of WebP, for the original and all that is not exact.
        original: as it is shown.
        decoded: in the order of the choices.
    """

    image: str
    width: int
    height: int
    quality: int
    original: BrowserPicture
    decoded: tuple[DecodedPicture, ...]

    @property
    def name(self) -> str:
        """Of the picture."""
        return self.image

    @property
    def bytes(self) -> int:
        """Nearly what it adds to a page."""
        return sum(len(shown.data) for shown in (self.original, *(each.shown for each in self.decoded)))


def exhibit_picture(name: str, original: Image.Image, choices: Sequence[PictureChoice], budget: int) -> PictureExhibit:
    """Code a picture with every choice, and make what is shown of it fit into `budget` characters of base64."""
    pictures, points = [original], []
    exact: list[BrowserPicture | None] = [None]
    for choice in choices:
        codec = choice.codec
        coded = code_picture(codec.coder, choice.quality, original)
        points.append(compare_pictures(codec.name, choice.quality, name, original, coded))
        pictures.append(coded.decoded)
        exact.append(BrowserPicture(codec.media_type, _base64(coded.data), True) if codec.media_type else None)
    size, quality, (shown, *others) = _fit(pictures, exact, budget)
    aims = (choice.aim for choice in choices)
    decoded = [DecodedPicture(*each) for each in zip(aims, points, others, strict=True)]
    return PictureExhibit(name, *size, quality, shown, tuple(decoded))


def _fit(
    pictures: Sequence[Image.Image], exact: Sequence[BrowserPicture | None], budget: int
) -> tuple[tuple[int, int], int, list[BrowserPicture]]:
    """Size, quality of WebP, and files: the largest and best that fit into the budget, or the smallest and worst."""
    full = pictures[0].size
    for halving in range(HALVINGS + 1):
        longest = max(1, min(LONGEST_SIDE, max(full)) >> halving)
        scaled = [picture.copy() for picture in pictures]
        for picture in scaled:
            picture.thumbnail((longest, longest), Image.Resampling.LANCZOS)
        for quality in QUALITIES:
            # The file of a codec itself shows the picture at its full size only.
            own = exact if scaled[0].size == full else [None] * len(exact)
            shown = [kept or _webp(picture, quality) for picture, kept in zip(scaled, own, strict=True)]
            if sum(len(each.data) for each in shown) <= budget:
                return scaled[0].size, quality, shown
    return scaled[0].size, quality, shown


def _webp(picture: Image.Image, quality: int) -> BrowserPicture:
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=quality)
    return BrowserPicture("image/webp", _base64(file.getvalue()), False)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _jobs(results: Results, originals: Sequence[OriginalPicture], budget: int) -> list[Job]:
    aims = choose_aims(results.points, results.codecs[0])
    jobs = []
    for original in originals:
        choices = choose_settings(results.points_of[original.name], results.codecs, aims)
        key: dict[str, object] = {
            "image": original.digest,
            "measuring": measuring_version(),
            "budget": budget,
            "choices": [[choice.codec.version, choice.aim, choice.quality] for choice in choices],
        }
        jobs.append(Job(original.name, "an exhibit", key, partial(_exhibit, original, choices, budget)))
    return jobs


def _exhibit(original: OriginalPicture, choices: Sequence[PictureChoice], budget: int) -> PictureExhibit:
    return exhibit_picture(original.name, load_picture(original.path), choices, budget)


def _page_data(exhibit: PictureExhibit) -> dict[str, Any]:
    return {
        "width": exhibit.width,
        "height": exhibit.height,
        "webp": exhibit.quality,
        "original": _source(exhibit.original),
        "decoded": [
            {"aim": each.aim, "point": point_data(each.point, PICTURE_METRICS)} | _source(each.shown)
            for each in exhibit.decoded
        ],
    }


def _source(shown: BrowserPicture) -> dict[str, Any]:
    return {"source": f"data:{shown.media_type};base64,{shown.data}", "exact": shown.exact}


PICTURE_GALLERY = Gallery(
    kind=PictureExhibit,
    most=40,
    all_listed=False,
    verb="look",
    participle="looked at",
    jobs=_jobs,
    page_data=_page_data,
)
