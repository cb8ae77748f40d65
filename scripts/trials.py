"""Short trials of equal numbers of steps on the same crops: the table of docs/TRAINING.md.

    python scripts/trials.py PICTURES --out FOLDER [--steps 800] [--trials NAME ...]

Each trial trains a model from scratch on all pictures but every 50th, and is measured on those: bits per pixel with
order-0 code lengths, before any prior, and PSNR, at every rate point. Results are added to FOLDER/trials.jsonl, and a
table of all that is there is printed as Markdown.
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

from vqcodec.evaluation.report import markdown_table
from vqcodec.image.autoencoder import Decoder, Encoder, LikelihoodHead
from vqcodec.image.config import AutoencoderConfig, PriorConfig
from vqcodec.nn.quantizer import QuantizerConfig
from vqcodec.training.codes import CodesStage
from vqcodec.training.data import PictureCache, crops_to_tensor, random_crops
from vqcodec.training.image import ImageTraining, PictureObjective
from vqcodec.training.stages import Stages
from vqcodec.training.start import start_linear_path

HELD_OUT = 50
LAMBDAS = (0.001, 0.004, 0.016)
NOISE_SHARE = 0.7  # of the steps


def settings(planes: int = 48, dimension: int = 4, **changes: object) -> ImageTraining:
    """The bundled model's settings at three rate points, with another product quantizer or other `changes`."""
    rates = len(LAMBDAS)
    autoencoder = AutoencoderConfig(latent_channels=planes * dimension, rates=rates)
    quantizer = QuantizerConfig(planes=planes, dimension=dimension, rates=rates)
    base = ImageTraining(autoencoder, quantizer, PriorConfig((planes,), (1,)), lambdas=LAMBDAS)
    return replace(base, **changes)  # type: ignore[arg-type]


def with_linear_path() -> ImageTraining:
    """A linear transform beside the networks."""
    base = settings()
    return replace(base, autoencoder=replace(base.autoencoder, linear_path=True))


FROM_CODES = CodesStage(encoder_rate=5e-3, decoder_rate=5e-3)
TRIALS = {
    "noise, then product VQ of 4 channels": settings(),
    "the same with the linear path": with_linear_path(),
    "noise, then product VQ of 2 channels": settings(planes=96, dimension=2),
    "noise, then product VQ of 8 channels": settings(planes=24, dimension=8),
    "codes from the start, with the rate term": settings(noise=None, codes=FROM_CODES),
    "codes from the start, uniform prior (the paper)": settings(noise=None, codes=replace(FROM_CODES, lambda_=0.0)),
}


@torch.no_grad()
def measure(trained: Stages, pictures: list[NDArray[np.uint8]]) -> list[tuple[float, float]]:
    """Mean bits per pixel and PSNR of every rate point."""
    points = []
    for rate in range(len(trained.lambdas)):
        point = torch.tensor([rate])
        figures = []
        for picture in pictures:
            x = crops_to_tensor(whole_positions(picture, trained.settings.autoencoder.stride)[None])
            indices = trained.quantizer.assign(trained.encoder(x), point, trained.settings.codes.lambda_)
            location = trained.decoder(trained.quantizer.look_up(indices, point), point)[0].clamp(-0.5, 0.5)
            bits = trained.quantizer.code_bits[rate].gather(1, indices[0].flatten(1)).sum().item()
            mse = (location - x).square().mean().item()
            figures.append((bits / x[0, 0].numel(), -10 * math.log10(mse)))
        points.append(tuple(np.mean(figures, axis=0).tolist()))
    return points


def whole_positions(picture: NDArray[np.uint8], stride: int, most: int = 512) -> NDArray[np.uint8]:
    """The upper left part of a picture, at most `most` pixels wide, that is a multiple of the stride."""
    height, width = (min(extent, most) // stride * stride for extent in picture.shape[:2])
    return np.ascontiguousarray(picture[:height, :width])


def run(name: str, steps: int, pictures: list[NDArray[np.uint8]]) -> dict[str, object]:
    """Train and measure one trial."""
    chosen = TRIALS[name]
    noise_steps = round(steps * NOISE_SHARE) if chosen.noise else 0
    began = time.monotonic()
    training = [p for number, p in enumerate(pictures) if number % HELD_OUT]
    with TemporaryDirectory() as folder:
        torch.manual_seed(chosen.seed)
        encoder, decoder = Encoder(chosen.autoencoder), Decoder(chosen.autoencoder)
        likelihood = LikelihoodHead(chosen.autoencoder)
        trained = Stages(chosen, encoder, decoder, likelihood, PictureObjective(), Path(folder))
        crops = random_crops(training, chosen.codes.batch, chosen.codes.crop, np.random.default_rng(chosen.seed))
        start_linear_path(encoder, decoder, chosen.autoencoder, crops)
        if chosen.noise:
            trained.noise(crops, replace(chosen.noise, steps=noise_steps))
        trained.codebooks(crops)
        trained.codes(crops, replace(chosen.codes, steps=steps - noise_steps))
    minutes = round((time.monotonic() - began) / 60, 1)
    points = measure(trained, pictures[::HELD_OUT])
    return {"trial": name, "minutes": minutes, "steps": [noise_steps, steps - noise_steps], "points": points}


def table(results: list[dict[str, object]]) -> str:
    """All results, as Markdown."""
    rows = []
    for result in results:
        points = [f"{bpp:.3f} / {psnr:.2f}" for bpp, psnr in result["points"]]  # type: ignore[attr-defined]
        steps = " + ".join(map(str, result["steps"]))  # type: ignore[call-overload]
        rows.append([str(result["trial"]), str(result["minutes"]), steps, *points])
    return markdown_table(["trial", "minutes", "steps", *(f"lambda {value:g}" for value in LAMBDAS)], rows)


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path, help="folder of pictures")
    parser.add_argument("--trials", nargs="+", default=list(TRIALS), help=f"which, of: {'; '.join(TRIALS)}")
    parser.add_argument("--steps", type=int, default=800, help="of a trial, of both stages (default: 800)")
    parser.add_argument("--out", type=Path, required=True, help="folder for trials.jsonl and the decoded pictures")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.trials if name not in TRIALS]
    if unknown:
        parser.error(f"no trial {unknown[0]!r}")
    pictures = PictureCache(arguments.pictures, arguments.out / "cache").pictures
    log = arguments.out / "trials.jsonl"
    for name in arguments.trials:
        result = run(name, arguments.steps, pictures)
        with log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(result) + "\n")
    print(table([json.loads(line) for line in log.read_text("utf-8").splitlines()]))


if __name__ == "__main__":
    main()
