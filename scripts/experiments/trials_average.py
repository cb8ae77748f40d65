"""Do averages of the weights pay? The noise stage, measured with its weights and with moving averages of them.

    python -m scripts.experiments.trials_average PICTURES --out FOLDER [--recipe quick] [--steps 1200]

Averages are exponential (Polyak and Juditsky, 1992). At each quarter of the steps, weights and averages are measured on
what is held out: the loss, a mean over all rate points. Prints Markdown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from scripts.command_line import parser_of, run_script
from vqcodec.evaluation.report.text import markdown_table
from vqcodec.training.data.originals import split
from vqcodec.training.data.picture_crops import PictureCrops, central_crops
from vqcodec.training.data.pictures import PictureCache
from vqcodec.training.engine.config import load_config
from vqcodec.training.engine.hardware import ANY
from vqcodec.training.engine.machine import Machine, launch
from vqcodec.training.engine.run import Run
from vqcodec.training.factorized_prior import FactorizedPrior
from vqcodec.training.image import ImageTraining, PictureObjective
from vqcodec.training.networks.image import Decoder, Encoder
from vqcodec.training.recipes import find_recipe
from vqcodec.training.stages.noise import NoiseTraining
from vqcodec.training.stages.objective import Goal, StageData
from vqcodec.training.stages.start import start_linear_path

DECAYS = (0.99, 0.997, 0.999)


class Averages:
    """Moving averages of the parameters of a stage, one for each decay."""

    def __init__(self, training: NoiseTraining) -> None:
        self.parameters = [p for module in training.modules.values() for p in module.parameters()]
        self.means = {decay: [p.detach().clone() for p in self.parameters] for decay in DECAYS}

    @torch.no_grad()
    def follow(self) -> None:
        """Take up the parameters after a step."""
        for decay, means in self.means.items():
            torch._foreach_lerp_(means, [p.data for p in self.parameters], 1 - decay)

    @torch.no_grad()
    def losses(self, training: NoiseTraining) -> list[float]:
        """Held out, with the parameters and with each of their averages."""
        kept = [p.detach().clone() for p in self.parameters]
        found = []
        for weights in (kept, *self.means.values()):
            self._put(weights)
            found.append(training.evaluate()["loss"])
        self._put(kept)
        return found

    def _put(self, weights: list[Tensor]) -> None:
        for parameter, value in zip(self.parameters, weights, strict=True):
            parameter.copy_(value)


def measure(machine: Machine, settings: ImageTraining, folder: Path, out: Path) -> None:
    """Train, and print the table."""
    assert settings.noise is not None
    run, shape, stage = Run(machine, out, settings.seed), settings.autoencoder, settings.noise
    cache = PictureCache(folder, out / "cache")
    held_out, others = split(len(cache), settings.held_out, settings.seed)
    crops = partial(PictureCrops, [cache.pictures[number] for number in others], stage.crop)
    judged = central_crops([cache.pictures[number] for number in held_out], shape.stride, stage.crop)
    data = StageData(crops(machine.device), judged)
    run.seed_networks("networks")
    encoder, decoder = Encoder(shape), Decoder(shape)
    factorized_prior = FactorizedPrior(shape.latent_channels, shape.rate_points)
    start_linear_path(encoder, decoder, shape, run.batches(crops(torch.device("cpu")), "start", stage.batch))
    goal = Goal(PictureObjective(settings.distortion), torch.tensor(settings.lambdas))
    training = NoiseTraining(encoder, decoder, factorized_prior, goal, data, stage, run)
    rows = [[str(step), *(f"{loss:.4f}" for loss in losses)] for step, losses in quarters(training)]
    print(markdown_table(["steps", "weights", *(f"average, {decay}" for decay in DECAYS)], rows))


def quarters(training: NoiseTraining) -> Iterator[tuple[int, list[float]]]:
    """Train; the steps taken and the losses after each quarter."""
    averages = Averages(training)
    for number in tqdm(range(training.steps), disable=None):
        training.step(number)
        averages.follow()
        if (number + 1) % (training.steps // 4) == 0:
            yield number + 1, averages.losses(training)


def main() -> None:
    """See the module."""
    parser = parser_of(__doc__)
    parser.add_argument("pictures", type=Path, help="folder of pictures")
    parser.add_argument("--recipe", default="quick", help="settings (default: quick)")
    parser.add_argument("--steps", type=int, default=1200, help="of the noise stage (default: 1200)")
    parser.add_argument("--out", type=Path, required=True, help="folder for the decoded pictures")
    arguments = parser.parse_args()
    settings = load_config(find_recipe("image", arguments.recipe), ImageTraining)
    assert settings.noise is not None
    settings = replace(settings, noise=replace(settings.noise, steps=arguments.steps))
    launch(lambda machine: measure(machine, settings, arguments.pictures, arguments.out), ANY)


if __name__ == "__main__":
    run_script(main)
