"""Draws from tables and from the prior: as likely as they should be, and the same for the same seed."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from bitstream import PRECISION, ImageSource
from tests.helpers.commands import contents, fail, run, succeed
from tests.helpers.enumerable_models import all_indices, enumerable_model, probabilities
from tests.helpers.paths import GOLDEN_IMAGE_MODEL
from tests.helpers.pictures import same_pixels
from vqcodec import ImageCodec, InputError, load
from vqcodec.codec.loading import for_pictures
from vqcodec.media.pictures.contact_sheet import GUTTER, contact_sheet
from vqcodec.prior.sampling import SymbolSampler

WHOLE = 1 << PRECISION
TABLE = np.array([WHOLE // 2, WHOLE // 4, WHOLE // 8, WHOLE // 8 - 1, 1], np.float64)


@pytest.fixture(scope="module")
def codec() -> ImageCodec:
    return ImageCodec(enumerable_model())


def draws(sampler: SymbolSampler, table: NDArray[np.float64], count: int) -> NDArray[np.int32]:
    return sampler.decode(np.tile(table, (count, 1)))


def assert_drawn_from(symbols: NDArray[np.int32], p: NDArray[np.float64]) -> None:
    """A chi-square test at about five standard deviations, rare symbols taken together."""
    counts, expected = np.bincount(symbols, minlength=len(p)), len(symbols) * p / p.sum()
    assert not counts[expected == 0].any()
    rare = expected < 10
    observed, wanted = np.append(counts[~rare], counts[rare].sum()), np.append(expected[~rare], expected[rare].sum())
    statistic = ((observed - wanted) ** 2 / np.maximum(wanted, 1)).sum()
    freedom = len(observed) - 1
    assert statistic < freedom + 5 * (2 * freedom) ** 0.5


# Tables ------------------------------------------------------------------------------------------------------------


class Words:
    """In place of the generator: all values that a draw can have around the bounds of a table."""

    def __init__(self, values: NDArray[np.int64]) -> None:
        self.values = values

    def random_raw(self, count: int) -> NDArray[np.uint64]:
        assert count == len(self.values)
        low = np.arange(count, dtype=np.uint64)  # bits that must not matter
        return self.values.astype(np.uint64) << np.uint64(64 - PRECISION) | low


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=9).filter(sum))
def test_every_value_of_a_draw_has_its_symbol(weights: list[int]) -> None:
    """So that a symbol of frequency f has exactly f of the 2**24 values."""
    table = 1 + np.floor(np.array(weights) * (WHOLE - len(weights)) / sum(weights))
    table[0] += WHOLE - table.sum()
    ends = table.cumsum().astype(np.int64)
    sampler = SymbolSampler(0)
    sampler._bits = Words(np.concatenate([ends - table.astype(np.int64), ends - 1]))  # type: ignore[assignment]
    assert draws(sampler, table, 2 * len(table)).tolist() == 2 * list(range(len(table)))


def test_symbols_are_as_frequent_as_the_table_says() -> None:
    assert_drawn_from(draws(SymbolSampler(1), TABLE, 50_000), TABLE)


@pytest.mark.parametrize("temperature", [0.3, 0.8, 1.5, 10.0])
def test_temperature_is_a_power_of_p(temperature: float) -> None:
    assert_drawn_from(draws(SymbolSampler(1, temperature), TABLE, 50_000), (TABLE / WHOLE) ** (1 / temperature))


@pytest.mark.parametrize("temperature", [0.0, 5e-324, 1e-9])
def test_at_no_temperature_only_the_likeliest_is_drawn(temperature: float) -> None:
    assert set(draws(SymbolSampler(0, temperature), TABLE, 1000)) == {0}
    tied = draws(SymbolSampler(0, temperature), np.array([4.0, 6.0, 6.0]) * WHOLE / 16, 1000)
    assert set(tied) == {1, 2}


def test_draws_are_the_same_everywhere() -> None:
    sampler = SymbolSampler(0)
    assert draws(sampler, TABLE, 20).tolist() == [1, 0, 0, 0, 2, 3, 1, 1, 1, 3, 2, 0, 2, 0, 1, 0, 2, 1, 0, 0]
    assert draws(sampler, np.full(256, WHOLE / 256), 6).tolist() == [7, 31, 171, 165, 157, 98]


def test_each_row_has_its_own_table() -> None:
    rows = np.ones((3, 4)) + np.eye(4)[[2, 0, 3]] * (WHOLE - 4)
    assert SymbolSampler(0).decode(rows).tolist() == [2, 0, 3]
    assert SymbolSampler(0).decode(np.full((5, 1), float(WHOLE))).tolist() == [0] * 5


@pytest.mark.parametrize(("seed", "temperature"), [(-1, 1.0), (0, -0.1), (0, np.inf), (0, np.nan)])
def test_seeds_and_temperatures_that_are_none(seed: int, temperature: float) -> None:
    with pytest.raises(InputError, match="seed"):
        SymbolSampler(seed, temperature)


# The prior ---------------------------------------------------------------------------------------------------------


def test_indices_are_as_frequent_as_the_prior_says(codec: ImageCodec) -> None:
    """And cost, on average, the entropy of the prior."""
    every = all_indices(codec, 8, 4)  # two positions
    p = probabilities(codec, every)
    assert p.max() > 10 / len(every)  # not flat
    number = {volume.values.tobytes(): n for n, volume in enumerate(every)}
    drawn = [number[volume.values.tobytes()] for volume in codec.sample(3000, 4, 8, seed=5)]
    assert_drawn_from(np.array(drawn), p)
    bits = -np.log2(p)
    entropy, deviation = (p * bits).sum(), ((p * bits**2).sum() - (p * bits).sum() ** 2) ** 0.5
    assert abs(bits[drawn].mean() - entropy) < 4 * deviation / len(drawn) ** 0.5


def test_low_temperatures_draw_cheaper_indices(codec: ImageCodec) -> None:
    costs = [
        np.mean([codec.bits(volume).sum() for volume in codec.sample(60, 12, 12, temperature=temperature)])
        for temperature in (0.0, 0.5, 1.0, 2.0)
    ]
    assert (np.diff(costs) > 1).all()


def test_seeds(tiny_codec: ImageCodec) -> None:
    drawn = tiny_codec.sample(3, 100, 70, seed=4, rate_point=1)
    assert drawn == tiny_codec.sample(3, 100, 70, seed=4, rate_point=1)
    assert drawn[:2] == tiny_codec.sample(2, 100, 70, seed=4, rate_point=1)
    others = [*drawn, *tiny_codec.sample(3, 100, 70, seed=5, rate_point=1)]
    assert len({volume.values.tobytes() for volume in others}) == 6


def test_samples_are_the_same_everywhere() -> None:
    (drawn,) = for_pictures(load(GOLDEN_IMAGE_MODEL)).sample(1, 80, 120)
    assert hashlib.sha256(drawn.values.astype("<i4").tobytes()).hexdigest()[:16] == "4d8580be15c491de"


def test_samples_are_indices_as_any_other(tiny_codec: ImageCodec) -> None:
    (drawn,) = tiny_codec.sample(1, 33, 50, rate_point=1)
    assert (drawn.values.shape, drawn.source, drawn.rate_point) == ((6, 3, 4), ImageSource(50, 33), 1)
    data = tiny_codec.write(drawn)
    assert tiny_codec.read(data) == drawn
    assert tiny_codec.decompress(data).size == (50, 33)
    (usual,) = tiny_codec.sample(1, 33, 50)
    assert usual.rate_point == tiny_codec.settings(60).rate_point
    assert tiny_codec.sample(0, 33, 50) == []


@pytest.mark.parametrize(
    "wrong", [{"height": 0}, {"width": -1}, {"width": 2**32}, {"rate_point": 2}, {"rate_point": -1}, {"seed": -1}]
)
def test_samples_that_cannot_be(tiny_codec: ImageCodec, wrong: dict[str, int]) -> None:
    with pytest.raises(InputError):
        tiny_codec.sample(**{"count": 1, "height": 8, "width": 8} | wrong)


# The command -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "grid"), [(1, (1, 1)), (2, (2, 1)), (5, (3, 2)), (9, (3, 3)), (10, (4, 3))])
def test_contact_sheet(count: int, grid: tuple[int, int]) -> None:
    sheet = contact_sheet([Image.new("RGB", (7, 5), (number, 0, 0)) for number in range(count)])
    columns, rows = grid
    assert sheet.size == (columns * (7 + GUTTER) - GUTTER, rows * (5 + GUTTER) - GUTTER)
    for number in range(columns * rows):
        corner = (number % columns * (7 + GUTTER), number // columns * (5 + GUTTER))
        assert sheet.getpixel(corner) == ((number, 0, 0) if number < count else (255, 255, 255))


def sheet_of(*options: object) -> Image.Image:
    return Image.open(io.BytesIO(succeed("sample", *options, "-").stdout_bytes))


def test_the_command_draws_and_decodes(tiny_model: Path, tiny_codec: ImageCodec) -> None:
    options = ("-n", 3, "--size", "40x20", "--seed", 7, "--temperature", 0.5, "-q", 100)
    drawn = tiny_codec.sample(3, 20, 40, 7, 0.5, tiny_codec.settings(100).rate_point)
    wanted = contact_sheet([tiny_codec.decode(volume) for volume in drawn])
    assert same_pixels(sheet_of(tiny_model, *options), wanted)


def test_the_command_by_default(tiny_model: Path) -> None:
    sheet = sheet_of(tiny_model)
    assert sheet.size == (4 * 256 + 3 * GUTTER, 4 * 256 + 3 * GUTTER)
    first, again, other = (sheet_of(tiny_model, "--size", "32x32", "--seed", seed) for seed in (0, 0, 1))
    assert same_pixels(first, again)
    assert not same_pixels(first, other)


def test_a_sheet_is_not_overwritten_unasked(tiny_model: Path, tmp_path: Path) -> None:
    out = tmp_path / "sheet.png"
    out.write_bytes(b"old")
    assert "exists already" in fail(tmp_path, "sample", tiny_model, out, "-n", 1, "--size", "8x8")
    assert "suffix" in fail(tmp_path, "sample", tiny_model, tmp_path / "sheet")
    assert "no model" in fail(tmp_path, "sample", "nothing", tmp_path / "new.png")
    succeed("sample", tiny_model, out, "-n", 1, "--size", "8x8", "--force")
    assert Image.open(out).size == (8, 8)
    assert contents(tmp_path).keys() == {"sheet.png"}


@pytest.mark.parametrize(
    "wrong", [("--size", "8"), ("--size", "0x8"), ("--size", "8x-8"), ("-n", 0), ("--seed", -1), ("--temperature", -1)]
)
def test_usage(tiny_model: Path, wrong: tuple[str, object]) -> None:
    result = run("sample", tiny_model, "-", *wrong)
    assert result.exit_code == 2
    assert wrong[0] in result.stderr


def test_bundled_models_are_named(monkeypatch: pytest.MonkeyPatch, tiny_model: Path) -> None:
    monkeypatch.setattr("vqcodec.model.bundled.WEIGHTS", tiny_model.parent)
    assert load(tiny_model.stem).model.fingerprint == load(tiny_model).model.fingerprint
    assert sheet_of(tiny_model.stem, "-n", 1, "--size", "8x9").size == (8, 9)
