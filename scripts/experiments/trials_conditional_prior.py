"""Is a transform that is trained under a conditional prior better than one that gets such a prior afterwards?

    python -m scripts.experiments.trials_conditional_prior PICTURES --out FOLDER [--steps 1500] [--fit 400]
        [--trials NAME ...]

Networks of `trials_networks` are trained under noise on all pictures but every 50th: under the factorized prior to
the end, or under the conditional one after a third of the steps. Then the networks rest, and a conditional prior is
fitted to both for `--fit` steps. Measured on the pictures held out: mean weighted loss of the rate points, with the
bits of the factorized and of the conditional prior. Results are added to FOLDER/trials.jsonl, and a table of all
that is there is printed as Markdown.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from scripts.command_line import run_script
from scripts.experiments.conditional_prior import ConditionalPrior
from scripts.experiments.trials import Pictures, Result, run_in, run_trials, trials_parser, with_held_out
from scripts.experiments.trials_networks import GOAL, LIGHT, measure
from vqcodec.evaluation.report.text import markdown_table
from vqcodec.training.data.picture_crops import PictureCrops
from vqcodec.training.engine.optimizer import NetworkOptimizer, Schedule, kernels_of, others_of
from vqcodec.training.engine.run import Run
from vqcodec.training.factorized_prior import FactorizedPrior
from vqcodec.training.networks.image import Decoder, Encoder
from vqcodec.training.stages.noise import NoiseStage
from vqcodec.training.stages.start import start_linear_path

# The share of the steps after which the conditional prior takes over.
TRIALS = {"the factorized prior": 1.0, "the conditional one": 1 / 3}
SLICES = (16, 32, 48, 96)


class Trial:
    """Networks, and both priors, which share the widths of the noise."""

    def __init__(self, pictures: Pictures, stage: NoiseStage, run: Run) -> None:
        self.crops, self.stage, self.run = PictureCrops(pictures, stage.crop, run.machine.device), stage, run
        run.seed_networks("networks")
        self.encoder, self.decoder = Encoder(LIGHT), Decoder(LIGHT)
        self.factorized = FactorizedPrior(LIGHT.latent_channels, LIGHT.rate_points)
        self.conditional = ConditionalPrior(self.factorized, SLICES, run.machine)
        start_linear_path(self.encoder, self.decoder, LIGHT, run.batches(self.crops, "start", stage.batch))

    def loss(self, prior: nn.Module, purpose: str, step: int) -> Tensor:
        """Weighted loss of the batch of a step."""
        draws = self.run.draws(purpose, step, self.stage.batch)
        x = self.crops(draws)
        rate = draws.rate_points(len(GOAL.lambdas), x)
        with self.run.machine.autocast():
            z = self.encoder(x)
        noisy, bits = prior(z.float(), rate, draws.noise(z))
        with self.run.machine.autocast():
            location, _ = self.decoder(noisy, rate)
        bpp = bits.sum((1, 2, 3)) / x[0, 0].numel()
        loss: Tensor = GOAL.weights[rate] * (GOAL.lambdas[rate] * GOAL.objective.distortion(x, location) + bpp)
        return loss.mean()

    def optimizer(self, steps: int, networks: tuple[nn.Module, ...]) -> NetworkOptimizer:
        """Of networks and the conditional prior; the factorized one has a rate of its own."""
        own = set(map(id, self.factorized.parameters()))
        rate, schedule = self.stage.kernel_learning_rate, Schedule(steps, constant=self.stage.constant)
        kernels = [p for p in kernels_of(*networks, self.conditional) if id(p) not in own]
        others = [p for p in others_of(*networks, self.conditional) if id(p) not in own]
        priors = [(list(self.factorized.parameters()), 2e-2)] if networks else []
        return NetworkOptimizer([(kernels, rate)], [(others, 1e-3), *priors], schedule)

    def train(self, steps: int, begin: int) -> None:
        """Everything; under the conditional prior from step `begin` on."""
        optimizer = self.optimizer(steps, (self.encoder, self.decoder))
        for step in range(steps):
            if step == begin:
                self.start_conditional()
            prior = self.conditional if step >= begin else self.factorized
            optimizer.step(self.loss(prior, "train", step), step)
        if begin >= steps:
            self.start_conditional()

    def fit(self, steps: int) -> None:
        """The conditional prior alone."""
        optimizer = self.optimizer(steps, ())
        for step in range(steps):
            optimizer.step(self.loss(self.conditional, "fit", step), step)

    @torch.no_grad()
    def start_conditional(self) -> None:
        """Tell the conditional prior how large the latents are."""
        self.conditional.start(self.encoder(next(self.run.batches(self.crops, "spread", self.stage.batch))))


def run(name: str, steps: int, fit: int, pictures: Pictures, held_out: Pictures) -> Result:
    """Train and measure one trial."""
    began = time.process_time()
    trial = Trial(pictures, NoiseStage(), run_in(Path()))  # it writes nothing
    trial.train(steps, round(TRIALS[name] * steps))
    trial.fit(fit)
    minutes = round((time.process_time() - began) / 60, 1)
    priors = (trial.factorized, trial.conditional)
    points = [measure(trial.encoder, trial.decoder, prior, held_out, trial.run.machine) for prior in priors]
    return {"minutes": minutes, "steps": [steps, fit], "points": points}


def table(results: list[Result]) -> str:
    """All results, as Markdown."""
    rows = []
    for result in results:
        losses = [f"{np.mean([loss for *_, loss in points]):.4f}" for points in result["points"]]
        rows.append([result["trial"], str(result["minutes"]), " + ".join(map(str, result["steps"])), *losses])
    return markdown_table(["trained under", "CPU minutes", "steps", "loss, factorized", "loss, conditional"], rows)


def main() -> None:
    """See the module."""
    parser = trials_parser(__doc__, TRIALS, steps=1500)
    parser.add_argument("pictures", type=Path, help="folder of pictures")
    parser.add_argument("--fit", type=int, default=400, help="steps of the conditional prior alone (default: 400)")
    arguments = parser.parse_args()
    pictures = with_held_out(arguments.pictures, arguments.out / "cache")
    print(table(run_trials(arguments, lambda name: run(name, arguments.steps, arguments.fit, *pictures))))


if __name__ == "__main__":
    run_script(main)
