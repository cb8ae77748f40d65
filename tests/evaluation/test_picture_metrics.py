"""The measures of rate and distortion, against hand computations and known answers."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("scipy", reason="needs vqcodec[eval]")
pytest.importorskip("pytorch_msssim", reason="needs vqcodec[eval]")

from bitstream.errors import InputError
from vqcodec.evaluation.pictures.anchors import ANCHORS, PictureAnchor
from vqcodec.evaluation.pictures.folder import find_pictures, mirrored_to_size
from vqcodec.evaluation.pictures.metrics import ms_ssim, psnr, ssimulacra2
from vqcodec.evaluation.pictures.modality import PICTURES
from vqcodec.evaluation.pictures.rate_distortion import PICTURE_METRICS, PicturePoint, measure_picture
from vqcodec.evaluation.pictures.ssimulacra2 import blur
from vqcodec.evaluation.report.text import markdown_table, number, write_csv
from vqcodec.evaluation.shared.averages import curves, means
from vqcodec.evaluation.shared.curves import Curve, envelope, interpolate, rises
from vqcodec.evaluation.shared.jobs import CODING_ERRORS

RATES = [0.1, 0.2, 0.4, 0.8]
VALUES = [24.0, 27.0, 29.5, 33.0]


@pytest.fixture
def picture() -> Image.Image:
    """Smooth colours with some detail, 200 x 168: large enough for five scales."""
    y, x = np.mgrid[:168, :200].astype(np.float64)
    channels = [128 + 90 * np.sin(x / 17 + c) * np.cos(y / 23) + 25 * np.sin((x + y) / 3) for c in range(3)]
    return Image.fromarray(np.clip(np.stack(channels, axis=-1), 0, 255).astype(np.uint8))


def solid(colour: tuple[int, int, int], size: tuple[int, int] = (2, 2)) -> Image.Image:
    return Image.new("RGB", size, colour)


def point(**changes: Any) -> PicturePoint:
    base = PicturePoint("a", "one.png", 10.0, 100, 0.1, 25.0, 0.9, 70.0, 0.5, 0.25)
    return replace(base, **changes)


def test_psnr_is_that_of_the_mean_squared_error_over_pixels_and_colours() -> None:
    original, decoded = solid((10, 20, 30)), solid((10, 20, 30))
    decoded.putpixel((0, 0), (13, 20, 34))  # one pixel of four is off by 3, 0 and 4: (9 + 16) / 12
    assert psnr(original, decoded) == pytest.approx(10 * math.log10(255**2 * 12 / 25), rel=1e-12)


def test_psnr_of_differences_beyond_a_signed_byte() -> None:
    assert psnr(solid((0, 0, 0)), solid((255, 255, 255))) == pytest.approx(0)


def test_psnr_of_equal_pictures_is_infinite(picture: Image.Image) -> None:
    assert psnr(picture, picture.copy()) == math.inf


def test_ms_ssim_of_equal_pictures_is_one(picture: Image.Image) -> None:
    assert ms_ssim(picture, picture.copy()) == 1


def test_ms_ssim_falls_with_noise(picture: Image.Image) -> None:
    rng = np.random.default_rng(0)
    noisy = [np.clip(np.asarray(picture) + rng.normal(0, sigma, (168, 200, 3)), 0, 255) for sigma in (4, 16, 64)]
    values = [ms_ssim(picture, Image.fromarray(each.astype(np.uint8))) for each in noisy]
    assert 1 > values[0] > values[1] > values[2] > 0


def test_ms_ssim_is_not_defined_for_a_small_picture(picture: Image.Image) -> None:
    assert math.isnan(ms_ssim(picture.crop((0, 0, 200, 160)), picture.crop((0, 0, 200, 160))))
    assert ms_ssim(picture.crop((0, 0, 200, 161)), picture.crop((0, 0, 200, 161))) == 1


def test_ssimulacra2_of_equal_pictures_is_a_hundred(picture: Image.Image) -> None:
    assert ssimulacra2(picture, picture.copy()) == pytest.approx(100)


def test_ssimulacra2_falls_with_noise(picture: Image.Image) -> None:
    rng = np.random.default_rng(0)
    noisy = [np.clip(np.asarray(picture) + rng.normal(0, sigma, (168, 200, 3)), 0, 255) for sigma in (4, 16, 64)]
    values = [ssimulacra2(picture, Image.fromarray(each.astype(np.uint8))) for each in noisy]
    assert 90 > values[0] > values[1] > values[2]


def test_ssimulacra2_needs_eight_pixels() -> None:
    assert math.isnan(ssimulacra2(solid((0, 0, 0), (7, 8)), solid((0, 0, 0), (7, 8))))
    assert ssimulacra2(solid((0, 0, 0), (8, 8)), solid((0, 0, 0), (8, 8))) == pytest.approx(100)


def test_the_blur_is_nearly_gaussian_with_zeros_around() -> None:
    dot = np.zeros((21, 21, 1))
    dot[10, 10] = 1
    y, x = np.mgrid[-10:11, -10:11]
    gaussian = np.exp(-(x**2 + y**2) / (2 * 1.5**2)) / (2 * math.pi * 1.5**2)
    np.testing.assert_allclose(blur(dot)[:, :, 0], gaussian, atol=2e-3)
    assert blur(dot).sum() == pytest.approx(1)
    assert blur(np.ones((21, 21, 1)))[0, 0, 0] == pytest.approx(((1 + blur(dot)[10].sum()) / 2) ** 2, abs=0.05)


@pytest.mark.parametrize("metric", [psnr, ms_ssim, ssimulacra2])
def test_pictures_of_different_sizes_are_not_compared(metric: object) -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        metric(solid((0, 0, 0), (2, 2)), solid((0, 0, 0), (1, 2)))  # type: ignore[operator]


def test_interpolation_returns_the_knots() -> None:
    np.testing.assert_allclose(interpolate(RATES, VALUES, RATES), VALUES, rtol=1e-12)


def test_interpolation_takes_knots_in_any_order() -> None:
    at = [0.13, 0.5]
    np.testing.assert_array_equal(interpolate(RATES, VALUES, at), interpolate(RATES[::-1], VALUES[::-1], at))


def test_interpolation_of_a_line_over_the_logarithm_is_that_line() -> None:
    at = np.array([0.11, 0.3, 0.7])
    np.testing.assert_allclose(interpolate(RATES, 30 + 5 * np.log(RATES), at), 30 + 5 * np.log(at), rtol=1e-12)


def test_interpolation_does_not_overshoot() -> None:
    between = interpolate(RATES, [24.0, 24.1, 33.0, 33.1], np.linspace(0.1, 0.8, 200))
    assert (np.diff(between) > 0).all()
    assert between[0] == pytest.approx(24.0)


def test_outside_of_the_measured_rates_there_is_no_guess() -> None:
    values = interpolate(RATES, VALUES, [0.0999, 0.1, 0.8, 0.8001])
    assert np.isnan(values).tolist() == [True, False, False, True]


@pytest.mark.parametrize("rates", [[], [0.2], [0.2, 0.2]])
def test_a_single_rate_is_no_curve(rates: list[float]) -> None:
    assert np.isnan(interpolate(rates, [25.0] * len(rates), [0.2])).all()


def test_the_best_of_two_curves_that_cross() -> None:
    coarse = Curve((1, 2, 3), (0.1, 0.2, 0.4), (26.0, 27.0, 28.0), ("coarse",) * 3)
    fine = Curve((5, 6, 7), (0.15, 0.3, 0.6), (24.0, 28.0, 32.0), ("fine",) * 3)
    best = envelope([coarse, fine])
    assert best.rates == (0.1, 0.2, 0.3, 0.6)
    assert best.values == (26.0, 27.0, 28.0, 32.0)
    assert (best.codecs, best.qualities) == (("coarse", "coarse", "fine", "fine"), (1, 2, 6, 7))


def test_a_rate_that_gives_less_than_a_lower_one_is_not_the_best() -> None:
    short = Curve((1, 2), (0.1, 0.2), (26.0, 30.0), ("short",) * 2)
    long = Curve((1, 2), (0.3, 0.6), (29.0, 33.0), ("long",) * 2)
    assert envelope([short, long]).rates == (0.1, 0.2, 0.6)
    assert envelope([long]) == long
    assert envelope([Curve((), (), ()), long]).rates == (0.3, 0.6)
    assert envelope([Curve((), (), ())] * 2).rates == ()


def test_no_setting_is_above_the_best_of_them() -> None:
    rng = np.random.default_rng(3)
    made = []
    for name in "abc":
        rates, values = np.sort(rng.uniform(0.05, 2, 9)), np.sort(rng.uniform(20, 40, 9))
        made.append(Curve(tuple(range(9)), tuple(rates), tuple(values), (name,) * 9))
    best = envelope(made)
    assert rises(best.rates)
    assert rises(best.values)
    for curve in made:
        above = interpolate(curve.rates, curve.values, best.rates) - best.values
        assert np.nanmax(above) <= 1e-9


@pytest.mark.parametrize("anchor", ANCHORS, ids=lambda anchor: f"{anchor.family} {anchor.variant}")
def test_anchors_really_compress(anchor: PictureAnchor, picture: Image.Image) -> None:
    if not anchor.available:
        pytest.skip(f"{anchor.label} is not available")
    coarse, fine = (measure_picture(anchor.family, anchor, quality, "picture", picture) for quality in (10, 75))
    assert Image.open(io.BytesIO(anchor.compress(picture, 75))).format == anchor.encoder.format
    assert coarse.bytes < fine.bytes < 3 * 200 * 168
    assert 15 < coarse.psnr < fine.psnr < 60
    assert coarse.ms_ssim < fine.ms_ssim < 1
    assert fine.bytes == len(anchor.compress(picture, 75))
    assert fine.bits_per_pixel == 8 * fine.bytes / (200 * 168)
    assert anchor.decompress(anchor.compress(picture, 75)).size == picture.size


def test_the_version_of_an_anchor_names_its_options() -> None:
    for anchor in (each for each in ANCHORS if each.available):
        assert anchor.with_options("other", other=1).version != anchor.version


def test_what_a_codec_does_not_take_is_an_error_of_coding() -> None:
    for anchor in ANCHORS:
        if anchor.family == "webp" and anchor.available:
            with pytest.raises(CODING_ERRORS):
                anchor.compress(Image.new("RGB", (16400, 8)), 50)


def test_variants_of_a_codec_make_different_files(picture: Image.Image) -> None:
    for name in dict.fromkeys(anchor.family for anchor in ANCHORS if anchor.available):
        own = [anchor for anchor in ANCHORS if anchor.family == name and anchor.available]
        files = {anchor.compress(picture, 40) for anchor in own}
        assert len(files) == len({anchor.variant for anchor in own}) == len(own)


def test_means_are_over_the_pictures_of_a_setting() -> None:
    points = [
        point(image="two.png", psnr=31.0, bits_per_pixel=0.4),
        point(quality=20.0, psnr=33.0),
        point(psnr=27.0, bits_per_pixel=0.2),
        point(quality=20.0, image="two.png", psnr=34.0),
    ]
    low, high = means(points, PICTURES)
    assert (low.quality, low.images, low.psnr) == (10.0, 2, 29.0)
    assert low.bits_per_pixel == pytest.approx(0.3)
    assert (high.quality, high.psnr) == (20.0, 33.5)


def test_means_over_different_pictures_are_refused() -> None:
    with pytest.raises(ValueError, match="b at quality 10 was measured on other originals"):
        means([point(), point(image="two.png"), point(codec="b")], PICTURES)


def test_curves_are_of_the_pictures_that_have_the_metric_everywhere() -> None:
    points = [
        point(codec=codec, quality=quality, image=image, psnr=math.inf if (codec, image) == ("b", "flat") else psnr)
        for codec, quality, image, psnr in (
            *(("b", 10.0, image, 20.0) for image in ("one", "two", "flat")),
            *(("a", 10.0, image, 30.0) for image in ("one", "two", "flat")),
        )
    ]
    assert list(curves(points, PICTURE_METRICS[0])) == ["b", "a"]
    assert curves(points, PICTURE_METRICS[0])["b"].values == (20.0,)
    assert math.isinf(means(points, PICTURES)[1].psnr)


@pytest.mark.parametrize(("values", "answer"), [([1, 2, 3], True), ([1, 2, 2], False), ([1, 3, 2], False), ([1], True)])
def test_rises_is_strict(values: list[float], answer: bool) -> None:
    assert rises(values) is answer


@pytest.mark.posix
def test_pictures_of_a_folder(tmp_path: Path, picture: Image.Image) -> None:
    for name in ("b.png", "a.jpg"):
        picture.save(tmp_path / name)
    (tmp_path / "notes.md").write_text("not a picture")
    picture.save(tmp_path / ".hidden.png")
    (tmp_path / "broken.png").symlink_to(tmp_path / "nothing")
    (tmp_path / "folder.png").mkdir()
    assert [path.name for path in find_pictures(tmp_path)] == ["a.jpg", "b.png", "broken.png"]


def test_a_folder_without_pictures(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no picture"):
        find_pictures(tmp_path)


@pytest.mark.parametrize("size", [(200, 168), (100, 60), (201, 168), (900, 300), (60, 1000)])
def test_mirrored_pictures_have_exactly_the_size(picture: Image.Image, size: tuple[int, int]) -> None:
    assert mirrored_to_size(picture, *size).size == size


def test_mirroring_leaves_no_seam(picture: Image.Image) -> None:
    doubled = np.asarray(mirrored_to_size(picture, 400, 336))
    np.testing.assert_array_equal(doubled[:168, :200], np.asarray(picture))
    np.testing.assert_array_equal(doubled[:, :200], doubled[:, :199:-1])


def test_markdown_table_is_aligned() -> None:
    table = markdown_table(["rate", "x"], [["0.1", "12.50"], ["0.25", "-"]])
    assert table.splitlines() == ["| rate |     x |", "| ---- | ----: |", "| 0.1  | 12.50 |", "| 0.25 |     - |"]


def test_numbers_in_tables() -> None:
    assert [number(1.005, 1), number(1.2, sign=True), number(math.nan)] == ["1.0", "+1.20", "-"]


def test_csv_has_the_names_of_the_fields(tmp_path: Path) -> None:
    write_csv(tmp_path / "points.csv", PicturePoint, [point()])
    header, row = (tmp_path / "points.csv").read_text().splitlines()
    assert header == "codec,image,quality,bytes,bits_per_pixel,psnr,ms_ssim,ssimulacra2,encode_seconds,decode_seconds"
    assert row == "a,one.png,10.0,100,0.1,25.0,0.9,70.0,0.5,0.25"
