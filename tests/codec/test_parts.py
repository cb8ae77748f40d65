"""Regions and small versions: what is decoded is what the whole picture has there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw

import vqcodec
import vqcodec.pillow
from bitstream import InputError, ModelError
from tests.helpers.commands import fail, run, succeed
from tests.helpers.pictures import pictures
from tests.helpers.sounds import voices
from vqcodec import ImageCodec
from vqcodec.codec.loading import for_pictures
from vqcodec.media.pictures.area import Area, area_of, size_within
from vqcodec.media.pictures.modes import MODES
from vqcodec.model.model import Model
from vqcodec.transform.image.thumbnail import BIAS, WEIGHT, ThumbnailHead, neighbourhoods, thumbnail_head
from vqcodec.transform.image.tiles import spans_of_part

EXAMPLE = Path(__file__).parents[2] / "examples" / "coffee.png"


def picture(mode: str = "RGB", width: int = 150, height: int = 100) -> Image.Image:
    """Of any mode, with a drawing in it, so that it has an overlay."""
    image = Image.fromarray(pictures(1, 160, seed=6)[0][:height, :width])
    ImageDraw.Draw(image).rectangle((10, 10, 90, 60), fill=(250, 20, 20))
    if mode.endswith("A"):
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    return image.convert(mode)


def difference(a: Image.Image, b: Image.Image) -> int:
    assert (a.mode, a.size) == (b.mode, b.size)
    return int(np.abs(np.asarray(a).astype(int) - np.asarray(b).astype(int)).max())


# Regions -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_a_region_is_a_crop_of_the_whole(mode: str, tiny_codec: ImageCodec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiny_codec.networks, "tile", 32)
    data = tiny_codec.compress(picture(mode))
    whole = tiny_codec.decompress(data)
    for region in [(0, 0, 150, 100), (149, 99, 1, 1), (17, 30, 64, 33), (0, 40, 150, 1), (31, 0, 2, 100)]:
        left, top, width, height = region
        crop = whole.crop((left, top, left + width, top + height))
        assert difference(tiny_codec.decompress(data, region=region), crop) <= 1


@settings(deadline=None, max_examples=25)
@given(st.data())
def test_a_region_of_a_picture_that_was_coded_at_a_smaller_scale(tiny_codec: ImageCodec, data: st.DataObject) -> None:
    indices = small_scale(tiny_codec)
    whole = tiny_codec.decode(indices)
    left, top = data.draw(st.integers(0, whole.width - 1)), data.draw(st.integers(0, whole.height - 1))
    width, height = data.draw(st.integers(1, whole.width - left)), data.draw(st.integers(1, whole.height - top))
    region = tiny_codec.decode(indices, (left, top, width, height))
    assert difference(region, whole.crop((left, top, left + width, top + height))) <= 1


def small_scale(codec: ImageCodec) -> vqcodec.Indices:
    """Indices of a picture of 150 x 97, coded as one of 64 x 40."""
    from bitstream import ImageSource

    pixels = np.asarray(picture("RGB", 64, 40))
    source = ImageSource(150, 97, coded_width=64, coded_height=40)
    return codec.quantize(codec.analyse(pixels), codec.settings(60), source)


@settings(deadline=None)
@given(st.integers(1, 200), st.integers(1, 40), st.integers(0, 20), st.data())
def test_tiles_cover_a_part_once(extent: int, most: int, reach: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, extent - 1))
    part = range(first, data.draw(st.integers(first + 1, extent)))
    found = spans_of_part(extent, most, reach, part)
    assert [position for span in found for position in range(span.first, span.last)] == list(part)
    for span in found:
        assert 0 <= span.low <= max(0, span.first - reach)
        assert min(extent, span.last + reach) <= span.high <= extent


def test_only_tiles_of_the_region_are_decoded(tiny_codec: ImageCodec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiny_codec.networks, "tile", 32)
    indices = tiny_codec.encode(np.asarray(picture().resize((600, 400))), rate_point=0)
    seen: list[tuple[int, ...]] = []
    work = tiny_codec.networks.networks.decode

    def noted(z_q: np.ndarray, rate_point: int) -> np.ndarray:
        seen.append(z_q.shape)
        return work(z_q, rate_point)

    monkeypatch.setattr(tiny_codec.networks.networks, "decode", noted)
    tiny_codec.pixels(indices, Area(40, 40, 8, 8))
    few = len(seen)
    tiny_codec.pixels(indices)
    assert few * 4 <= len(seen) - few


@pytest.mark.parametrize("region", [(0, 0, 0, 5), (0, 0, 5, 0), (-1, 0, 5, 5), (0, 96, 5, 5), (146, 0, 5, 5)])
def test_regions_that_are_not_there(region: tuple[int, int, int, int], tiny_codec: ImageCodec) -> None:
    data = tiny_codec.compress(picture())
    with pytest.raises(InputError, match="not within the picture, which has 150 x 100 pixels"):
        tiny_codec.decompress(data, region=region)
    assert area_of((146, 96, 4, 4), 150, 100).slices == (slice(96, 100), slice(146, 150))


# Small versions ----------------------------------------------------------------------------------------------------


def psnr(a: Image.Image, b: Image.Image) -> float:
    error = np.asarray(a.convert("RGB")).astype(float) - np.asarray(b.convert("RGB"))
    return float(-10 * np.log10((error**2).mean() / 255**2))


@pytest.mark.parametrize("model", ["photo", "photo-ms-ssim"])
@pytest.mark.parametrize("quality", [10, 60, 95])
def test_a_small_version_is_the_whole_picture_scaled_down(model: str, quality: int) -> None:
    codec = for_pictures(vqcodec.load(model))
    data = codec.compress(Image.open(EXAMPLE), quality)
    whole = codec.decompress(data)
    for most in (whole.width // 4, whole.width // 7, 16):
        small = codec.decompress(data, max_size=most)
        assert max(small.size) == most
        assert psnr(small, whole.resize(small.size, Image.Resampling.LANCZOS)) > 30
    larger = codec.decompress(data, max_size=whole.width // 2)
    assert psnr(larger, whole.resize(larger.size, Image.Resampling.LANCZOS)) > 45
    assert difference(codec.decompress(data, max_size=whole.width), whole) == 0


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("most", [20, 90])
def test_small_versions_of_all_modes(mode: str, most: int) -> None:
    codec = vqcodec.load("photo")
    data = codec.compress(picture(mode))
    small = codec.decompress(data, max_size=most)
    assert small.size == (most, round(100 * most / 150))
    assert small.mode == {"P": "RGB", "1": "L"}.get(mode, mode)
    expected = codec.decompress(data).convert("RGB").resize(small.size, Image.Resampling.LANCZOS)
    if mode not in ("RGBA", "LA", "1", "I;16"):
        assert psnr(small, expected) > 20
    if mode == "RGBA":
        alpha = np.asarray(small.getchannel("A")).astype(int)
        assert (np.diff(alpha.mean(1)) >= 0).all()


def test_few_streams_are_read_for_a_small_version(monkeypatch: pytest.MonkeyPatch) -> None:
    codec = vqcodec.load("photo")
    data = codec.compress(Image.open(EXAMPLE))
    monkeypatch.setattr(codec.networks, "decode", None)  # would fail
    seen: list[int] = []
    work = codec.entropy_model.decode

    def noted(streams: list[bytes], *others: int) -> NDArray[np.int32]:
        seen.append(len(streams))
        return work(streams, *others)

    monkeypatch.setattr(codec.entropy_model, "decode", noted)
    codec.decompress(data, max_size=40)
    assert seen == [1]


def test_a_cut_file_has_a_small_version() -> None:
    codec = vqcodec.load("photo")
    data = codec.compress(Image.open(EXAMPLE))
    with pytest.warns(UserWarning, match="the file is cut short"):
        cut = codec.decompress(data[: len(data) * 3 // 4], allow_truncated=True, max_size=40)
    assert difference(cut, codec.decompress(data, max_size=40)) == 0


@pytest.mark.parametrize(
    ("size", "most", "expected"), [((9, 3), 9, (9, 3)), ((900, 3), 9, (9, 1)), ((3, 900), 9, (1, 9))]
)
def test_sizes(size: tuple[int, int], most: int, expected: tuple[int, int]) -> None:
    assert size_within(*size, most) == expected


def test_no_size_or_both(tiny_codec: ImageCodec) -> None:
    data = tiny_codec.compress(picture())
    with pytest.raises(InputError, match="at least 1"):
        tiny_codec.decompress(data, max_size=0)
    with pytest.raises(InputError, match="not both"):
        tiny_codec.decompress(data, max_size=5, region=(0, 0, 1, 1))


# The head ----------------------------------------------------------------------------------------------------------


def test_the_head_is_a_convolution(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    z_q = rng.normal(size=(3, 5, 7)).astype(np.float32)
    weight = (rng.normal(size=(12, 3, 3, 3)) / 50).astype(np.float32)
    head = ThumbnailHead(weight, np.zeros(12, np.float32))
    whole = head(z_q)
    monkeypatch.setattr("vqcodec.transform.image.thumbnail.POSITIONS", 8)
    assert (head(z_q) == whole).all()
    i, j = 2, 6  # at the right edge
    seen = np.pad(z_q, ((0, 0), (1, 1), (1, 1)))[:, i : i + 3, j : j + 3]
    values = np.rint(((weight * seen).sum((1, 2, 3)) + 0.5) * 255).clip(0, 255).reshape(3, 2, 2)
    assert np.abs(whole[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].transpose(2, 0, 1) - values).max() <= 1
    assert (neighbourhoods(z_q, 2, 3)[j].reshape(3, 3, 3) == seen).all()


def test_heads_that_do_not_fit(tiny_model: Path) -> None:
    model: Model = vqcodec.load(tiny_model).model
    shape, good = model.config.autoencoder, np.zeros((48, 4, 3, 3), np.float32)
    assert thumbnail_head(shape, {}, 4) is None  # type: ignore[arg-type]
    for weights in ({WEIGHT: good}, {BIAS: good[:, 0, 0, 0]}, {WEIGHT: good[:, :2], BIAS: good[:, 0, 0, 0]}):
        with pytest.raises(ModelError, match="do not fit its thumbnails"):
            thumbnail_head(shape, weights, 4)  # type: ignore[arg-type]


# The command, and Pillow -------------------------------------------------------------------------------------------


def test_the_command(tmp_path: Path) -> None:
    file, out = tmp_path / "a.vq", tmp_path / "out.png"
    succeed("compress", EXAMPLE, file)
    succeed("decompress", file, out, "--region", "5,6,70,8")
    assert Image.open(out).size == (70, 8)
    succeed("decompress", "--force", file, out, "--max-size", 64)
    assert max(Image.open(out).size) == 64
    said = fail(tmp_path, "decompress", file, tmp_path / "no.png", "--region", "5,6,7000,8")
    assert "the region 5,6,7000,8 is not within the picture" in said
    for wrong in (("--region", "5,6,7"), ("--region", "1,2,3,4", "--max-size", "5")):
        result = run("decompress", file, tmp_path / "no.png", *wrong)
        assert result.exit_code == 2


def test_a_part_of_a_sound_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.vq"
    file.write_bytes(vqcodec.load("speech").compress(voices(1, 4000, seed=1), 16_000))
    for part in (("--region", "0,0,1,1"), ("--max-size", "5")):
        assert "are for pictures" in fail(tmp_path, "decompress", file, tmp_path / "out.wav", *part)


def test_pillow_drafts_a_small_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "a.vq"
    Image.open(EXAMPLE).save(path)
    whole = Image.open(path)
    whole.load()
    monkeypatch.setattr("vqcodec.transform.image.networks.ImageNetworks.decode", None)  # would fail
    with Image.open(path) as image:
        image.thumbnail((50, 50))
        assert max(image.size) == 50
        assert psnr(image, whole.resize(image.size, Image.Resampling.LANCZOS)) > 30
    with Image.open(path) as image:
        assert image.draft(None, (whole.width // 2, whole.height // 2)) is None
        assert image.size == whole.size
        mode, box = image.draft("RGB", (whole.width // 5, whole.height // 5))  # type: ignore[misc]
        assert (mode, image.size) == ("RGB", (-(-whole.width // 5), round(whole.height / 5)))
        image.load()
        assert box[2] == whole.width / 5
