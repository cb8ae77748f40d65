"""Pictures that are long and thin: few pixels that would take hours, as they are decoded diagonal by diagonal."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PIL import Image
from tiny import pictures

from bitstream import ImageSource
from vqcodec import ImageCodec, InputError, LimitError
from vqcodec.image import codec as codec_module
from vqcodec.image import modes
from vqcodec.image.networks import Networks


@pytest.mark.parametrize(("height", "width"), [(524_272, 1), (1, 1_048_544)])
def test_the_longest_pictures(tiny_codec: ImageCodec, height: int, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of 65,536 steps, or one less; by pixels likewise, for alpha, which a larger stride does not help."""
    rows, columns = tiny_codec.shape_of(ImageSource(width, height))
    assert 65_535 <= columns + 2 * rows <= 65_536
    longer = ImageSource(width + (height == 1), height + (width == 1))
    for source in (longer, dataclasses.replace(longer, coded_width=1, coded_height=1)):
        with pytest.raises(LimitError, match="too long to be decoded"):
            tiny_codec.shape_of(source)
    monkeypatch.setattr(codec_module, "MOST_STEPS", 2**40)
    tiny_codec.shape_of(longer)
    with pytest.raises(LimitError, match="too long to be decoded"):
        tiny_codec.shape_of(ImageSource(20 * width, 20 * height))


def test_pictures_that_are_too_long_are_refused_before_any_work(
    tiny_codec: ImageCodec, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels, source = np.zeros((524_273, 1, 4), np.uint8), ImageSource(1, 524_273)
    indices = dataclasses.replace(tiny_codec.encode(pictures(1, 16, seed=5)[0]), source=source)
    for owner, name in ((modes, "encode_alpha"), (Networks, "encode"), (type(tiny_codec.model.prior), "encode")):
        monkeypatch.setattr(owner, name, None)
    for work in (
        lambda: tiny_codec.compress(pixels),
        lambda: tiny_codec.compress(Image.fromarray(pixels), max_bytes=1000),
        lambda: tiny_codec.encode(pixels),
        lambda: tiny_codec.sample(1, *pixels.shape[:2]),
    ):
        with pytest.raises(InputError, match="1 x 524273 pixels is too long to be decoded in reasonable time"):
            work()
    with pytest.raises(LimitError, match="too long"):
        tiny_codec.write(indices)
