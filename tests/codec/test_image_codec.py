"""The codec: pictures to indices to files and back, and everything that it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bitstream import AudioSource, ImageSource, unpack
from tests.helpers.pictures import pictures
from vqcodec import (
    ImageCodec,
    Indices,
    InputError,
)
from vqcodec.model.quality import Setting, setting

PICTURE = pictures(1, 100, seed=3)[0]  # 7 x 7 positions


# Pictures ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [1, 15, 16, 17, 40])
@pytest.mark.parametrize("height", [1, 16, 33])
def test_any_size_makes_the_round_trip(tiny_codec: ImageCodec, height: int, width: int) -> None:
    pixels = PICTURE[:height, :width]
    indices = tiny_codec.encode(pixels)
    assert indices.values.shape == (6, -(-height // 16), -(-width // 16))
    data = tiny_codec.write(indices)
    assert tiny_codec.read(data) == indices
    decoded = tiny_codec.decompress(data)
    assert (decoded.size, decoded.mode) == ((width, height), "RGB")
    assert decoded == tiny_codec.decode(indices)


@pytest.mark.parametrize("mode", ["RGB", "L", "1", "P", "RGBA", "LA", "CMYK"])
def test_pillow_images_come_back_in_their_mode(tiny_codec: ImageCodec, mode: str) -> None:
    image = Image.fromarray(PICTURE[:20, :30]).convert(mode)
    indices, as_rgb = tiny_codec.encode(image), tiny_codec.encode(np.asarray(image.convert("RGB")))
    assert (indices.values == as_rgb.values).all()
    assert [stream.data for stream in unpack(tiny_codec.compress(image)).streams] == (
        [stream.data for stream in unpack(tiny_codec.compress(image.convert("RGB"))).streams]
    )
    for decoded in (tiny_codec.decode(indices), tiny_codec.decompress(tiny_codec.write(indices))):
        assert (decoded.mode, decoded.size) == (mode, image.size)


@pytest.mark.parametrize(("shape", "mode"), [((20, 30), "L"), ((20, 30, 3), "RGB"), ((20, 30, 4), "RGBA")])
def test_arrays_are_pictures(tiny_codec: ImageCodec, shape: tuple[int, ...], mode: str) -> None:
    pixels = np.resize(PICTURE, shape)
    assert tiny_codec.compress(pixels) == tiny_codec.compress(Image.fromarray(pixels))
    assert tiny_codec.encode(pixels) == tiny_codec.encode([pixels])[0]
    assert tiny_codec.decode(tiny_codec.encode(pixels)).mode == mode


def test_memory_layout_does_not_matter(tiny_codec: ImageCodec) -> None:
    readonly = PICTURE.copy()
    readonly.flags.writeable = False
    expected = tiny_codec.compress(PICTURE)
    doubled = np.repeat(np.repeat(PICTURE, 2, 0), 2, 2)
    for pixels in (readonly, np.asfortranarray(PICTURE), PICTURE[::-1][::-1].copy()[:, :], doubled[::2, :, ::2]):
        assert tiny_codec.compress(pixels) == expected


def test_several_pictures_at_once(tiny_codec: ImageCodec) -> None:
    batch = pictures(3, 40, seed=1)
    expected = [tiny_codec.encode(each, 0.1, 1) for each in batch]
    assert tiny_codec.encode(batch, 0.1, 1) == expected
    assert tiny_codec.encode([Image.fromarray(batch[0]), *batch[1:]], 0.1, 1) == expected
    mixed = tiny_codec.encode([batch[0], PICTURE])
    assert [each.source for each in mixed] == [ImageSource(40, 40), ImageSource(100, 100)]
    assert tiny_codec.encode([]) == []


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros(8, np.uint8),
        np.zeros((8, 8, 1), np.uint8),
        np.zeros((8, 8, 2), np.uint8),
        np.zeros((0, 8), np.uint8),
        np.zeros((8, 8), np.uint16),
        np.zeros((3, 8, 8), np.uint8),
        np.zeros((0, 8, 3), np.uint8),
        np.zeros((8, 0, 3), np.uint8),
        np.zeros((8, 8, 3), np.float32),
        np.zeros((8, 8, 3), np.int64),
        np.zeros((8, 8, 3), np.uint16),
        np.zeros((8, 8, 3), bool),
        np.full((8, 8, 3), None),
        np.zeros((2, 8, 8, 3), np.float32),
        np.zeros((), np.uint8),
        Image.new("RGB", (0, 8)),
    ],
    ids=lambda pixels: f"{getattr(pixels, 'dtype', 'Pillow')} {getattr(pixels, 'shape', '')}",
)
def test_pictures_that_are_none(tiny_codec: ImageCodec, pixels: Any) -> None:
    with pytest.raises(InputError, match=r"must (be|have).* at least one pixel, not"):
        tiny_codec.compress(pixels)
    if getattr(pixels, "ndim", 3) > 0:
        with pytest.raises(InputError, match=r"must (be|have).* at least one pixel, not"):
            tiny_codec.encode(pixels)


# Choosing codes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0, 1])
def test_without_a_price_the_nearest_codeword_is_chosen(tiny_codec: ImageCodec, rate: int) -> None:
    latents, codebooks = tiny_codec.analyse(PICTURE).astype(float), tiny_codec.model.codebooks
    indices = tiny_codec.encode(PICTURE, lambda_=0, rate_point=rate).values
    for plane, codewords in enumerate(tiny_codec.codebooks(rate)):
        vectors = latents[plane].reshape(4, -1).T
        distance = ((vectors[:, None] - codewords.astype(float)) ** 2 * codebooks.metric[rate, plane]).sum(-1)
        chosen = distance[np.arange(len(vectors)), indices[plane].ravel()]
        assert (chosen <= distance.min(1) + 1e-5 * distance.max()).all()


@pytest.mark.parametrize("rate", [0, 1])
def test_a_higher_price_buys_fewer_bits(tiny_codec: ImageCodec, rate: int) -> None:
    volumes = [tiny_codec.encode(PICTURE, lambda_, rate) for lambda_ in (0.0, 0.1, 1.0, 10.0, 100.0)]
    bits = [tiny_codec.bits(indices).sum() for indices in volumes]
    assert bits == sorted(bits, reverse=True)
    assert bits[-1] < 0.9 * bits[0]
    latents = tiny_codec.analyse(PICTURE).reshape(24, 7, 7)
    metric = tiny_codec.model.codebooks.metric[rate].reshape(24, 1, 1)
    look_up = tiny_codec.model.codebooks.look_up
    errors = [((look_up(indices.values, rate) - latents) ** 2 * metric).sum() for indices in volumes]
    assert errors == sorted(errors)


@pytest.mark.parametrize("rate", [0, 1])
def test_bits_under_the_prior_decide(tiny_codec: ImageCodec, rate: int) -> None:
    """Codes are chosen by their order-0 lengths, then again by those that the prior gives around the first ones."""
    latents, model, chosen = tiny_codec.analyse(PICTURE), tiny_codec.model, Setting(rate, 3.0)
    first = tiny_codec.assign(latents, chosen)
    costs = {plane: cost for plane, _, cost in model.prior.costs(first, rate)}
    for plane, codewords in enumerate(tiny_codec.codebooks(rate)):
        vectors = latents[plane].reshape(4, -1).T.astype(float)
        distance = ((vectors[:, None] - codewords) ** 2 * model.codebooks.metric[rate, plane]).sum(-1)
        for indices, bits in (
            (first, model.codebooks.order0_bits(rate, plane)),
            (tiny_codec.encode(PICTURE, 3.0, rate).values, costs[plane]),
        ):
            total = distance + 3.0 * bits
            reached = total[np.arange(len(vectors)), indices[plane].ravel()]
            assert (reached <= total.min(1) + 1e-5 * total.max()).all()
    assert (tiny_codec.encode(PICTURE, 3.0, rate).values != first).any()


@pytest.mark.parametrize(("lambda_", "rate"), [(-1e-9, 0), (np.nan, 0), (np.inf, 0), (0, -1), (0, 2)])
def test_prices_and_rate_points_that_are_none(tiny_codec: ImageCodec, lambda_: float, rate: int) -> None:
    with pytest.raises(InputError, match=r"0\.\.1|lambda"):
        tiny_codec.encode(PICTURE, lambda_, rate)


@pytest.mark.parametrize("rate", [0, 1])
def test_bits_are_the_length_of_the_streams(tiny_codec: ImageCodec, rate: int) -> None:
    indices = tiny_codec.encode(PICTURE, 0.0, rate)
    bits, streams = tiny_codec.bits(indices), unpack(tiny_codec.write(indices)).streams
    assert bits.shape == indices.values.shape
    assert bits.min() > 0
    for stream, planes in zip(streams, (slice(0, 2), slice(2, 6)), strict=True):
        assert abs(len(stream.data) - bits[planes].sum() / 8) < 8
    assert len(tiny_codec.write(indices)) < bits.sum() / 8 + 48 + 16


# Quality -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("quality", [0, 0.999, 100.001, -5, np.nan, np.inf])
def test_qualities_out_of_range(tiny_codec: ImageCodec, quality: float) -> None:
    with pytest.raises(InputError, match="from 1 to 100"):
        tiny_codec.compress(PICTURE, quality)


@settings(deadline=None)
@given(st.floats(1, 100), st.floats(1, 100))
def test_quality_is_monotone(a: float, b: float) -> None:
    table = [Setting(0, 0.4), Setting(0, 0.1), Setting(1, 0.2), Setting(1, 0.05), Setting(1, 0.05)]
    low, high = (setting(table, quality) for quality in sorted((a, b)))
    assert (low.rate_point, -low.lambda_) <= (high.rate_point, -high.lambda_ * (1 - 1e-12))


def test_quality_is_interpolated() -> None:
    table = [Setting(0, 0.4), Setting(0, 0.1), Setting(1, 0.2)]
    assert [setting(table, quality) for quality in (1, 50.5, 100)] == table
    assert setting(table, 25.75).lambda_ == pytest.approx(0.2)
    assert (setting(table, 75), setting(table, 76)) == (table[1], table[2])
    assert setting(table[:1], 77) == table[0]
    assert setting([Setting(0, 0.4), Setting(0, 0.0)], 99).lambda_ == 0


@pytest.mark.parametrize(("rate", "lambda_"), [(-1, 1.0), (0, -1.0), (0, np.nan), (0, np.inf)])
def test_settings_that_are_none(rate: int, lambda_: float) -> None:
    with pytest.raises(ValueError, match="a setting cannot have"):
        Setting(rate, lambda_)


# Indices -----------------------------------------------------------------------------------------------------------

INDICES: dict[str, Any] = {
    "values": np.zeros((2, 1, 3), np.int32),
    "sizes": (4, 1),
    "rate_point": 0,
    "source": ImageSource(40, 10),
}


@pytest.mark.parametrize(
    "change",
    [
        {"values": np.zeros((2, 3), np.int32)},
        {"values": np.zeros((1, 1, 3), np.int32)},
        {"values": np.zeros((2, 0, 3), np.int32)},
        {"values": np.zeros((2, 1, 3), np.float32)},
        {"values": np.zeros((2, 1, 3), bool)},
        {"values": np.full((2, 1, 3), -1)},
        {"values": np.array([[[0, 4, 0]], [[0, 0, 0]]])},
        {"values": np.array([[[0, 0, 0]], [[0, 0, 1]]])},
        {"sizes": (4,)},
        {"sizes": (4, 0)},
    ],
    ids=str,
)
def test_indices_that_are_none(change: dict[str, Any]) -> None:
    Indices(**INDICES)
    with pytest.raises(ValueError, match=r"indices|index"):
        Indices(**INDICES | change)


def test_indices_are_compared_by_value() -> None:
    assert Indices(**INDICES) == Indices(**INDICES | {"values": INDICES["values"].astype(np.int64)})
    sources = [{"source": other} for other in (ImageSource(41, 10), ImageSource(40, 10, 20, 5), AudioSource(40, 10, 1))]
    changes = ({"values": INDICES["values"] + [[[1]], [[0]]]}, {"sizes": (5, 1)}, {"rate_point": 1}, *sources)
    assert all(Indices(**INDICES) != Indices(**INDICES | change) for change in changes)
    assert Indices(**INDICES) != "indices"
    with pytest.raises(TypeError):
        hash(Indices(**INDICES))
