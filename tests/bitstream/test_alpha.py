"""The alpha channel: lossless, small, and nothing hostile is believed."""

from __future__ import annotations

import io
import re
import zlib
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from bitstream import BitstreamError, CorruptError, decode_alpha, encode_alpha
from bitstream.fields import Reader, encode_varint
from tests.helpers.paths import FORMAT
from tests.helpers.pictures import disc
from tests.second_decoder.alpha import read_alpha


def parts_of(chunk: bytes) -> tuple[bytes, bytes]:
    """The stream of classes, and what follows it."""
    reader = Reader(chunk)
    return reader.take(reader.varint()), reader.take(reader.remaining)


LEVELS = st.sampled_from([0, 255]) | st.integers(0, 255)
SIZES = st.tuples(st.integers(1, 50), st.integers(1, 50))


@settings(deadline=None, max_examples=60)
@given(arrays.arrays(np.uint8, SIZES, elements=LEVELS, fill=LEVELS))
def test_alpha_is_lossless(alpha: np.ndarray) -> None:
    assert np.array_equal(decode_alpha(encode_alpha(alpha), *alpha.shape), alpha)


def test_the_example_of_the_format_text() -> None:
    section = FORMAT.read_text(encoding="utf-8").split("## The alpha chunk")[1]
    fields = re.findall(r"^((?:[0-9a-f]{2} ?)+)  ", section.split("```")[1], re.MULTILINE)
    alpha = np.array([[0, 255], [9, 255]], np.uint8)
    stream, values = parts_of(bytes.fromhex("".join(fields)))
    assert parts_of(encode_alpha(alpha))[0] == stream  # deflate has many ways to say the same
    assert np.array_equal(decode_alpha(encode_varint(len(stream)) + stream + values, 2, 2), alpha)


@pytest.mark.parametrize("softness", [1e-9, 2.0, 40.0])
@pytest.mark.parametrize("shape", [(20, 50), (67, 33), (1, 40)])
def test_a_second_decoder_gets_the_same(shape: tuple[int, int], softness: float) -> None:
    alpha = disc(*shape, softness)
    assert read_alpha(encode_alpha(alpha), *shape) == alpha.tolist()


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (15, 17), (64, 64), (100, 37)])
@pytest.mark.parametrize("softness", [1e-9, 1.0, 40.0])
def test_masks_of_all_shapes(shape: tuple[int, int], softness: float) -> None:
    for alpha in (disc(*shape, softness), 255 - disc(*shape, softness)):
        assert np.array_equal(decode_alpha(encode_alpha(alpha), *shape), alpha)


@pytest.mark.parametrize(("softness", "share"), [(1e-9, 0.2), (1.0, 0.35), (40.0, 0.8)])
def test_masks_are_smaller_than_in_png(softness: float, share: float) -> None:
    alpha, png = disc(600, 800, softness), io.BytesIO()
    image = Image.fromarray(alpha)
    (image.convert("1") if softness < 1 else image).save(png, "PNG", optimize=True)
    assert len(encode_alpha(alpha)) < share * len(png.getvalue())


def test_uniform_alpha_is_small() -> None:
    assert encode_alpha(np.full((500, 900), 255, np.uint8)) == b"\0"
    assert len(encode_alpha(np.zeros((500, 900), np.uint8))) < 60
    assert len(encode_alpha(np.full((500, 900), 77, np.uint8))) < 600


def test_gradients_are_filtered() -> None:
    """In either direction, by either filter."""
    ramp = np.tile(np.arange(1, 201, dtype=np.uint8), (200, 1))
    for alpha in (ramp, ramp.T.copy()):
        chunk = encode_alpha(alpha)
        assert len(chunk) < 300
        assert parts_of(chunk)[1][0] in (1, 2, 3)


def test_noise_costs_hardly_more_than_itself() -> None:
    alpha = np.random.default_rng(0).integers(0, 256, (200, 200), dtype=np.uint8)
    assert len(encode_alpha(alpha)) < 1.03 * alpha.size


# Damage ------------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=80)
@given(st.data())
def test_damage_is_a_bitstream_error_or_another_channel(draw: st.DataObject) -> None:
    data = bytearray(encode_alpha(disc(40, 50, 3.0)))
    for place in draw.draw(st.lists(st.integers(0, len(data) - 1), max_size=4)):
        data[place] = draw.draw(st.integers(0, 255))
    del data[draw.draw(st.integers(1, len(data))) :]
    with suppress(BitstreamError):
        alpha = decode_alpha(bytes(data), 40, 50)
        assert (alpha.shape, alpha.dtype) == ((40, 50), np.dtype(np.uint8))


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_a_channel_or_a_bitstream_error(data: bytes) -> None:
    for chunk in (data, encode_varint(len(data)) + data):
        with suppress(BitstreamError):
            assert decode_alpha(chunk, 3, 4).shape == (3, 4)


def test_parts_that_are_missing_or_too_many() -> None:
    alpha = disc(40, 50, 3.0)
    stream, values = parts_of(encode_alpha(alpha))
    head = encode_varint(len(stream)) + stream
    assert np.array_equal(decode_alpha(head + values, 40, 50), alpha)
    sharp, _ = parts_of(encode_alpha(disc(40, 50, 1e-9)))
    wrong = [b"", head, head + values[:1], head + values[:-1], head + values + b"\0", head[:-1], b"\0\0"]
    wrong += [head + bytes((flags,)) + values[1:] for flags in (4, 255)]
    wrong += [encode_varint(len(sharp)) + sharp + values, encode_varint(len(stream) - 4) + stream[:-4] + values]
    for chunk in wrong:
        with pytest.raises(CorruptError):
            decode_alpha(chunk, 40, 50)


def test_a_bomb_of_values_is_not_unpacked() -> None:
    stream, _ = parts_of(encode_alpha(disc(40, 50, 3.0)))
    bomb = zlib.compress(bytes(2**22), 9)
    with pytest.raises(CorruptError, match="another size"):
        decode_alpha(encode_varint(len(stream)) + stream + b"\0" + bomb, 40, 50)
