"""Colours under what is fully transparent: they continue those around, and cost next to nothing."""

from __future__ import annotations

import numpy as np
import pytest

import vqcodec
from tests.helpers.pictures import disc
from vqcodec.media.pictures.hidden import STRIP, fill_hidden


def test_visible_pixels_stay_as_they_are() -> None:
    rng = np.random.default_rng(0)
    for height, width in ((1, 1), (1, 9), (37, 61), (2 * STRIP + 3, 5)):
        pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        alpha = rng.integers(0, 3, (height, width), dtype=np.uint8)
        before = pixels.copy()
        filled = fill_hidden(pixels, alpha)
        assert np.array_equal(filled[alpha > 0], pixels[alpha > 0])
        assert np.array_equal(pixels, before)


def test_what_is_hidden_has_no_say() -> None:
    rng = np.random.default_rng(0)
    pixels, other = rng.integers(0, 256, (2, 70, 90, 3), dtype=np.uint8)
    alpha = disc(70, 90)
    other[alpha > 0] = pixels[alpha > 0]
    assert np.array_equal(fill_hidden(pixels, alpha), fill_hidden(other, alpha))


@pytest.mark.parametrize(("height", "width"), [(64, 64), (101, 67), (40, 300), (STRIP + 77, 33)])
def test_a_ramp_is_continued_smoothly(height: int, width: int) -> None:
    y, x = np.mgrid[:height, :width]
    ramp = np.stack([255 * x / width, 255 * y / height, 128 + 0 * x], -1).astype(np.uint8)
    alpha = 255 - disc(height, width, 1e-9)
    hidden = np.where(alpha[..., None] > 0, ramp, 0)
    filled = fill_hidden(hidden, alpha).astype(int)
    assert np.abs(filled - ramp).max() <= 60
    assert (np.abs(filled[..., 2] - 128) <= 2).all()
    # Nowhere a step much larger than those of the ramp.
    for axis in (0, 1):
        assert np.abs(np.diff(filled, axis=axis)).max() <= 2 * np.abs(np.diff(ramp.astype(int), axis=axis)).max() + 12


def test_one_visible_pixel_gives_its_colour_to_all() -> None:
    pixels, alpha = np.zeros((300, 500, 3), np.uint8), np.zeros((300, 500), np.uint8)
    pixels[123, 456], alpha[123, 456] = (200, 100, 50), 1
    assert np.abs(fill_hidden(pixels, alpha).astype(int) - [200, 100, 50]).max() <= 4


def test_nothing_visible_is_one_colour_and_nothing_hidden_no_work() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    assert len(np.unique(fill_hidden(pixels, np.zeros((20, 30), np.uint8)))) == 1
    assert fill_hidden(pixels, np.full((20, 30), 7, np.uint8)) is pixels


def test_transparent_areas_cost_almost_nothing() -> None:
    """With the bundled model, noise that nobody sees takes as many bytes as a flat colour there: hardly any."""
    rng, codec = np.random.default_rng(0), vqcodec.load()
    y, x = np.mgrid[:256, :256]
    seen = disc(256, 256) > 0
    shading = 128 + 60 * np.sin(x / 9)[..., None] * np.cos(y / 7 + np.arange(3)[:, None, None]).transpose(1, 2, 0)
    noise = rng.integers(0, 256, (256, 256, 3), dtype=np.uint8)
    noisy = np.dstack((np.where(seen[..., None], shading, noise).astype(np.uint8), disc(256, 256)))
    flat = noisy.copy()
    flat[~seen, :3] = noisy[seen, :3].mean(0)
    sizes = [len(codec.compress(each)) for each in (noisy, flat)]
    shown = len(codec.compress(noisy[..., :3].copy()))
    assert sizes[0] < 1.05 * sizes[1]
    assert sizes[0] < 0.5 * shown
