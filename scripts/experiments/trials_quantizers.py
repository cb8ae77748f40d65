"""Short trials of quantizers for pictures, of equal numbers of steps on the same crops: a table of docs/runs.

    python -m scripts.experiments.trials_quantizers PICTURES --out FOLDER [--steps 800] [--trials NAME ...]

Each trial trains a model from scratch on all pictures but every 50th, and is measured on those: bits per pixel with
order-0 code lengths, before any prior, and PSNR, at every rate point. Results are added to FOLDER/trials.jsonl, and a
table of all that is there is printed as Markdown.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

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
from vqcodec.prior.config import PixelCNNConfig
from vqcodec.training.data.pictures import crops_to_tensor
from vqcodec.training.image import ImageTraining, PictureObjective
from vqcodec.training.networks.image import Decoder, Encoder, LikelihoodHead
from vqcodec.training.quantizer import QuantizerConfig
from vqcodec.training.stages.codes import CodesStage
from vqcodec.training.stages.sequence import Stages
from vqcodec.training.stages.start import start_linear_path
from vqcodec.transform.image.config import AutoencoderConfig

LAMBDAS = (0.001, 0.004, 0.016)
NOISE_SHARE = 0.7  # of the steps


def settings(planes: int = 48, dimension: int = 4, **changes: object) -> ImageTraining:
    """The bundled model's settings at three rate points, with another product quantizer or other `changes`."""
    rate_points = len(LAMBDAS)
    autoencoder = AutoencoderConfig(latent_channels=planes * dimension, rate_points=rate_points)
    quantizer = QuantizerConfig(planes=planes, dimension=dimension, rate_points=rate_points)
    base = ImageTraining(autoencoder, quantizer, PixelCNNConfig((planes,), (1,)), lambdas=LAMBDAS)
    return replace(base, **changes)  # type: ignore[arg-type]


def with_linear_path() -> ImageTraining:
    """A linear transform beside the networks."""
    base = settings()
    return replace(base, autoencoder=replace(base.autoencoder, linear_path=True))


FROM_CODES = CodesStage(encoder_learning_rate=5e-3, decoder_learning_rate=5e-3)
TRIALS = {
    "noise, then product VQ of 4 channels": settings(),
    "the same with the linear path": with_linear_path(),
    "noise, then product VQ of 2 channels": settings(planes=96, dimension=2),
    "noise, then product VQ of 8 channels": settings(planes=24, dimension=8),
    "codes from the start, with the rate term": settings(noise=None, codes=FROM_CODES),
    "codes from the start, uniform prior (the paper)": settings(noise=None, codes=replace(FROM_CODES, lambda_=0.0)),
}


@torch.no_grad()
def measure(trained: Stages, pictures: Pictures) -> list[tuple[float, float]]:
    """Mean bits per pixel and PSNR of every rate point."""
    points = []
    for rate in range(len(trained.goal.lambdas)):
        point = torch.tensor([rate])
        figures = []
        for picture in pictures:
            x = crops_to_tensor(upper_left(picture, trained.settings.autoencoder.stride)[None])
            indices = trained.quantizer.assign(trained.encoder(x), point, trained.settings.codes.lambda_)
            location = trained.decoder(trained.quantizer.look_up(indices, point), point)[0].clamp(-0.5, 0.5)
            bits = trained.quantizer.code_bits[rate].gather(1, indices[0].flatten(1)).sum().item()
            mse = (location - x).square().mean().item()
            figures.append((bits / x[0, 0].numel(), -10 * math.log10(mse)))
        points.append(tuple(np.mean(figures, axis=0).tolist()))
    return points


def with_steps(chosen: ImageTraining, steps: int) -> ImageTraining:
    """Settings with so many steps in all, of which noise has its share."""
    noise = replace(chosen.noise, steps=round(steps * NOISE_SHARE)) if chosen.noise else None
    return replace(chosen, noise=noise, codes=replace(chosen.codes, steps=steps - (noise.steps if noise else 0)))


def run(name: str, steps: int, pictures: Pictures, held_out: Pictures) -> Result:
    """Train and measure one trial."""
    chosen, began = with_steps(TRIALS[name], steps), time.monotonic()
    shape = chosen.autoencoder
    with TemporaryDirectory() as folder:
        training = run_in(Path(folder))
        training.seed_networks("networks")
        encoder, decoder, likelihood = Encoder(shape), Decoder(shape), LikelihoodHead(shape)
        data = picture_data(pictures)
        trained = Stages(chosen, encoder, decoder, likelihood, PictureObjective(), data, training)
        start_linear_path(encoder, decoder, shape, trained.batches("start"))
        if chosen.noise:
            trained.noise(chosen.noise)
        trained.codebooks()
        trained.codes()
    minutes = round((time.monotonic() - began) / 60, 1)
    points = measure(trained, held_out)
    return {"minutes": minutes, "steps": [steps - chosen.codes.steps, chosen.codes.steps], "points": points}


def table(results: list[Result]) -> str:
    """All results, as Markdown."""
    rows = []
    for result in results:
        points = [f"{bpp:.3f} / {psnr:.2f}" for bpp, psnr in result["points"]]
        steps = " + ".join(map(str, result["steps"]))
        rows.append([str(result["trial"]), str(result["minutes"]), steps, *points])
    return markdown_table(["trial", "minutes", "steps", *(f"lambda {value:g}" for value in LAMBDAS)], rows)


def main() -> None:
    """See the module."""
    parser = trials_parser(__doc__, TRIALS, steps=800)
    parser.add_argument("pictures", type=Path, help="folder of pictures")
    arguments = parser.parse_args()
    pictures = with_held_out(arguments.pictures, arguments.out / "cache")
    print(table(run_trials(arguments, lambda name: run(name, arguments.steps, *pictures))))


if __name__ == "__main__":
    run_script(main)
