"""The networks of a model on a device: pixels to latents, latents to pixels, and how likely pixels are."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bitstream.errors import ModelError
from vqcodec.image.autoencoder import Decoder, Encoder, LikelihoodHead
from vqcodec.image.config import AutoencoderConfig
from vqcodec.nn.likelihood import pixel_code_length
from vqcodec.nn.networks import ModelNetworks

if TYPE_CHECKING:
    from vqcodec.model import Model

__all__ = ["Networks"]

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]


class Networks(ModelNetworks[Encoder, Decoder, LikelihoodHead]):
    """Encoder, decoder and likelihood of a model, for one picture at a time.

    Args:
        model: whose weights they get.
        device: "cpu", "cuda", ...

    Raises:
        ModelError: the model is not for pictures, its weights do not fit, or the device cannot be used.
    """

    def __init__(self, model: Model, device: str) -> None:
        shape = model.config.autoencoder
        if not isinstance(shape, AutoencoderConfig):
            raise ModelError("the model is for sound, not for pictures")
        self.shape = shape
        made = partial(Encoder, shape), partial(Decoder, shape), partial(LikelihoodHead, shape)
        super().__init__(model, device, *made, "pixels")

    @torch.inference_mode()
    def encode(self, pixels: Pixels) -> Floats:
        """z_e `[C, h, w]` of pixels `[H, W, 3]`, which are continued at the edges to whole strides."""
        stride = self.shape.stride
        padding = [(0, -extent % stride) for extent in pixels.shape[:2]]
        padded = np.pad(pixels, [*padding, (0, 0)], mode="edge")
        return np.asarray(self.encoder(self._to_tensor(padded).float() / 255 - 0.5)[0].cpu())

    @torch.inference_mode()
    def decode(self, z_q: Floats, rate: int, height: int, width: int) -> Pixels:
        """The location of p(x|z_q), rounded to 8 bits: pixels `[height, width, 3]` of z_q `[C, h, w]`."""
        location, _ = self.decoder(*self._decoder_inputs(z_q, rate))
        pixels = ((location[0, :, :height, :width] + 0.5) * 255).round_().clamp_(0, 255)
        return np.asarray(pixels.to(torch.uint8).permute(1, 2, 0).cpu())

    @torch.inference_mode()
    def bits(self, pixels: Pixels, z_q: Floats, rate: int) -> Floats:
        """-log2 p(x|z_q) of every sub-pixel, given the earlier colours of its pixel: `[H, W, 3]`."""
        height, width, _ = pixels.shape
        location, features = self.decoder(*self._decoder_inputs(z_q, rate))
        parts = (part[..., :height, :width] for part in ((location + 0.5) * 255, *self.likelihood(features)))
        return np.asarray(pixel_code_length(self._to_tensor(pixels).float(), *parts)[0].permute(1, 2, 0).cpu())

    def _to_tensor(self, pixels: Pixels) -> Tensor:
        """`[H, W, 3]` to `[1, 3, H, W]`."""
        return torch.tensor(pixels, device=self.device).permute(2, 0, 1)[None]

    def _decoder_inputs(self, z_q: Floats, rate: int) -> tuple[Tensor, Tensor]:
        """What the decoder takes: `[1, C, h, w]` and the rate point `[1]`."""
        return torch.from_numpy(z_q)[None].to(self.device), torch.tensor([rate], device=self.device)
