"""Networks of CompressAI, as `peers` measures them. Their weights are random: time does not depend on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from compressai.zoo import image_models
from PIL import Image
from torch import Tensor

from scripts.benchmarks.peer import Peer

__all__ = ["compressai_peers"]

NAMES = ("bmshj2018-hyperprior", "mbt2018-mean", "cheng2020-anchor")
QUALITY = 3  # of the smaller networks, for rates up to about half a bit a pixel
STRIDE = 64


@dataclass(frozen=True)
class Network:
    """A model of CompressAI with its entropy coder."""

    model: Any

    def compress(self, image: Image.Image) -> tuple[Any, Image.Image]:
        """Strings and their shape; and the picture."""
        with torch.inference_mode():
            return self.model.compress(_tensor(image)), image

    def decompress(self, coded: tuple[Any, Image.Image]) -> Image.Image:
        """The picture, which is as large as the one that went in."""
        strings, image = coded
        with torch.inference_mode():
            return _image(self.model.decompress(strings["strings"], strings["shape"])["x_hat"], image)

    def analyse(self, image: Image.Image) -> tuple[Tensor, Tensor, Image.Image]:
        """The latents y and z; and the picture."""
        with torch.inference_mode():
            y = self.model.g_a(_tensor(image))
            return y, self.model.h_a(y), image

    def synthesise(self, latents: tuple[Tensor, Tensor, Image.Image]) -> Image.Image:
        """The picture, and the parameters of y, which a decoder needs, too."""
        y, z, image = latents
        with torch.inference_mode():
            self.model.h_s(z)
            return _image(self.model.g_s(y), image)


def compressai_peers() -> list[Peer]:
    """Each network, with its entropy coder and alone, on one thread."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    peers = []
    for name in NAMES:
        model = image_models[name](quality=QUALITY, pretrained=False).eval()
        model.update()
        network, title = Network(model), f"CompressAI, {name}, quality {QUALITY}"
        peers += [
            Peer(title, network.compress, network.decompress),
            Peer(f"{title}, networks alone", network.analyse, network.synthesise),
        ]
    return peers


def _tensor(image: Image.Image) -> Tensor:
    """`[1, 3, H, W]` in 0..1, padded to whole strides."""
    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float() / 255
    height, width = pixels.shape[2:]
    return F.pad(pixels, (0, -width % STRIDE, 0, -height % STRIDE), mode="replicate")


def _image(pixels: Tensor, original: Image.Image) -> Image.Image:
    """`[1, 3, H, W]` as a picture of the size of the original."""
    levels = (pixels[0].clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    return Image.fromarray(levels[: original.height, : original.width])
