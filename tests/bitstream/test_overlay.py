"""The overlay chunk: lossless, small for drawings, and nothing hostile is believed."""

from __future__ import annotations

import lzma
import re
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from bitstream import BitstreamError, CorruptError, decode_overlay, encode_overlay, lay_over
from bitstream.fields import encode_varint
from tests.helpers.paths import FORMAT

FILTERS = [{"id": lzma.FILTER_LZMA1, "dict_size": 2**22, "lc": 3, "lp": 0, "pb": 0}]  # as the text of the format has it

SIZES = st.tuples(st.integers(1, 40), st.integers(1, 40))
LEVELS = st.sampled_from([0, 255]) | st.integers(0, 255)


def chunk_of(colours: bytes, planes: bytes, count: int | None = None, rest: bytes = b"") -> bytes:
    packed = lzma.compress(colours + planes, lzma.FORMAT_RAW, filters=FILTERS)
    return encode_varint(len(colours) // 3 if count is None else count) + packed + rest


@st.composite
def overlays(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Pixels `[H, W, 3]` and a mask that is not empty."""
    shape = draw(SIZES)
    mask = draw(arrays.arrays(np.bool_, shape))
    mask[-1, -1] = True
    return draw(arrays.arrays(np.uint8, (*shape, 3), elements=LEVELS, fill=LEVELS)), mask


@settings(deadline=None, max_examples=60)
@given(overlays())
def test_an_overlay_is_lossless(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    pixels, mask = drawn
    below = np.random.default_rng(0).integers(0, 256, pixels.shape, dtype=np.uint8)
    above = below.copy()
    lay_over(above, *decode_overlay(encode_overlay(pixels, mask), *mask.shape))
    assert np.array_equal(above, np.where(mask[..., None], pixels, below))


@pytest.mark.parametrize("colours", [1, 255, 256, 300, 65_535])
def test_any_number_of_colours_that_indices_can_count(colours: int) -> None:
    number = np.arange(65_535).reshape(15, -1) % colours
    pixels = np.stack([number >> 16, number >> 8, number], axis=-1).astype(np.uint8)
    indices, found = decode_overlay(encode_overlay(pixels, np.ones(number.shape, np.bool_)), *number.shape)
    assert np.array_equal(found[indices - 1], pixels)
    assert len(found) == colours
    assert indices.dtype == (np.uint8 if colours < 256 else np.uint16)


def test_no_colours_and_too_many() -> None:
    number = np.arange(2**16).reshape(16, -1)
    pixels = np.stack([number >> 16, number >> 8, number], axis=-1).astype(np.uint8)
    for mask in (np.ones(number.shape, np.bool_), np.zeros(number.shape, np.bool_)):
        with pytest.raises(ValueError, match="colours"):
            encode_overlay(pixels, mask)


def test_the_example_of_the_format_text() -> None:
    section = FORMAT.read_text(encoding="utf-8").split("## The overlay chunk")[1]
    fields = re.findall(r"^((?:[0-9a-f]{2} ?)+)  ", section.split("```")[1], re.MULTILINE)
    chunk, pixels = bytes.fromhex("".join(fields)), np.full((2, 3, 3), 7, np.uint8)
    lay_over(pixels, *decode_overlay(chunk, *pixels.shape[:2]))
    white, green, below = [255] * 3, [0, 255, 0], [7] * 3
    assert pixels.tolist() == [[white, white, below], [white, green, below]]
    assert chunk == chunk_of(bytes((*white, *green)), bytes((1, 1, 0, 1, 2, 0)))


def test_flat_areas_cost_next_to_nothing_and_what_repeats_itself_little() -> None:
    flat = np.zeros((500, 900, 3), np.uint8)
    assert len(encode_overlay(flat, np.ones((500, 900), np.bool_))) < 200
    glyph = np.random.default_rng(0).integers(0, 2, (12, 8, 3), np.uint8)
    flat[:480, :896] = np.tile(glyph, (40, 112, 1))
    assert len(encode_overlay(flat, np.ones((500, 900), np.bool_))) < 1000


# Damage ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "chunk",
    [
        b"",
        b"\x01",
        b"\x80",  # a number that ends early
        chunk_of(b"", bytes(6)),  # no colours
        chunk_of(bytes(3), bytes(6), count=65_536),
        chunk_of(bytes(3), bytes(5)),  # a pixel too few
        chunk_of(bytes(3), bytes(7)),  # a pixel too many
        chunk_of(bytes(3), bytes(2**22)),  # far too many
        chunk_of(bytes(3), bytes(6), rest=b"\0"),  # a byte after the end
        chunk_of(bytes(3), bytes(6))[:-3],
        chunk_of(bytes(3), bytes((0, 1, 2, 0, 0, 0))),  # an index without a colour
        chunk_of(bytes(3 * 256), bytes((1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1))),  # likewise, 257
        chunk_of(bytes(3 * 256), bytes(6)),  # the plane of high bytes is missing
        b"\x01" + bytes(30),
    ],
)
def test_what_is_no_overlay_is_refused(chunk: bytes) -> None:
    with pytest.raises(CorruptError):
        decode_overlay(chunk, 2, 3)


@settings(deadline=None, max_examples=80)
@given(st.data())
def test_damage_is_a_bitstream_error_or_another_overlay(draw: st.DataObject) -> None:
    pixels = np.random.default_rng(0).integers(0, 2, (20, 30, 3), dtype=np.uint8) * np.uint8(255)
    data = bytearray(encode_overlay(pixels, pixels[..., 0] > 0))
    for place in draw.draw(st.lists(st.integers(0, len(data) - 1), max_size=4)):
        data[place] = draw.draw(st.integers(0, 255))
    del data[draw.draw(st.integers(1, len(data))) :]
    with suppress(BitstreamError):
        decode_overlay(bytes(data), *pixels.shape[:2])


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_an_overlay_or_a_bitstream_error(data: bytes) -> None:
    for chunk in (data, b"\x01" + data):
        with suppress(BitstreamError):
            decode_overlay(chunk, 3, 4)
