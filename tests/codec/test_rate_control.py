"""Files of at most so many bytes: the search, on curves that are known and with small models."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from bitstream import ImageSource, InputError
from tests.helpers.audio_models import tiny_audio_model
from tests.helpers.pictures import pictures
from tests.helpers.sounds import voices
from vqcodec import AudioCodec, ImageCodec
from vqcodec.codec.rate_control import NARROWEST, PROBED, TOLERANCE, SizeCurve, largest_file, probe, taken
from vqcodec.media.pictures.excerpt import WINDOWS
from vqcodec.media.pictures.resizing import resized
from vqcodec.model.quality import Setting, quality_of, setting

TABLE = [Setting(0, 0.4), Setting(0, 0.1), Setting(2, 0.3), Setting(2, 0.02), Setting(3, 0.2)]


class Sizes:
    """Sizes of files that fall with lambda and jump between rate points; it counts how often it was asked."""

    def __init__(self, jump: float = 2.0, smallest: float = 40.0) -> None:
        self.jump, self.smallest, self.asked = jump, smallest, 0

    def __call__(self, chosen: Setting) -> float:
        self.asked += 1
        return self.smallest + 1000 * self.jump**chosen.rate_point / (1 + 5 * chosen.lambda_) ** 2


def best(curve: SizeCurve, budget: float) -> Setting | None:
    return curve.fit(curve.rate_points(budget)[-1], budget)


@given(budget=st.floats(45, 9000), jump=st.floats(1.1, 4))
def test_a_budget_is_filled(budget: float, jump: float) -> None:
    sizes = Sizes(jump)
    curve = SizeCurve(TABLE, sizes)
    assume(budget > sizes(curve.coarsest))
    chosen = best(curve, budget)
    assert chosen is not None
    assert sizes(chosen) <= budget
    assert sizes(chosen) >= (1 - TOLERANCE) * budget or chosen == curve.finest
    assert sizes.asked < 20


@given(budget=st.floats(100, 9000))
def test_of_two_rate_points_only_the_finer_one_fills_the_budget(budget: float) -> None:
    curve = SizeCurve(TABLE, Sizes())
    rate_points = curve.rate_points(budget)
    assert set(rate_points) <= {0, 2, 3}
    if len(rate_points) == 2:
        assert rate_points == sorted(rate_points)
        assert curve.size(Setting(rate_points[0], 0.0)) < 0.98 * budget
        fitted = curve.fit(rate_points[1], budget)
        assert fitted is not None
        assert curve.size(fitted) >= (1 - TOLERANCE) * budget


@given(budget=st.integers(200, 9000), seed=st.integers(0, 99))
def test_uneven_sizes_leave_a_little_more_room(budget: int, seed: int) -> None:
    """Files are by up to 4 percent larger than they seem, and at every setting by another share."""
    curve, rng = SizeCurve(TABLE, Sizes()), np.random.default_rng(seed)
    found = largest_file(curve, 3, lambda chosen: bytes(int(curve.size(chosen) * rng.uniform(1, 1.04))), budget)
    assert len(found.data) <= budget or budget < curve.size(Setting(3, 0.0))
    assert len(found.data) >= 0.88 * budget or found.is_finest


def test_budgets_out_of_range() -> None:
    curve = SizeCurve(TABLE, Sizes())
    assert best(curve, 30) is None
    assert best(curve, 1e9) == curve.finest == Setting(3, 0.0)
    assert curve.coarsest == Setting(0, 0.4 * 64)
    assert curve.size(curve.coarsest) < 41


@pytest.mark.parametrize("table", [[Setting(0, 0.0)], [Setting(1, 0.0), Setting(1, 0.5)], [Setting(4, 0.3)]])
def test_tables_of_any_kind(table: list[Setting]) -> None:
    curve = SizeCurve(table, Sizes())
    middle = (curve.size(curve.coarsest) * curve.size(curve.finest)) ** 0.5
    chosen = best(curve, middle)
    assert chosen is not None
    assert 0.97 * middle <= curve.size(chosen) <= middle


@given(budget=st.integers(60, 9000), error=st.floats(0.7, 1.4))
def test_files_correct_the_estimates(budget: int, error: float) -> None:
    """Real files are by a factor larger or smaller than they seem."""
    sizes = Sizes()
    found = largest_file(SizeCurve(TABLE, sizes), 3, lambda chosen: bytes(round(error * sizes(chosen))), budget)
    most = round(error * sizes(Setting(3, 0.0)))
    assert len(found.data) <= budget
    assert len(found.data) >= 0.9 * min(budget, most)
    assert found.is_finest == (len(found.data) == most)


def test_the_smallest_file_is_the_last_resort() -> None:
    sizes = Sizes(smallest=100)
    found = largest_file(SizeCurve(TABLE, sizes), 0, lambda chosen: bytes(math.ceil(sizes(chosen))), 90)
    assert len(found.data) == 101
    with pytest.raises(InputError, match="90 bytes is too little for the model: its smallest file has 101 bytes"):
        taken(found, 90)


@pytest.mark.parametrize("table", [TABLE, TABLE[:1]])
def test_the_quality_of_a_setting(table: list[Setting]) -> None:
    for quality in np.linspace(1, 100, len(table)):
        assert quality_of(table, setting(table, quality)) == pytest.approx(quality)
    assert quality_of(table, Setting(0, 9.0)) == 1
    assert quality_of(table, Setting(9, 0.0)) == (100 if len(table) > 1 else 1)


@pytest.mark.parametrize("shape", [(1, 40_000), (2, 40_000), (300, 200), (40_000, 50), (40_000, 20)])
def test_long_originals_are_probed(shape: tuple[int, int]) -> None:
    latents = np.broadcast_to(np.arange(shape[1], dtype=np.float32), (1, 1, *shape))
    part, share = probe(latents)
    assert part.shape[2] == shape[0]
    assert share == part.shape[3] / shape[1]
    assert part.shape[3] <= max(2 * NARROWEST, PROBED / shape[0])
    assert [part[0, 0, 0, 0], part[0, 0, 0, -1]] == [0, shape[1] - 1]
    small = np.zeros((1, 1, 10, 20), np.float32)
    assert probe(small) == (small, 1.0)


# Pictures ----------------------------------------------------------------------------------------------------------


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return 10 * math.log10(255**2 / np.mean((a.astype(float) - b) ** 2))


@pytest.mark.parametrize("size", [(200, 120), (33, 250), (15, 16)])
def test_pictures_have_the_bytes_that_they_may_have(tiny_codec: ImageCodec, size: tuple[int, int]) -> None:
    pixels = pictures(1, 256, seed=5)[0][: size[1], : size[0]]
    ends = [len(tiny_codec.compress(pixels, quality)) for quality in (1, 100)]
    for budget in np.geomspace(80, 1.5 * ends[1], 6):
        with warnings.catch_warnings(record=True) as notes:
            warnings.simplefilter("always")
            data = tiny_codec.compress(pixels, max_bytes=budget)
        assert len(data) <= budget
        assert len(data) >= (1 - TOLERANCE) * int(budget) or notes
        decoded = tiny_codec.decompress(data)
        assert decoded.size == size


def test_a_smaller_scale_is_taken_where_it_is_better(tiny_codec: ImageCodec) -> None:
    pixels = pictures(1, 256, seed=6)[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        small = tiny_codec.compress(pixels, max_bytes=120)
        large = tiny_codec.compress(pixels, max_bytes=4000)
    source, other = tiny_codec.read(small).source, tiny_codec.read(large).source
    assert isinstance(source, ImageSource)
    assert isinstance(other, ImageSource)
    assert (source.width, source.height) == (256, 256)
    assert source.coded_width == source.coded_height < 128
    assert other.coded_width == 256
    coarsest = tiny_codec.encode(pixels, lambda_=25.0, rate_point=0)
    assert len(small) < len(tiny_codec.write(coarsest)) < 1000
    assert psnr(pixels, np.asarray(tiny_codec.decompress(small))) > psnr(
        pixels, np.asarray(tiny_codec.decode(coarsest))
    )


@pytest.mark.parametrize("budget", [700, 2000, 6000])
def test_the_scale_of_a_large_picture_is_searched_on_an_excerpt(
    tiny_codec: ImageCodec, budget: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = np.concatenate(pictures(3, 384, seed=6), axis=1)
    pixels[40:120, 30:200] = (200, 30, 40)  # which may get an overlay
    found = []
    for side in (4096, 96):
        monkeypatch.setattr("vqcodec.media.pictures.excerpt.SIDE", side)
        monkeypatch.setattr("vqcodec.media.pictures.excerpt.LARGE", 2 * WINDOWS * side**2)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the small model has gaps between its rates
            data = tiny_codec.compress(pixels, max_bytes=budget)
        source = tiny_codec.read(data).source
        assert isinstance(source, ImageSource)
        assert len(data) <= budget
        found.append((source.coded_width, psnr(pixels, np.asarray(tiny_codec.decompress(data)))))
    (width, best_psnr), (width_by_excerpt, psnr_by_excerpt) = found
    assert 0.7 < width_by_excerpt / width < 1.5
    assert psnr_by_excerpt > best_psnr - 0.5


def test_the_decoded_picture_is_scaled_up(tiny_codec: ImageCodec) -> None:
    """By Lanczos filters, rows first, as docs/FORMAT.md has it."""
    pixels = pictures(1, 64, seed=7)[0][:40]
    large = resized(pixels, 150, 97)
    assert np.array_equal(large, np.asarray(Image.fromarray(pixels).resize((150, 97), Image.Resampling.LANCZOS)))
    assert resized(pixels, 64, 40) is pixels
    for target, wanted in ((150, large[:, :, 0]),):
        across = interpolated(pixels[:, :, 0].astype(float), target)
        both = interpolated(across.T, 97).T
        assert np.abs(both - wanted).max() <= 1


@pytest.mark.parametrize("size", [(37, 29), (150, 97), (64, 300), (300, 7)])
def test_scaling_in_strips(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = pictures(1, 104, seed=7)[0][:, :64]
    monkeypatch.setattr("vqcodec.media.pictures.resizing.STRIP", 1000)
    wide = Image.fromarray(pixels).resize((size[0], 104), Image.Resampling.LANCZOS)
    wanted = np.asarray(wide.resize(size, Image.Resampling.LANCZOS)).astype(int)
    assert np.abs(resized(pixels, *size) - wanted).max() <= 1  # the weights are rounded otherwise
    assert (resized(pixels, *size) == wanted).mean() > 0.97


def interpolated(rows: np.ndarray, extent: int) -> np.ndarray:
    """The text of docs/FORMAT.md as a program: rows `[N, n]` to `[N, extent]`."""
    n = rows.shape[1]
    out = np.empty((len(rows), extent))
    for x in range(extent):
        centre = (x + 0.5) * n / extent
        inputs = [i for i in range(n) if abs(i + 0.5 - centre) < 3]
        weights = np.array([np.sinc(i + 0.5 - centre) * np.sinc((i + 0.5 - centre) / 3) for i in inputs])
        out[:, x] = rows[:, inputs] @ (weights / weights.sum())
    return np.clip(np.floor(out + 0.5), 0, 255)


def test_alpha_and_metadata_are_in_the_budget(tiny_codec: ImageCodec) -> None:
    pixels = pictures(1, 256, seed=8)[0]
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 1), np.uint8)
    noise[:, 2:] = 255
    layered = np.concatenate([pixels, noise], axis=2)
    chunks = tiny_codec.encode(layered).chunks
    assert len(chunks.alpha) > 400
    budget = len(chunks.alpha) + 250
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = tiny_codec.compress(layered, max_bytes=budget)
    assert len(chunks.alpha) < len(data) <= budget
    assert tiny_codec.read(data).chunks == chunks
    assert np.array_equal(np.asarray(tiny_codec.decompress(data))[:, :, 3], noise[:, :, 0])
    with pytest.raises(InputError, match="too little for the model"):
        tiny_codec.compress(layered, max_bytes=500)


@pytest.mark.parametrize("budget", [0, 0.5, -1, float("nan"), float("inf")])
def test_budgets_that_are_none(tiny_codec: ImageCodec, budget: float) -> None:
    with pytest.raises(InputError, match="max_bytes must be at least 1"):
        tiny_codec.compress(pictures(1, 32, seed=1)[0], max_bytes=budget)


def test_notes_of_pictures(tiny_codec: ImageCodec) -> None:
    pixels = pictures(1, 64, seed=9)[0]
    with pytest.warns(UserWarning, match=r"1000000 bytes is more than the model can use: the file has [0-9]* bytes"):
        data = tiny_codec.compress(pixels, max_bytes=1e6)
    assert len(data) >= len(tiny_codec.compress(pixels, quality=100))
    with pytest.raises(InputError, match=r"9 bytes is too little for the model: its smallest file has [0-9]* bytes"):
        tiny_codec.compress(pixels, max_bytes=9)


# Sound -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def audio() -> AudioCodec:
    return AudioCodec(tiny_audio_model())


@settings(max_examples=8, deadline=None)
@given(share=st.floats(0.05, 1), channels=st.integers(1, 2))
def test_recordings_have_the_bytes_that_they_may_have(audio: AudioCodec, share: float, channels: int) -> None:
    original = voices(channels, 60_000, seed=5)
    sizes = [len(audio.compress(original, 16_000, quality)) for quality in (1, 100)]
    budget = round(sizes[0] + share * (sizes[1] - sizes[0]))
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        data = audio.compress(original, 16_000, max_bytes=budget)
    assert len(data) <= budget
    assert len(data) >= (1 - TOLERANCE) * budget or notes


def test_long_recordings_meet_a_budget(audio: AudioCodec, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes are estimated on a part of them."""
    original = np.concatenate([voices(1, 200_000, seed=11), np.zeros((1, 50_000), np.float32)], axis=1)
    monkeypatch.setattr("vqcodec.codec.rate_control.PROBED", 320)
    budget = len(audio.compress(original, 16_000, quality=70))
    data = audio.compress(original, 16_000, max_bytes=budget)
    assert (1 - TOLERANCE) * budget <= len(data) <= budget
