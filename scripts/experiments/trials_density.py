"""Is a transform that is trained under a conditional density better than one that gets such a density afterwards?

    python -m scripts.experiments.trials_density PICTURES --out FOLDER [--steps 1500] [--begin 500] [--fit 400]

Networks of `trials_networks.py` are trained under noise on all pictures but every 50th: under the factorized density
to the end, or from step `--begin` on under the conditional one. Then the networks rest, and a conditional density is
fitted to both for `--fit` steps. Measured on the pictures held out: mean weighted loss of the rate points, with the
bits of the factorized and of the conditional density. Prints Markdown.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from trials import HELD_OUT

from scripts.command_line import parser_of, run_script
from scripts.experiments.conditional_density import ConditionalDensity
from scripts.experiments.trials_networks import LAMBDAS, LIGHT, measure
from vqcodec.evaluation.report.text import markdown_table
from vqcodec.training.data.pictures import PictureCache, random_crops
from vqcodec.training.engine.optimizer import NetworkOptimizer, Schedule, kernels_of, others_of
from vqcodec.training.factorized_prior import NoiseDensity
from vqcodec.training.image import PictureObjective
from vqcodec.training.stages.noise import NoiseStage, rate_weights
from vqcodec.training.stages.start import start_linear_path
from vqcodec.transform.image.autoencoder import Decoder, Encoder

SLICES = (16, 32, 48, 96)
OBJECTIVE = PictureObjective()


class Trial:
    """Networks, and both densities, which share the widths of the noise."""

    def __init__(self, crops: Iterator[Tensor], stage: NoiseStage) -> None:
        self.crops, self.stage, self.lambdas = crops, stage, torch.tensor(LAMBDAS)
        self.weights = rate_weights(self.lambdas)
        self.encoder, self.decoder = Encoder(LIGHT), Decoder(LIGHT)
        self.factorized = NoiseDensity(LIGHT.latent_channels, LIGHT.rates)
        self.conditional = ConditionalDensity(self.factorized, SLICES)
        start_linear_path(self.encoder, self.decoder, LIGHT, crops)

    def loss(self, density: nn.Module) -> Tensor:
        """Weighted loss of a batch."""
        x = next(self.crops)
        rate = torch.randint(len(LAMBDAS), (len(x),))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            z = self.encoder(x)
        noisy, bits = density(z.float(), rate)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            location, _ = self.decoder(noisy, rate)
        bpp = bits.sum((1, 2, 3)) / x[0, 0].numel()
        loss: Tensor = self.weights[rate] * (self.lambdas[rate] * OBJECTIVE.distortion(x, location) + bpp)
        return loss.mean()

    def optimizer(self, steps: int, networks: tuple[nn.Module, ...]) -> NetworkOptimizer:
        """Of networks and the conditional density; the factorized one has a rate of its own."""
        own = set(map(id, self.factorized.parameters()))
        rate, schedule = self.stage.kernel_learning_rate, Schedule(steps, constant=self.stage.constant)
        kernels = [p for p in kernels_of(*networks, self.conditional) if id(p) not in own]
        others = [p for p in others_of(*networks, self.conditional) if id(p) not in own]
        densities = [(list(self.factorized.parameters()), 2e-2)] if networks else []
        return NetworkOptimizer([(kernels, rate)], [(others, 1e-3), *densities], schedule)

    def train(self, steps: int, begin: int) -> None:
        """Everything; under the conditional density from step `begin` on."""
        optimizer = self.optimizer(steps, (self.encoder, self.decoder))
        for step in range(steps):
            if step == begin:
                self.start_conditional()
            optimizer.step(self.loss(self.conditional if step >= begin else self.factorized), step)
        if begin >= steps:
            self.start_conditional()

    def fit(self, steps: int) -> None:
        """The conditional density alone."""
        optimizer = self.optimizer(steps, ())
        for step in range(steps):
            optimizer.step(self.loss(self.conditional), step)

    @torch.no_grad()
    def start_conditional(self) -> None:
        """Tell the conditional density how large the latents are."""
        self.conditional.start(self.encoder(next(self.crops)))


def main() -> None:
    """See the module."""
    parser = parser_of(__doc__)
    parser.add_argument("pictures", type=Path, help="folder of pictures")
    parser.add_argument("--steps", type=int, default=1500, help="of the networks (default: 1500)")
    parser.add_argument(
        "--begin", type=int, nargs="+", default=[1500, 500], help="where the conditional density begins"
    )
    parser.add_argument("--fit", type=int, default=400, help="steps of the conditional density alone (default: 400)")
    parser.add_argument("--out", type=Path, required=True, help="folder for density.jsonl and the decoded pictures")
    arguments = parser.parse_args()
    pictures = PictureCache(arguments.pictures, arguments.out / "cache").pictures
    training = [p for number, p in enumerate(pictures) if number % HELD_OUT]
    log = arguments.out / "density.jsonl"
    for begin in arguments.begin:
        began = time.process_time()
        torch.manual_seed(0)
        trial = Trial(random_crops(training, 8, 160, np.random.default_rng(0)), NoiseStage())
        trial.train(arguments.steps, begin)
        trial.fit(arguments.fit)
        minutes = round((time.process_time() - began) / 60, 1)
        points = [
            measure(trial.encoder, trial.decoder, density, pictures[::HELD_OUT])
            for density in (trial.factorized, trial.conditional)
        ]
        with log.open("a", encoding="utf-8") as file:
            file.write(
                json.dumps({"begin": begin, "steps": arguments.steps, "minutes": minutes, "points": points}) + "\n"
            )
    rows = []
    for result in map(json.loads, log.read_text("utf-8").splitlines()):
        losses = [f"{np.mean([loss for *_, loss in points]):.4f}" for points in result["points"]]
        rows.append([str(result["begin"]), str(result["steps"]), str(result["minutes"]), *losses])
    print(markdown_table(["conditional from step", "of", "CPU minutes", "loss, factorized", "conditional"], rows))


if __name__ == "__main__":
    run_script(main)
