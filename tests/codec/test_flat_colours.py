"""Flat areas, pure colours and drawings come back as they were, at every quality; photographs pay nothing for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from PIL import Image

from bitstream import ImageSource, unpack
from tests.helpers.paths import COFFEE
from vqcodec import ImageCodec, load
from vqcodec.defaults import Effort
from vqcodec.evaluation.pictures.metrics import psnr
from vqcodec.evaluation.pictures.synthetic.drawings import DRAWINGS, diagram
from vqcodec.evaluation.pictures.synthetic.patch_page import Patch, patch_page
from vqcodec.evaluation.pictures.synthetic.texture import texture
from vqcodec.media.pictures.drawn import drawn_mask, flat_mask

PHOTO = Image.open(COFFEE).convert("RGB").crop((200, 100, 392, 228))
MODELS = ["photo", "photo-ms-ssim"]
LIMITS = {20: 16, 60: 8, 95: 4}  # levels that a flat patch may be off, by quality


@cache
def codec_of(name: str) -> ImageCodec:
    codec = load(name)
    assert isinstance(codec, ImageCodec)
    return codec


def overlay_of(data: bytes) -> bytes:
    return unpack(data).chunks.overlay


def largest_errors(patches: tuple[Patch, ...], decoded: Image.Image) -> list[int]:
    pixels = np.asarray(decoded.convert("RGB")).astype(int)
    boxes = [(*each.box, each.colour) for each in patches]
    return [int(np.abs(pixels[top:bottom, left:right] - colour).max()) for left, top, right, bottom, colour in boxes]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(("quality", "colour"), [(1, "white"), (60, (0, 255, 0)), (100, (201, 7, 99))])
def test_a_picture_of_one_colour(name: str, quality: float, colour: str | tuple[int, int, int]) -> None:
    image = Image.new("RGB", (100, 70), colour)
    data = codec_of(name).compress(image, quality=quality)
    assert codec_of(name).decompress(data) == image
    assert len(data) < 400


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("background", [None, texture(224, 128)])
def test_flat_patches_get_better_with_the_quality(name: str, background: Image.Image | None) -> None:
    page, codec = patch_page(224, 128, seed=3, background=background), codec_of(name)
    before = np.inf
    for quality, limit in LIMITS.items():
        errors = largest_errors(page.patches, codec.decompress(codec.compress(page.image, quality=quality)))
        assert max(errors) <= min(limit, before)
        before = max(errors)


@pytest.mark.parametrize("effort", ["fast", "normal", "high"])
def test_a_patch_of_a_pure_colour_in_a_photograph(effort: Effort) -> None:
    image, box = PHOTO.copy(), (30, 41, 90, 99)
    image.paste((0, 255, 0), box)
    data = codec_of("photo").compress(image, quality=60, effort=effort)
    decoded = codec_of("photo").decompress(data)
    assert largest_errors((Patch(box, (0, 255, 0)),), decoded) == [0]
    assert len(overlay_of(data)) < 100
    decoded.paste(PHOTO.crop(box), box)
    assert psnr(PHOTO, decoded) > 30


def test_photographs_pay_nothing() -> None:
    codec, image = codec_of("photo"), PHOTO
    chosen = codec.settings(60)
    assert codec.compress(image, quality=60) == codec.write(codec.encode(image, chosen.lambda_, chosen.rate_point))


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK"])
def test_drawings_of_other_modes(mode: str) -> None:
    image = diagram(192, 128).convert("L" if mode == "1" else "RGB").convert(mode)
    data = codec_of("photo").compress(image, quality=80)
    decoded = codec_of("photo").decompress(data)
    assert overlay_of(data)
    assert decoded.mode == mode
    flat = flat_mask(np.asarray(image.convert("RGB")))
    assert np.array_equal(np.asarray(decoded.convert("RGB"))[flat], np.asarray(image.convert("RGB"))[flat])


def test_what_is_hidden_is_not_in_the_overlay() -> None:
    image = Image.new("RGBA", (96, 96), (0, 0, 255, 0))
    image.paste((255, 0, 255, 255), (20, 20, 60, 60))
    image.paste((255, 0, 255, 90), (60, 20, 80, 60))
    data = codec_of("photo").compress(image, quality=60)
    decoded = np.asarray(codec_of("photo").decompress(data))
    visible = np.asarray(image)[..., 3] > 0
    assert np.array_equal(decoded[visible], np.asarray(image)[visible])
    assert not decoded[~visible].any()


@pytest.mark.parametrize("budget", [300, 1500])
def test_budgets_count_the_overlay(budget: int) -> None:
    page = patch_page(192, 128, seed=1, background=texture(192, 128))
    data = codec_of("photo").compress(page.image, max_bytes=budget)
    assert len(data) <= budget
    errors = largest_errors(page.patches, codec_of("photo").decompress(data))
    assert max(errors) == 0 or budget == 300


def test_pictures_that_are_coded_at_a_smaller_scale() -> None:
    """The overlay is at the size of the picture."""
    image = texture(256, 256)
    image.paste("white", (0, 0, 256, 128))
    data = codec_of("photo").compress(image, max_bytes=400)
    container = unpack(data)
    assert isinstance(container.source, ImageSource)
    assert container.source.coded_width < 256
    assert container.chunks.overlay
    assert np.all(np.asarray(codec_of("photo").decompress(data))[:128] == 255)


def test_a_model_that_does_not_tell_its_lambdas(tiny_codec: ImageCodec) -> None:
    """It has no overlay."""
    model = replace(tiny_codec.model, config=replace(tiny_codec.model.config, lambdas=()))
    assert not overlay_of(ImageCodec(model).compress(Image.new("RGB", (64, 64), "white")))
    assert overlay_of(tiny_codec.compress(Image.new("RGB", (64, 64), "white")))


# Masks -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(15, 40), (16, 16), (300, 50), (540, 31)])
def test_squares_of_one_colour_are_flat(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (*shape, 3), np.uint8)
    expected = np.zeros(shape, np.bool_)
    for top in range(0, shape[0] - 18, 61):
        pixels[top : top + 18, 3:22] = 77
        expected[top : top + 18, 3:22] = True
    if shape == (16, 16):
        pixels[:], expected[:] = 1, True
    assert np.array_equal(flat_mask(pixels), expected)


def test_photographs_do_not_look_drawn() -> None:
    for image in (Image.open(COFFEE).convert("RGB"), texture(300, 200)):
        pixels = np.asarray(image)
        assert not drawn_mask(pixels, flat_mask(pixels)).any()


def test_what_is_beside_a_patch_does_not_look_drawn() -> None:
    pixels = np.asarray(texture(384, 256)).copy()
    pixels[40:80, 37:99] = 255
    flat = flat_mask(pixels)
    assert flat.sum() == 40 * 62
    assert not (drawn_mask(pixels, flat) & ~flat).any()


@pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
def test_drawings_do(draw: Callable[[int, int, int], Image.Image]) -> None:
    pytest.importorskip("matplotlib")
    pixels = np.asarray(draw(384, 256, 0))
    flat = flat_mask(pixels)
    assert (flat | drawn_mask(pixels, flat)).mean() > 0.85


def test_pictures_made_by_code_follow_from_their_seed() -> None:
    first, again, other = (patch_page(200, 100, seed=seed) for seed in (1, 1, 2))
    assert first.image == again.image
    assert first.image != other.image
    assert largest_errors(first.patches, first.image) == [0] * len(first.patches)
    for draw in (diagram, texture):
        assert draw(90, 70, 5) == draw(90, 70, 5) != draw(90, 70, 6)
