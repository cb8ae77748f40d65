"""Short trials of networks for pictures, under noise: the tables of docs/TRAINING.md.

    python scripts/trials_networks.py PICTURES --out FOLDER [--steps 600] [--trials NAME ...]

Each trial trains networks from scratch on all pictures but every 50th, and is measured on those: bits per pixel under
its density, PSNR, and the loss of training, at every rate point. Results are added to FOLDER/trials.jsonl, and a table
of all that is there is printed as Markdown. Minutes are of processor time, which other work hardly changes.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from trials import HELD_OUT, whole_positions

from vqcodec.evaluation.report import markdown_table
from vqcodec.image.autoencoder import Decoder, Encoder
from vqcodec.image.config import AutoencoderConfig
from vqcodec.nn.density import NoiseDensity
from vqcodec.training.data import PictureCache, crops_to_tensor, random_crops
from vqcodec.training.image import PictureObjective
from vqcodec.training.noise import NoiseStage, rate_weights, train_noise
from vqcodec.training.start import start_linear_path

LAMBDAS = tuple(0.0005 * 1.8**rate for rate in range(11))
SHOWN = (0, 3, 6, 10)  # rate points in the table

VERSION_3 = AutoencoderConfig(
    blocks=(1, 3, 2), decoder_blocks=(2, 4, 2), latent_channels=192, rates=len(LAMBDAS), linear_path=True
)
# Decoders of 24 kMAC a pixel, without blocks at stride 4.
LIGHT = replace(VERSION_3, decoder_widths=(48, 144, 256), decoder_blocks=(0, 2, 2))
TRIALS = {
    "version 3: encoder 44, decoder 59 kMAC a pixel": (VERSION_3, NoiseStage()),
    "44, 24": (LIGHT, NoiseStage()),
    "73, 24": (replace(LIGHT, widths=(96, 192, 256), blocks=(2, 3, 3)), NoiseStage()),
    "97, 24": (replace(LIGHT, widths=(128, 192, 224), blocks=(2, 4, 2)), NoiseStage()),
}


@torch.inference_mode()
def measure(
    encoder: Encoder, decoder: Decoder, density: nn.Module, pictures: list[NDArray[np.uint8]]
) -> list[tuple[float, float, float]]:
    """Mean bits per pixel, PSNR and weighted loss of every rate point."""
    lambdas = torch.tensor(LAMBDAS)
    weights, points = rate_weights(lambdas), []
    for rate in range(len(LAMBDAS)):
        torch.manual_seed(0)
        point, figures = torch.tensor([rate]), []
        for picture in pictures:
            x = crops_to_tensor(whole_positions(picture, encoder.stride)[None])
            with torch.autocast("cpu", dtype=torch.bfloat16):
                z = encoder(x)
            noisy, bits = density(z.float(), point)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                location, _ = decoder(noisy, point)
            bpp = bits.sum().item() / x[0, 0].numel()
            error = (location.float().clamp(-0.5, 0.5) - x).square().mean().item()
            loss = weights[rate] * (lambdas[rate] * error * 255**2 + bpp)
            figures.append((bpp, -10 * math.log10(error), loss.item()))
        points.append(tuple(np.mean(figures, axis=0).tolist()))
    return points


def run(name: str, steps: int, crop: int, pictures: list[NDArray[np.uint8]]) -> dict[str, object]:
    """Train and measure one trial."""
    shape, stage = TRIALS[name]
    training = [p for number, p in enumerate(pictures) if number % HELD_OUT]
    began = time.process_time()
    with TemporaryDirectory() as folder:
        torch.manual_seed(0)
        encoder, decoder = Encoder(shape), Decoder(shape)
        density = NoiseDensity(shape.latent_channels, shape.rates)
        crops = random_crops(training, stage.batch, crop, np.random.default_rng(0))
        start_linear_path(encoder, decoder, shape, crops)
        stage = replace(stage, steps=steps)
        train_noise(encoder, decoder, density, torch.tensor(LAMBDAS), crops, PictureObjective(), stage, Path(folder))
    minutes = round((time.process_time() - began) / 60, 1)
    points = measure(encoder, decoder, density, pictures[::HELD_OUT])
    loss = float(np.mean([point[2] for point in points]))
    return {"trial": name, "minutes": minutes, "steps": steps, "crop": crop, "loss": loss, "points": points}


def table(results: list[dict[str, object]]) -> str:
    """All results, as Markdown."""
    rows = []
    for result in results:
        points = [result["points"][rate] for rate in SHOWN]  # type: ignore[index]
        shown = [f"{bpp:.3f} / {psnr:.2f}" for bpp, psnr, _ in points]
        rows.append([*(str(result[key]) for key in ("trial", "minutes", "steps")), f"{result['loss']:.4f}", *shown])
    return markdown_table(
        ["trial", "CPU minutes", "steps", "loss", *(f"lambda {LAMBDAS[rate]:.2g}" for rate in SHOWN)], rows
    )


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path, help="folder of pictures")
    parser.add_argument("--trials", nargs="+", default=list(TRIALS), help=f"which, of: {'; '.join(TRIALS)}")
    parser.add_argument("--steps", type=int, default=600, help="of a trial (default: 600)")
    parser.add_argument("--crop", type=int, default=160, help="side of the crops (default: 160)")
    parser.add_argument("--out", type=Path, required=True, help="folder for trials.jsonl and the decoded pictures")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.trials if name not in TRIALS]
    if unknown:
        parser.error(f"no trial {unknown[0]!r}")
    pictures = PictureCache(arguments.pictures, arguments.out / "cache").pictures
    log = arguments.out / "trials.jsonl"
    for name in arguments.trials:
        result = run(name, arguments.steps, arguments.crop, pictures)
        with log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(result) + "\n")
    print(table([json.loads(line) for line in log.read_text("utf-8").splitlines()]))


if __name__ == "__main__":
    main()
