"""The networks of a model of pictures on a device: pixels to latents, indices to pixels, and how likely pixels are.

A picture that is larger than a tile is evaluated in tiles: see `tiles.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vqcodec.transform.codebooks import Codebooks
from vqcodec.transform.image.autoencoder import Decoder, Encoder, LikelihoodHead
from vqcodec.transform.image.config import AutoencoderConfig, Distortion
from vqcodec.transform.image.distortion import DISTORTIONS
from vqcodec.transform.image.tiles import Span, tiles
from vqcodec.transform.likelihood import pixel_code_length
from vqcodec.transform.networks import Networks, Weights, check_finite

__all__ = ["ImageNetworks"]

Floats = NDArray[np.float32]
IndexArray = NDArray[np.int32]
Pixels = NDArray[np.uint8]

# The fastest of 640 to 2240, though a third of the pixels is computed twice: activations of a larger window do not stay
# in the caches. It takes about 200 MB.
TILE = 1024
TILE_WITH_GRADIENT = 768  # at most, as then all activations are kept: about 350 MB


class ImageNetworks(Networks[Encoder, Decoder, LikelihoodHead]):
    """Encoder, decoder and likelihood of a model, for one picture at a time.

    Attributes:
        tile: pixels a side that are evaluated at once, without those around them; it bounds the memory.

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
        made = partial(Encoder, shape), partial(Decoder, shape), partial(LikelihoodHead, shape)
        super().__init__(weights, device, *made, "pixels")

    @torch.inference_mode()
    def encode(self, pixels: Pixels) -> Floats:
        """z_e `[C, h, w]` of pixels `[H, W, 3]`, which are padded at the edges to whole strides."""
        stride = self.shape.stride
        rows, columns = (-(-extent // stride) for extent in pixels.shape[:2])
        z_e = np.empty((self.shape.latent_channels, rows, columns), np.float32)
        for i, j in tiles(rows, columns, self._side, self.shape.encoder_reach):
            window = pixels[i.window(stride), j.window(stride)]
            padding = [(0, -extent % stride) for extent in window.shape[:2]]
            padded = np.pad(window, [*padding, (0, 0)], mode="edge")
            latents = self.encoder(self._to_tensor(padded).float() / 255 - 0.5)[0]
            z_e[:, i.own(), j.own()] = latents[:, i.inside(), j.inside()].cpu()
        check_finite(z_e.max(), z_e.min())
        return z_e

    @torch.inference_mode()
    def decode(self, indices: IndexArray, rate_point: int, height: int, width: int) -> Pixels:
        """The location of p(x|z_q), rounded to 8 bits: pixels `[height, width, 3]` of indices `[P', h, w]`."""
        stride, pixels = self.shape.stride, np.empty((height, width, 3), np.uint8)
        for i, j in self._decoded_tiles(indices):
            location, _ = self._decode(indices[:, i.window(), j.window()], rate_point)
            tile = pixels[i.own(stride), j.own(stride)]
            values = ((_cropped(location, i, j, stride, tile)[0] + 0.5) * 255).round_().clamp_(0, 255)
            tile[:] = values.to(torch.uint8).permute(1, 2, 0).cpu()
        return pixels

    @torch.inference_mode()
    def bits(self, pixels: Pixels, indices: IndexArray, rate_point: int) -> Floats:
        """-log2 p(x|z_q) of every sub-pixel, given the earlier colours of its pixel: `[H, W, 3]`."""
        stride, bits = self.shape.stride, np.empty(pixels.shape, np.float32)
        for i, j in self._decoded_tiles(indices):
            location, features = self._decode(indices[:, i.window(), j.window()], rate_point)
            tile = pixels[i.own(stride), j.own(stride)]
            whole = ((location + 0.5) * 255, *self.likelihood(features))
            parts = (_cropped(part, i, j, stride, tile) for part in whole)
            length = pixel_code_length(self._to_tensor(tile).float(), *parts)[0]
            bits[i.own(stride), j.own(stride)] = length.permute(1, 2, 0).cpu()
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

    @torch.inference_mode(False)
    @torch.enable_grad()
    def _error(
        self, pixels: Pixels, indices: IndexArray, rate_point: int, distortion: Distortion, i: Span, j: Span
    ) -> tuple[float, Floats]:
        """The distortion of a tile, and its gradient: see `errors`."""
        stride = self.shape.stride
        z_q = self._codebooks.look_up(indices[:, i.window(), j.window()], rate_point)
        inputs, point = self._decoder_inputs(z_q, rate_point)
        location, _ = self.decoder(inputs.requires_grad_(), point)
        tile = pixels[i.own(stride), j.own(stride)]
        original = self._to_tensor(tile).float() / 255 - 0.5
        decoded = _cropped(location, i, j, stride, tile).clamp(-0.5, 0.5)
        error = DISTORTIONS[distortion](original, decoded).sum() * original[0, 0].numel()
        (gradient,) = torch.autograd.grad(error, inputs)
        return error.item(), gradient[0].cpu().numpy()

    @property
    def _side(self) -> int:
        """Latent positions of a tile in each direction."""
        return max(1, self.tile // self.shape.stride)

    def _decoded_tiles(self, indices: IndexArray) -> Iterator[tuple[Span, Span]]:
        _, rows, columns = indices.shape
        return tiles(rows, columns, self._side, self.shape.decoder_reach)

    def _decode(self, indices: IndexArray, rate_point: int) -> tuple[Tensor, Tensor]:
        """Location and features of a window of indices `[P', h, w]`."""
        location, features = self.decoder(
            *self._decoder_inputs(self._codebooks.look_up(indices, rate_point), rate_point)
        )
        check_finite(*location.aminmax())
        return location, features

    def _to_tensor(self, pixels: Pixels) -> Tensor:
        """`[H, W, 3]` to `[1, 3, H, W]`."""
        return torch.tensor(pixels, device=self.device).permute(2, 0, 1)[None]

    def _decoder_inputs(self, z_q: Floats, rate_point: int) -> tuple[Tensor, Tensor]:
        """The inputs of the decoder: z_q `[1, C, h, w]` and the rate point `[1]`."""
        return torch.from_numpy(z_q)[None].to(self.device), torch.tensor([rate_point], device=self.device)


def _cropped(window: Tensor, i: Span, j: Span, stride: int, tile: Pixels) -> Tensor:
    """The part of a window `[B, 3, H', W']` that is its tile `[H, W, 3]`, which the edge of the picture may cut off."""
    height, width, _ = tile.shape
    return window[..., i.inside(stride), j.inside(stride)][..., :height, :width]
