"""Bjontegaard's measures, and the curves that others published."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("bjontegaard", reason="needs vqcodec[eval]")

from bitstream.errors import InputError
from vqcodec.evaluation.pictures.modality import PICTURES
from vqcodec.evaluation.shared.bd_rate import bjontegaard_delta
from vqcodec.evaluation.shared.curves import Curve, Metric, setting_near
from vqcodec.evaluation.shared.published import read_published

PSNR = Metric("psnr", "PSNR", "PSNR, dB", 2)
MS_SSIM = Metric("ms_ssim", "MS-SSIM", "MS-SSIM", 4, ends_at_one=True)
RATES = (0.1, 0.2, 0.4, 0.8)
VALUES = (24.0, 27.0, 29.5, 33.0)
CURVE = Curve((1, 2, 3, 4), RATES, VALUES)


def scaled(factor: float) -> Curve:
    return Curve((1, 2, 3, 4), tuple(factor * rate for rate in RATES), VALUES)


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.0, 1.25])
def test_a_curve_at_so_much_of_the_rate(factor: float) -> None:
    found = bjontegaard_delta(scaled(factor), CURVE, PSNR)
    assert found.rate == pytest.approx(100 * (factor - 1))
    assert np.sign(round(found.quality, 9)) == -np.sign(factor - 1)
    assert (found.low, found.high) == (24.0, 33.0)


def test_a_curve_that_is_better_by_so_much() -> None:
    better = Curve((), RATES, tuple(value + 0.75 for value in VALUES))
    found = bjontegaard_delta(better, CURVE, PSNR)
    assert found.quality == pytest.approx(0.75)
    assert (found.low, found.high) == (24.75, 33.0)


def test_a_metric_that_ends_at_one_is_in_decibels() -> None:
    curve, better = (Curve((), RATES, tuple(1 - missing / each for each in (5, 9, 20, 60))) for missing in (1, 0.5))
    assert bjontegaard_delta(better, curve, MS_SSIM).quality == pytest.approx(10 * math.log10(2))


def test_curves_without_common_qualities_have_no_rate_between_them() -> None:
    above = Curve((), RATES, tuple(value + 20 for value in VALUES))
    found = bjontegaard_delta(above, CURVE, PSNR)
    assert math.isnan(found.rate)
    assert math.isnan(found.low)
    assert found.quality == pytest.approx(20)


def test_curves_without_common_rates_have_no_quality_between_them() -> None:
    found = bjontegaard_delta(scaled(100), CURVE, PSNR)
    assert math.isnan(found.quality)
    assert found.rate == pytest.approx(9900)


@pytest.mark.parametrize("rates", [(), (0.3,)])
def test_a_point_is_no_curve(rates: tuple[float, ...]) -> None:
    found = bjontegaard_delta(Curve((), rates, tuple(25.0 for _ in rates)), CURVE, PSNR)
    assert math.isnan(found.rate)
    assert math.isnan(found.quality)


def test_points_that_cost_more_for_nothing_do_not_count() -> None:
    wasteful = Curve((), (*RATES, 0.3, 0.4, 0.9), (*VALUES, 26.0, 29.4, math.nan))
    assert bjontegaard_delta(wasteful, CURVE, PSNR).rate == pytest.approx(0)


def test_the_setting_near_a_rate() -> None:
    assert setting_near(RATES, (10, 20, 30, 40), 0.2) == 20
    assert setting_near(RATES[::-1], (40, 30, 20, 10), math.sqrt(0.2 * 0.4)) == 25
    assert [setting_near(RATES, (10, 20, 30, 40), rate) for rate in (0.01, 9)] == [10, 40]


def test_published_curves_of_both_shapes(tmp_path: Path) -> None:
    plain = {"name": "A", "bpp": [0.2, 0.1], "psnr": [30, 28], "ms_ssim": [0.95, 0.9]}
    theirs = {"name": "A", "results": {"bpp": [0.1, 0.2], "psnr-rgb": [29, 31], "ms-ssim-db-rgb": [10, 20]}}
    (tmp_path / "plain.json").write_text(json.dumps([plain, {"name": "B", "bpp": [0.3], "psnr": [33]}]))
    (tmp_path / "theirs.json").write_text(json.dumps(theirs))
    first, second, third = read_published([tmp_path / "plain.json", tmp_path / "theirs.json"], PICTURES.spelling)
    assert [each.name for each in (first, second, third)] == ["A (published)", "B (published)", "A (published) 2"]
    assert first.curves["psnr"] == Curve((), (0.1, 0.2), (28.0, 30.0))
    assert list(second.curves) == ["psnr"]
    assert third.curves["ms_ssim"].values == pytest.approx((0.9, 0.99))


NO_CURVES = (
    "",
    "[1]",
    '"A"',
    '{"bpp": [1], "psnr": [1]}',
    '{"name": "A", "psnr": [1]}',
    '{"name": "A", "bpp": [1]}',
    '{"name": "A", "bpp": [0], "psnr": [1]}',
    '{"name": "A", "bpp": [1], "psnr": 1}',
    '{"name": "A", "bpp": [1], "psnr": [1, 2]}',
    '{"name": "A", "bpp": [1], "psnr": [NaN]}',
    '{"name": "A", "results": 1}',
)


@pytest.mark.parametrize("text", NO_CURVES)
def test_what_is_no_published_curve(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.json").write_text(text)
    with pytest.raises(InputError, match=r"bad\.json: not "):
        read_published([tmp_path / "bad.json"], PICTURES.spelling)
