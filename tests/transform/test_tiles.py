"""Large pictures in tiles: nobody can tell where they are, and a tile is all that is in memory at once."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.helpers.image_models import lively, tiny_model
from tests.helpers.pictures import pictures
from tests.helpers.priors import random_indices
from vqcodec import ImageCodec, load
from vqcodec.defaults import DEFAULT_QUALITY
from vqcodec.media.pictures.area import Area
from vqcodec.model.model import Model
from vqcodec.training.networks.image import Decoder, Encoder, LikelihoodHead
from vqcodec.transform import codebooks as codebooks_module
from vqcodec.transform.image.config import AutoencoderConfig
from vqcodec.transform.image.networks import ImageNetworks
from vqcodec.transform.image.tiles import spans, tiles
from vqcodec.transform.torch_networks import ResidualBlock

PICTURE = pictures(1, 400, seed=5)[0]
SIZES = [(400, 400), (83, 391), (399, 130), (1, 390), (400, 1), (17, 16)]
STRIDE = 16


@cache
def model() -> Model:
    return tiny_model()


def seen_networks(seed: int = 0) -> ImageNetworks:
    """Those of the small model, but with residual blocks and a likelihood that add something."""
    return ImageCodec(replace(model(), networks=lively(model().networks, seed))).networks


@pytest.fixture(scope="module")
def networks() -> ImageNetworks:
    return seen_networks()


@pytest.fixture(scope="module")
def in_tiles() -> Callable[[int], ImageNetworks]:
    """The same networks, with tiles of so many pixels a side."""
    other = seen_networks()

    def with_tile(tile: int) -> ImageNetworks:
        other.tile = tile
        return other

    return with_tile


def volume(height: int, width: int, seed: int = 0) -> NDArray[np.int32]:
    """Indices of a picture of this size."""
    return random_indices(model().prior, 1, -(-height // STRIDE), -(-width // STRIDE), seed)


# Where tiles are ---------------------------------------------------------------------------------------------------


@given(st.integers(1, 300), st.integers(1, 80), st.integers(0, 20))
def test_spans_cover_everything_once(extent: int, most: int, reach: int) -> None:
    found = spans(extent, most, reach)
    covered = np.concatenate([np.arange(extent)[span.own()] for span in found])
    assert (covered == np.arange(extent)).all()
    (size,) = {span.high - span.low for span in found}
    assert size <= most + 2 * reach
    assert len(found) == max(1, -(-(extent - 2 * reach) // most))
    for span in found:
        assert span.low <= max(0, span.first - reach)
        assert span.high >= min(extent, span.last + reach)
        assert span.high <= extent
        window = np.arange(extent)[span.window()]
        assert (window[span.inside()] == np.arange(extent)[span.own()]).all()


def test_tiles_cover_a_picture_in_pixels() -> None:
    covered = np.zeros((5 * STRIDE, 7 * STRIDE), int)
    windows = np.zeros_like(covered)
    for i, j in tiles(5, 7, 3, 1):
        covered[i.own(STRIDE), j.own(STRIDE)] += 1
        windows[i.window(STRIDE), j.window(STRIDE)][i.inside(STRIDE), j.inside(STRIDE)] += 1
    assert (covered == 1).all()
    assert (windows == 1).all()


@pytest.mark.parametrize(("widths", "blocks"), [((8,), (2,)), ((8, 8), (0, 1)), ((8, 8, 8), (1, 2, 1))])
def test_the_networks_see_as_far_as_they_say(widths: tuple[int, ...], blocks: tuple[int, ...]) -> None:
    """By gradient: no further, and so far at least on one side."""
    torch.manual_seed(0)
    config = AutoencoderConfig(widths=widths, blocks=blocks, latent_channels=8)
    encoder, decoder, head = Encoder(config), Decoder(config), LikelihoodHead(config)
    for module in (*encoder.modules(), *decoder.modules()):
        if isinstance(module, ResidualBlock):
            module.second.reset_parameters()
    torch.nn.init.normal_(head.outer.weight)
    side, middle, stride = 31, 15, config.stride
    x = torch.randn(1, 3, side * stride, side * stride, requires_grad=True)
    encoder(x)[0, :, middle, middle].sum().backward()
    assert x.grad is not None
    rows = x.grad[0].abs().sum((0, 2)).nonzero()[:, 0] // stride
    assert middle - rows.min() == config.encoder_reach
    assert rows.max() - middle <= config.encoder_reach
    z = torch.randn(1, 8, side, side, requires_grad=True)
    location, features = decoder(z, torch.tensor([0]))
    own = slice(middle * stride, (middle + 1) * stride)
    sum(part[..., own, own].sum() for part in (location, *head(features))).backward()
    assert z.grad is not None
    rows = z.grad[0].abs().sum((0, 2)).nonzero()[:, 0]
    assert middle - rows.min() == rows.max() - middle == config.decoder_reach


# Nobody can tell ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tile", [16, 48, 160])
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_latents_in_tiles(
    networks: ImageNetworks, in_tiles: Callable[[int], ImageNetworks], height: int, width: int, tile: int
) -> None:
    pixels = PICTURE[:height, :width]
    np.testing.assert_allclose(in_tiles(tile).encode(pixels), networks.encode(pixels), atol=1e-5)


@pytest.mark.parametrize("tile", [16, 48, 160])
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_pixels_in_tiles(
    networks: ImageNetworks, in_tiles: Callable[[int], ImageNetworks], height: int, width: int, tile: int
) -> None:
    indices = volume(height, width)
    whole = networks.decode(indices, 1, Area(0, 0, width, height)).astype(int)
    tiled = in_tiles(tile).decode(indices, 1, Area(0, 0, width, height))
    assert tiled.shape == (height, width, 3)
    assert np.abs(tiled - whole).max() <= 1
    assert (tiled != whole).mean() < 1e-3  # one level, where a value was half way between two
    assert height * width < 1000 or whole.std() > 10


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_bits_in_tiles(
    networks: ImageNetworks, in_tiles: Callable[[int], ImageNetworks], height: int, width: int
) -> None:
    indices, pixels = volume(height, width), PICTURE[:height, :width]
    whole = networks.bits(pixels, indices, 1)
    np.testing.assert_allclose(in_tiles(48).bits(pixels, indices, 1), whole, rtol=1e-3, atol=1e-3)


def test_seams_would_be_seen(networks: ImageNetworks, in_tiles: Callable[[int], ImageNetworks]) -> None:
    """Had tiles less around them, it would show: the comparisons above are not for nothing."""
    tiled, indices = in_tiles(48), volume(400, 400)
    shape, whole = tiled.shape, networks.decode(indices, 1, Area(0, 0, 400, 400)).astype(int)
    tiled.shape = Nearsighted(**vars(shape))
    try:
        assert np.abs(tiled.decode(indices, 1, Area(0, 0, 400, 400)) - whole).max() > 1
        assert np.abs(tiled.encode(PICTURE) - networks.encode(PICTURE)).max() > 1e-3
    finally:
        tiled.shape = shape


class Nearsighted(AutoencoderConfig):
    """Of networks that say that they see nothing around a tile."""

    encoder_reach = decoder_reach = 0


@pytest.mark.parametrize(("height", "width"), [(250, 380), (17, 390)])
def test_bundled_model_in_tiles(height: int, width: int) -> None:
    """With its reach of six positions, seen from tiles of three."""
    codec = load("photo")
    pixels, chosen = PICTURE[:height, :width], codec.settings(60)
    whole_latents = codec.analyse(pixels)
    indices = codec.encode(pixels, chosen.lambda_, chosen.rate_point)
    whole = np.asarray(codec.decode(indices)).astype(int)
    codec.networks.tile = 48
    np.testing.assert_allclose(codec.analyse(pixels), whole_latents, atol=1e-4 * np.abs(whole_latents).max())
    tiled = np.asarray(codec.decode(indices))
    assert np.abs(tiled - whole).max() <= 1
    assert (tiled != whole).mean() < 1e-3


def test_a_picture_of_one_tile_is_evaluated_as_a_whole(networks: ImageNetworks) -> None:
    """Bit by bit what the networks say of it."""
    pixels, indices = PICTURE[:90, :100], volume(90, 100)
    padded = torch.from_numpy(np.pad(pixels, ((0, 6), (0, 12), (0, 0)), mode="edge")).permute(2, 0, 1)[None]
    z_q = torch.from_numpy(model().codebooks.look_up(indices, 1))[None]
    with torch.inference_mode():
        expected = networks.networks.encode((padded.float() / 255 - 0.5).numpy())[0]
        location = networks.networks.decode(z_q.numpy(), 1)[0, :, :90, :100]
    assert (networks.encode(pixels) == expected).all()
    rounded = np.clip(np.rint((location + np.float32(0.5)) * 255), 0, 255).transpose(1, 2, 0)
    assert (networks.decode(indices, 1, Area(0, 0, 100, 90)) == rounded).all()


# Memory ------------------------------------------------------------------------------------------------------------


def test_no_window_is_larger_than_a_tile_and_its_surroundings(
    in_tiles: Callable[[int], ImageNetworks], monkeypatch: pytest.MonkeyPatch
) -> None:
    tiled = in_tiles(64)
    seen: list[tuple[int, ...]] = []
    for name in ("encode", "decode"):
        work = getattr(tiled.networks, name)

        def noted(x: NDArray[np.float32], *others: int, work: Callable[..., Any] = work) -> Any:
            seen.append(x.shape[2:])
            return work(x, *others)

        monkeypatch.setattr(tiled.networks, name, noted)
    tiled.encode(PICTURE)
    assert (len(seen), len(set(seen))) == (16, 1)  # of one shape: memory is taken again as it was left
    assert max(seen[0]) <= 64 + 2 * tiled.shape.encoder_reach * STRIDE
    seen.clear()
    tiled.decode(volume(400, 400), 1, Area(0, 0, 400, 400))
    assert (len(seen), len(set(seen))) == (25, 1)
    assert max(seen[0]) <= 64 // STRIDE + 2 * tiled.shape.decoder_reach


def test_the_prior_holds_little_for_a_position(monkeypatch: pytest.MonkeyPatch) -> None:
    """Values of 8 bits and activations of 16, of one slice at a time; floats of all would take 256 and 152 bytes."""
    monkeypatch.setattr("vqcodec.prior.gated.BAND", 64)
    peaks = {}
    for rows in (64, 192):
        indices = random_indices(model().prior, 1, rows, 64)
        streams = model().prior.encode(indices, 1)
        peaks["encode", rows] = peak(partial(model().prior.encode, indices, 1))
        peaks["decode", rows] = peak(partial(model().prior.decode, streams, 1, rows, 64))
    slopes = {way: (peaks[way, 192] - peaks[way, 64]) / (128 * 64) for way in ("encode", "decode")}
    assert slopes["encode"] < 110
    assert slopes["decode"] < 90


def peak(work: Callable[[], object]) -> int:
    """The most bytes that Python and NumPy have allocated meanwhile."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("each", [True, False])
def test_blocks_of_vectors_do_not_show(each: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    rng, codebooks = np.random.default_rng(0), tiny_model().codebooks
    vectors = rng.normal(size=(500, 4)).astype(np.float32)
    codewords = codebooks.of(1, 2)
    penalty = rng.random((500, len(codewords)) if each else len(codewords)).astype(np.float32)
    distance = ((vectors[:, None] - codewords) ** 2 * codebooks.metric[1, 2]).sum(-1) + penalty
    found = codebooks.nearest(vectors, 1, 2, penalty)
    assert (found == distance.argmin(1)).all()
    monkeypatch.setattr(codebooks_module, "BLOCK", 7)
    assert (codebooks.nearest(vectors, 1, 2, penalty) == found).all()


# Shapes that no camera makes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 20_000), (20_000, 1), (17, 16), (16, 17)])
def test_any_shape(tiny_codec: ImageCodec, height: int, width: int) -> None:
    rng = np.random.default_rng(1)
    pixels = (128 + rng.normal(size=(height, width, 3)).cumsum(0).cumsum(1) % 90).astype(np.uint8)
    chosen = tiny_codec.settings(DEFAULT_QUALITY)
    encoded = tiny_codec.encode(pixels, chosen.lambda_, chosen.rate_point)
    indices = tiny_codec.read(tiny_codec.write(encoded))
    assert indices == encoded
    assert indices.values.shape[1:] == (-(-height // STRIDE), -(-width // STRIDE))
    assert tiny_codec.decompress(tiny_codec.compress(pixels)).size == (width, height)  # some have an overlay
    assert tiny_codec.decode(indices).size == (width, height)
