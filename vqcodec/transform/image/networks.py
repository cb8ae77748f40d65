"""The networks of a model of pictures on a device: pixels to latents, indices to pixels, and how likely pixels are.

A picture that is larger than a tile is evaluated in tiles: see `tiles.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from vqcodec.media.pictures.area import Area
from vqcodec.transform.codebooks import Codebooks
from vqcodec.transform.image import autoencoder
from vqcodec.transform.image.config import AutoencoderConfig, Distortion
from vqcodec.transform.image.distortion import distortion_and_gradient
from vqcodec.transform.image.tiles import Span, tiles, tiles_of_part
from vqcodec.transform.likelihood import pixel_code_length
from vqcodec.transform.networks import networks_on
from vqcodec.transform.weights import NetworkWeights, Weights, check_finite

__all__ = ["ImageNetworks"]

Floats = NDArray[np.float32]
IndexArray = NDArray[np.int32]
Pixels = NDArray[np.uint8]

# The fastest of 640 to 2240, though a third of the pixels is computed twice: activations of a larger window do not stay
# in the caches. It takes about 200 MB.
TILE = 1024
# After so many pixels the networks give back their memory, of which latents and codes then need more.
MANY = 8 * TILE**2
TILE_WITH_GRADIENT = 768  # at most, as then all activations are kept: about 350 MB


class ImageNetworks:
    """Encoder, decoder and likelihood of a model, for one picture at a time.

    Attributes:
        tile: pixels a side that are evaluated at once, without those around them; it bounds the memory.
        networks: what evaluates a tile.

    Args:
        shape: of the networks.
        weights: of the model; the encoder's may be missing.
        codebooks: where z_q is looked up.
        device: "cpu", "cuda", ...

    Raises:
        ModelError: the weights do not fit, or the device cannot be used.
    """

    tile = TILE

    def __init__(self, shape: AutoencoderConfig, weights: Weights, codebooks: Codebooks, device: str) -> None:
        self.shape, self._codebooks = shape, codebooks
        self.networks = networks_on(device, NetworkWeights(autoencoder, shape, weights, "pixels"))

    def encode(self, pixels: Pixels) -> Floats:
        """z_e `[C, h, w]` of pixels `[H, W, 3]`, which are padded at the edges to whole strides."""
        stride = self.shape.stride
        rows, columns = (-(-extent // stride) for extent in pixels.shape[:2])
        z_e = np.empty((self.shape.latent_channels, rows, columns), np.float32)
        for i, j in tiles(rows, columns, self._side, self.shape.encoder_reach):
            window = pixels[i.window(stride), j.window(stride)]
            padding = [(0, -extent % stride) for extent in window.shape[:2]]
            latents = self.networks.encode(_input(np.pad(window, [*padding, (0, 0)], mode="edge")))[0]
            z_e[:, i.own(), j.own()] = latents[:, i.inside(), j.inside()]
        check_finite(z_e.max(), z_e.min())
        self._release_memory_after(pixels)
        return z_e

    def decode(self, indices: IndexArray, rate_point: int, area: Area) -> Pixels:
        """The location of p(x|z_q), rounded to 8 bits: the pixels of an area, of indices `[P', h, w]` of a picture."""
        stride, pixels = self.shape.stride, np.empty((area.height, area.width, 3), np.uint8)
        _, height, width = indices.shape
        rows = height, range(area.top // stride, -(-area.bottom // stride))
        columns = width, range(area.left // stride, -(-area.right // stride))
        for i, j in tiles_of_part(rows, columns, self._side, self.shape.decoder_reach):
            location = self.networks.decode(self._z_q(indices, rate_point, i, j), rate_point)
            check_finite(location.max(), location.min())
            there, here = area.within(i.own(stride), j.own(stride))
            values = location[0][:, i.inside(stride), j.inside(stride)][:, *there] + np.float32(0.5)
            values *= 255
            np.rint(values, out=values)
            pixels[here] = values.clip(0, 255, out=values).transpose(1, 2, 0)
        self._release_memory_after(pixels)
        return pixels

    def bits(self, pixels: Pixels, indices: IndexArray, rate_point: int) -> Floats:
        """-log2 p(x|z_q) of every sub-pixel, given the earlier colours of its pixel: `[H, W, 3]`."""
        stride, bits = self.shape.stride, np.empty(pixels.shape, np.float32)
        for i, j in self._decoded_tiles(indices):
            location, found = self.networks.decode_with_likelihood(self._z_q(indices, rate_point, i, j), rate_point)
            check_finite(location.max(), location.min())
            tile = pixels[i.own(stride), j.own(stride)]
            whole = ((location + np.float32(0.5)) * 255, *autoencoder.likelihood_parameters(found))
            parts = (_cropped(part, i, j, stride, tile) for part in whole)
            values = tile.transpose(2, 0, 1)[None].astype(np.float32)
            bits[i.own(stride), j.own(stride)] = pixel_code_length(values, *parts)[0].transpose(1, 2, 0)
        return bits

    def errors(
        self, pixels: Pixels, indices: IndexArray, rate_point: int, distortion: Distortion
    ) -> Iterator[tuple[Span, Span, float, Floats]]:
        """The distortion between decoded indices `[P, h, w]` and pixels `[H, W, 3]`, in tiles, and its gradient.

        Yields:
            The rows and columns of a tile, its distortion times its pixels, and the gradient of that in z_q,
            `[C, h', w']`, over the window of the tile. The whole gradient is the sum over all tiles.
        """
        _, rows, columns = indices.shape
        side = max(1, min(self.tile, TILE_WITH_GRADIENT) // self.shape.stride)
        for i, j in tiles(rows, columns, side, self.shape.decoder_reach):
            yield i, j, *self._error(pixels, indices, rate_point, distortion, i, j)
        self._release_memory_after(pixels)

    def _error(
        self, pixels: Pixels, indices: IndexArray, rate_point: int, distortion: Distortion, i: Span, j: Span
    ) -> tuple[float, Floats]:
        """The distortion of a tile, and its gradient: see `errors`."""
        stride = self.shape.stride
        location, back = self.networks.decode_with_gradient(self._z_q(indices, rate_point, i, j), rate_point)
        check_finite(location.max(), location.min())
        tile = pixels[i.own(stride), j.own(stride)]
        decoded = _cropped(location, i, j, stride, tile)
        error, slope = distortion_and_gradient(distortion, _input(tile), decoded.clip(-0.5, 0.5))
        size = tile[..., 0].size
        given = np.zeros_like(location)
        _cropped(given, i, j, stride, tile)[:] = slope * (np.abs(decoded) <= 0.5) * np.float32(size)
        return error * size, back(given)[0]

    def _release_memory_after(self, pixels: Pixels) -> None:
        if pixels[..., 0].size > MANY:
            self.networks.release_memory()

    @property
    def _side(self) -> int:
        """Latent positions of a tile in each direction."""
        return max(1, self.tile // self.shape.stride)

    def _decoded_tiles(self, indices: IndexArray) -> Iterator[tuple[Span, Span]]:
        _, rows, columns = indices.shape
        return tiles(rows, columns, self._side, self.shape.decoder_reach)

    def _z_q(self, indices: IndexArray, rate_point: int, i: Span, j: Span) -> Floats:
        """The codewords `[1, C, h', w']` of indices in a window."""
        return self._codebooks.look_up(indices[:, i.window(), j.window()], rate_point)[None]


def _input(pixels: Pixels) -> Floats:
    """Pixels `[H, W, 3]` as a network sees them: -0.5..0.5, `[1, 3, H, W]`."""
    values = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], np.float32)
    values /= 255
    values -= 0.5
    return values


def _cropped(window: Floats, i: Span, j: Span, stride: int, tile: Pixels) -> Floats:
    """The part of a window `[B, 3, H', W']` that is its tile `[H, W, 3]`, which the edge of the picture may cut off."""
    height, width, _ = tile.shape
    return window[..., i.inside(stride), j.inside(stride)][..., :height, :width]
