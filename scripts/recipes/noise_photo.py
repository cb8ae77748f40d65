"""How a model for pictures stands in its first stage of training, under noise instead of quantization.

    python -m scripts.recipes.noise_photo MODEL.training/noise.safetensors PICTURES [--recipe NAME]

For every rate point: bits per pixel under the factorized prior, PSNR and MS-SSIM, means over the pictures; and how
many channels carry more than 0.05 bit a position. PICTURES should not be those of the training. Prints Markdown.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch
from pytorch_msssim import ms_ssim
from torch import Tensor
from tqdm import tqdm

from scripts.command_line import add_settings, parser_of, run_script
from vqcodec.evaluation.pictures.folder import find_pictures
from vqcodec.evaluation.report.text import markdown_table
from vqcodec.media.pictures.reading import read_rgb
from vqcodec.training.data.pictures import crops_to_tensor
from vqcodec.training.engine.checkpoint import load_modules
from vqcodec.training.engine.config import load_config
from vqcodec.training.factorized_prior import FactorizedPrior
from vqcodec.training.image import ImageTraining
from vqcodec.training.networks.image import Decoder, Encoder

IN_USE = 0.05


def whole_strides(path: Path, stride: int) -> Tensor:
    """A picture `[1, 3, H, W]`, cut to multiples of the stride."""
    pixels = np.array(read_rgb(path).image)
    height, width = (extent // stride * stride for extent in pixels.shape[:2])
    return crops_to_tensor(pixels[None, :height, :width])


@torch.inference_mode()
def main() -> None:
    """See the module."""
    parser = parser_of(__doc__)
    parser.add_argument("checkpoint", type=Path, help="noise.safetensors of a training folder")
    parser.add_argument("pictures", type=Path, help="folder of pictures")
    add_settings(parser, "image")
    arguments = parser.parse_args()
    shape = load_config(arguments.config, ImageTraining).autoencoder
    encoder, decoder = Encoder(shape), Decoder(shape)
    factorized_prior = FactorizedPrior(shape.latent_channels, shape.rate_points)
    load_modules(arguments.checkpoint, {"encoder": encoder, "decoder": decoder, "density": factorized_prior})
    originals = [whole_strides(path, shape.stride) for path in find_pictures(arguments.pictures)]
    rows = []
    for point in tqdm(range(shape.rate_points), desc="rate points", disable=None):
        torch.manual_seed(0)
        bpp, psnr, similarity, of_channels = [], [], [], []
        for x in originals:
            z = encoder(x)
            noisy, bits = factorized_prior(z, torch.tensor([point]), torch.rand_like(z) - 0.5)
            location, _ = decoder(noisy, torch.tensor([point]))
            bpp.append(bits.sum().item() / x[0, 0].numel())
            psnr.append(-10 * math.log10((location - x).square().mean().item()))
            similarity.append(ms_ssim(x + 0.5, (location + 0.5).clamp(0, 1), data_range=1.0).item())
            of_channels.append(bits.mean((0, 2, 3)))
        used = int((torch.stack(of_channels).mean(0) > IN_USE).sum())
        rows.append(
            [str(point), f"{np.mean(bpp):.4f}", f"{np.mean(psnr):.2f}", f"{np.mean(similarity):.4f}", str(used)]
        )
    print(markdown_table(["rate point", "bit/pixel", "PSNR", "MS-SSIM", "channels in use"], rows))


if __name__ == "__main__":
    run_script(main)
