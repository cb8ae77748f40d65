"""Pictures that are long and thin: few pixels that would take hours, as they are decoded diagonal by diagonal."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PIL import Image

from bitstream import Chunks, ImageSource, Limits, pack, unpack
from tests.helpers.pictures import pictures
from vqcodec import ImageCodec, InputError, LimitError
from vqcodec.codec import pixels as codec_module
from vqcodec.media.pictures import modes
from vqcodec.transform.image.networks import ImageNetworks


@pytest.mark.parametrize(("height", "width"), [(524_287, 1), (1, 1_048_574)])
def test_the_longest_pictures(tiny_codec: ImageCodec, height: int, width: int) -> None:
    """For alpha a diagonal of pixels counts eight steps: width + 2 height is at most 2**20."""
    tiny_codec.shape_of(ImageSource(width, height))
    longer = ImageSource(width + 2 * (height == 1), height + (width == 1))
    for source in (longer, dataclasses.replace(longer, coded_width=1, coded_height=1)):
        with pytest.raises(LimitError, match="too long to be decoded"):
            tiny_codec.shape_of(source)
    tiny_codec.shape_of(longer, Limits(max_steps=2**24))


@pytest.mark.parametrize(("height", "width"), [(16 * 4000, 1), (1, 16 * 8000)])
def test_diagonals_count_the_planes_and_layers_of_the_model(
    tiny_codec: ImageCodec, height: int, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The three slices of `tiny` have 6 planes, and 3 layers and heads each."""
    monkeypatch.setattr(codec_module, "ALPHA_STEPS", 0)
    rows, columns = tiny_codec.shape_of(ImageSource(width, height))
    steps = (columns + 2 * rows) * (6 + 3 * 4)
    tiny_codec.shape_of(ImageSource(width, height), Limits(max_steps=steps))
    with pytest.raises(LimitError, match=f"takes {steps} steps, at most {steps - 1} are allowed"):
        tiny_codec.shape_of(ImageSource(width, height), Limits(max_steps=steps - 1))


def test_a_caller_may_allow_fewer_steps(tiny_codec: ImageCodec) -> None:
    data = tiny_codec.compress(np.zeros((40, 8, 3), np.uint8))
    most = 88 * 8
    assert tiny_codec.decompress(data, max_steps=most).size == (8, 40)
    with pytest.raises(LimitError, match="steps"):
        tiny_codec.decompress(data, max_steps=most - 1)
    with pytest.raises(LimitError, match="steps"):
        tiny_codec.read(data, Limits(max_steps=most - 1))


def test_a_caller_may_allow_more_steps(tiny_codec: ImageCodec) -> None:
    """Also when its indices are decoded; but nobody makes such a file by chance."""
    made = unpack(tiny_codec.compress(np.zeros((16, 1, 3), np.uint8)))
    longer = dataclasses.replace(made, source=ImageSource(1, 600_000, 1, 16), chunks=Chunks())
    data = pack(longer)
    with pytest.raises(LimitError, match="steps"):
        tiny_codec.decompress(data)
    indices = tiny_codec.read(data, Limits(max_steps=2**24))
    assert tiny_codec.decode(indices).size == tiny_codec.decompress(data, max_steps=2**24).size == (1, 600_000)
    with pytest.raises(LimitError, match="too long"):
        tiny_codec.write(indices)


def test_pictures_that_are_too_long_are_refused_before_any_work(
    tiny_codec: ImageCodec, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels, source = np.zeros((524_288, 1, 4), np.uint8), ImageSource(1, 524_288)
    indices = dataclasses.replace(tiny_codec.encode(pictures(1, 16, seed=5)[0]), source=source)
    for owner, name in ((modes, "encode_alpha"), (ImageNetworks, "encode"), (type(tiny_codec.model.prior), "encode")):
        monkeypatch.setattr(owner, name, None)
    for work in (
        lambda: tiny_codec.compress(pixels),
        lambda: tiny_codec.compress(Image.fromarray(pixels), max_bytes=1000),
        lambda: tiny_codec.encode(pixels),
        lambda: tiny_codec.sample(1, *pixels.shape[:2]),
    ):
        with pytest.raises(InputError, match="1 x 524288 pixels is too long to be decoded in reasonable time"):
            work()
    with pytest.raises(LimitError, match="too long"):
        tiny_codec.write(indices)
