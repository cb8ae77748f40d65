"""Short trials of networks for pictures, under noise: a table of docs/runs.

    python -m scripts.experiments.trials_networks PICTURES --out FOLDER [--steps 600] [--trials NAME ...]

Each trial trains networks from scratch on all pictures but every 50th, and is measured on those: bits per pixel under
its factorized prior, PSNR, and the loss of training, at every rate point. Results go to FOLDER/trials.jsonl, and a
table of all that is there is printed as Markdown. Minutes are of processor time, which other work hardly changes.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from torch import nn

from scripts.command_line import run_script
from scripts.experiments.trials import (
    Pictures,
    Result,
    picture_data,
    run_in,
    run_trials,
    trials_parser,
    upper_left,
    with_held_out,
)
from vqcodec.evaluation.report.text import markdown_table
from vqcodec.training.data.pictures import crops_to_tensor
from vqcodec.training.engine.loop import train
from vqcodec.training.engine.machine import Machine
from vqcodec.training.factorized_prior import FactorizedPrior
from vqcodec.training.image import PictureObjective
from vqcodec.training.networks.image import Decoder, Encoder
from vqcodec.training.stages.noise import NoiseStage, NoiseTraining
from vqcodec.training.stages.objective import Goal
from vqcodec.training.stages.start import start_linear_path
from vqcodec.transform.image.config import AutoencoderConfig

LAMBDAS = tuple(0.0005 * 1.8**rate for rate in range(11))
GOAL = Goal(PictureObjective(), torch.tensor(LAMBDAS))
SHOWN = (0, 3, 6, 10)  # rate points in the table

VERSION_3 = AutoencoderConfig(
    blocks=(1, 3, 2), decoder_blocks=(2, 4, 2), latent_channels=192, rate_points=len(LAMBDAS), linear_path=True
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
    encoder: Encoder, decoder: Decoder, prior: nn.Module, pictures: Pictures, machine: Machine
) -> list[tuple[float, float, float]]:
    """Mean bits per pixel, PSNR and weighted loss of every rate point."""
    points = []
    for rate in range(len(LAMBDAS)):
        torch.manual_seed(0)
        point, figures = torch.tensor([rate]), []
        for picture in pictures:
            x = crops_to_tensor(upper_left(picture, encoder.stride)[None])
            with machine.autocast():
                z = encoder(x)
            noisy, bits = prior(z.float(), point, torch.rand(z.shape) - 0.5)
            with machine.autocast():
                location, _ = decoder(noisy, point)
            bpp = bits.sum().item() / x[0, 0].numel()
            error = (location.float().clamp(-0.5, 0.5) - x).square().mean().item()
            loss = GOAL.weights[rate] * (GOAL.lambdas[rate] * error * 255**2 + bpp)
            figures.append((bpp, -10 * math.log10(error), loss.item()))
        points.append(tuple(np.mean(figures, axis=0).tolist()))
    return points


def run(name: str, steps: int, crop: int, pictures: Pictures, held_out: Pictures) -> Result:
    """Train and measure one trial."""
    shape, stage = TRIALS[name]
    stage = replace(stage, steps=steps, crop=crop)
    began = time.process_time()
    with TemporaryDirectory() as folder:
        training = run_in(Path(folder))
        training.seed_networks("networks")
        encoder, decoder = Encoder(shape), Decoder(shape)
        factorized_prior = FactorizedPrior(shape.latent_channels, shape.rate_points)
        data = picture_data(pictures).of(stage, training.machine.device)
        start_linear_path(encoder, decoder, shape, training.batches(data.crops, "start", stage.batch))
        train(NoiseTraining(encoder, decoder, factorized_prior, GOAL, data, stage, training), training, {})
    minutes = round((time.process_time() - began) / 60, 1)
    points = measure(encoder, decoder, factorized_prior, held_out, training.machine)
    loss = float(np.mean([point[2] for point in points]))
    return {"minutes": minutes, "steps": steps, "crop": crop, "loss": loss, "points": points}


def table(results: list[Result]) -> str:
    """All results, as Markdown."""
    rows = []
    for result in results:
        points = [result["points"][rate] for rate in SHOWN]
        shown = [f"{bpp:.3f} / {psnr:.2f}" for bpp, psnr, _ in points]
        rows.append([*(str(result[key]) for key in ("trial", "minutes", "steps")), f"{result['loss']:.4f}", *shown])
    return markdown_table(
        ["trial", "CPU minutes", "steps", "loss", *(f"lambda {LAMBDAS[rate]:.2g}" for rate in SHOWN)], rows
    )


def main() -> None:
    """See the module."""
    parser = trials_parser(__doc__, TRIALS, steps=600)
    parser.add_argument("pictures", type=Path, help="folder of pictures")
    parser.add_argument("--crop", type=int, default=160, help="side of the crops (default: 160)")
    arguments = parser.parse_args()
    pictures = with_held_out(arguments.pictures, arguments.out / "cache")
    print(table(run_trials(arguments, lambda name: run(name, arguments.steps, arguments.crop, *pictures))))


if __name__ == "__main__":
    run_script(main)
