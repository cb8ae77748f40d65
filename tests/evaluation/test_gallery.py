"""What the page of `vqcodec eval rd` shows: settings at like rates, and files that fit."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from tests.helpers.pictures import pictures

pytest.importorskip("pytorch_msssim", reason="needs vqcodec[eval]")
pytest.importorskip("ssimulacra2", reason="needs vqcodec[eval]")

from vqcodec.evaluation.pictures.codecs import choose_picture_codecs
from vqcodec.evaluation.pictures.folder import OriginalPicture
from vqcodec.evaluation.pictures.rate_distortion import PicturePoint
from vqcodec.evaluation.report.gallery import evenly, exhibit_budget
from vqcodec.evaluation.report.picture_choices import AIMS, PictureChoice, choose_aims, choose_settings
from vqcodec.evaluation.report.picture_gallery import PICTURE_GALLERY, BrowserPicture, exhibit_picture
from vqcodec.evaluation.shared.codecs import EvaluatedCodec


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    return Image.fromarray(pictures(1, 176, 6)[0])


def codecs() -> list[EvaluatedCodec[Any]]:
    """JPEG and WebP, in one variant each."""
    found = {each.family: each for each in choose_picture_codecs(["jpeg", "webp"], [], "")[0][::-1]}
    return [replace(found[name], name=name) for name in ("jpeg", "webp")]


def points(name: str, grid: dict[float, float]) -> list[PicturePoint]:
    return [PicturePoint(name, "a", quality, 1, rate, 30.0, 0.9, 50.0, 0.1, 0.1) for quality, rate in grid.items()]


def opened(shown: BrowserPicture) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(shown.data)))


def test_settings_are_those_that_should_meet_the_rate() -> None:
    measured = points("jpeg", {10: 0.1, 30: 0.4}) + points("webp", {0: 0.15, 50: 0.4, 80: 0.9})
    chosen = choose_settings(measured, codecs(), (0.2, 0.4))
    assert [(each.codec.name, each.quality) for each in chosen[2:]] == [("jpeg", 30), ("webp", 50)]
    assert (chosen[0].quality, chosen[1].quality) == (20, 15)


def test_what_the_first_codec_cannot_reach_is_not_asked_of_the_others() -> None:
    measured = points("jpeg", {10: 0.1, 30: 0.2}) + points("webp", {0: 0.1, 50: 0.2, 80: 0.9})
    assert [each.quality for each in choose_settings(measured, codecs(), (0.9,))] == [30, 50]


def test_of_several_variants_the_best_at_the_rate_is_shown() -> None:
    jpeg, webp = codecs()
    sharp = replace(webp, name="webp sharp", variant="sharp")
    measured = points("jpeg", {10: 0.1, 30: 0.4}) + points("webp", {0: 0.1, 50: 0.4})
    better = [
        replace(each, codec="webp sharp", ssimulacra2=score) for each, score in zip(measured[2:], (40, 60), strict=True)
    ]
    chosen = choose_settings(measured + better, [jpeg, webp, sharp], (0.1, 0.4))
    assert [each.codec.name for each in chosen] == ["jpeg", "webp", "jpeg", "webp sharp"]


def test_other_rates_are_shown_where_the_first_codec_has_none_of_the_usual() -> None:
    jpeg = replace(codecs()[0], qualities=(10.0, 30.0))
    assert choose_aims(points("jpeg", {10: 0.1, 30: 0.2}), jpeg) == AIMS
    assert choose_aims(points("jpeg", {10: 1.0, 30: 8.0}), jpeg) == (2.0, 4.0)


def test_files_of_a_codec_that_browsers_know_are_shown_as_they_are(picture: Image.Image) -> None:
    jpeg = codecs()[0]
    exhibit = exhibit_picture("a", picture, [PictureChoice(jpeg, 0.4, 20)], 10**6)
    decoded = exhibit.decoded[0]
    assert base64.b64decode(decoded.shown.data) == jpeg.coder.compress(picture, 20)
    assert (decoded.shown.exact, decoded.shown.media_type) == (True, "image/jpeg")
    assert (exhibit.width, exhibit.height, exhibit.quality) == (176, 176, 95)
    assert opened(exhibit.original).size == (176, 176)
    assert decoded.point.bytes == len(jpeg.coder.compress(picture, 20))


def test_a_small_budget_is_kept_by_quality_and_then_by_size(picture: Image.Image) -> None:
    choices = [PictureChoice(codecs()[0], 0.4, 20)]
    whole = exhibit_picture("a", picture, choices, 10**6)
    coarse = exhibit_picture("a", picture, choices, whole.bytes // 2)
    small = exhibit_picture("a", picture, choices, whole.bytes // 10)
    assert coarse.bytes <= whole.bytes // 2
    assert coarse.width == 176
    assert coarse.quality < whole.quality
    assert small.bytes <= whole.bytes // 10
    assert small.width < 176
    assert opened(small.original).size == opened(small.decoded[0].shown).size == (small.width, small.height)
    assert not small.decoded[0].shown.exact


@pytest.mark.parametrize("count", [1, 24, PICTURE_GALLERY.most, 1000])
def test_a_page_of_any_folder_fits(count: int) -> None:
    originals = [OriginalPicture(str(number), None, 1, 1, "") for number in range(count)]  # type: ignore[arg-type]
    shown = evenly(originals, PICTURE_GALLERY.most)
    assert len(set(shown)) == min(count, PICTURE_GALLERY.most)
    assert len(shown) * exhibit_budget(len(shown)) < 25e6
