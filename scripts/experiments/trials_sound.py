"""Short trials of quantizers for sound, of equal numbers of steps on the same cuts: a table of docs/runs.

    python -m scripts.experiments.trials_sound SOUNDS HELD_OUT --out FOLDER [--steps 700] [--trials NAME ...]

Each trial trains a model from scratch on the recordings of SOUNDS, and is measured on the first 8 seconds of each of
HELD_OUT, at every rate point: kbit/s with order-0 code lengths, before any prior, and with log2 K bits a code (of the
product quantizer K is the number of living codes), the distance that is trained for, PESQ-WB and STOI. Results are
added to FOLDER/trials.jsonl, and a table of all that is there is printed as Markdown.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from scripts.command_line import run_script
from scripts.experiments.residual import ResidualQuantizer, divide_latents
from scripts.experiments.residual_stage import ResidualStage, ResidualTraining, train_residual
from scripts.experiments.trials import Result, run_in, run_trials, trials_parser
from scripts.recipes.judged_sounds import Decoded, Judged, first_seconds, judge
from vqcodec.evaluation.report.text import markdown_table
from vqcodec.training.audio import AudioTraining, SoundObjective
from vqcodec.training.data.sound_cuts import SoundCuts, central_cuts
from vqcodec.training.data.sounds import SoundCache
from vqcodec.training.networks.audio import Decoder, Encoder, LikelihoodHead
from vqcodec.training.quantizer import QuantizerConfig
from vqcodec.training.stages.noise import NoiseStage
from vqcodec.training.stages.objective import StageData
from vqcodec.training.stages.sequence import Stages, TrainingData
from vqcodec.training.stages.start import spread_latents
from vqcodec.transform.audio.config import AutoencoderConfig

LAMBDAS = (1.5, 5.8, 22.0, 85.0)  # of the rate points of noise and product quantizer
STAGES = (1, 2, 4, 8)  # of those of the residual quantizer
NOISE_SHARE = 0.7  # of the steps
JUDGED = 16  # recordings by which a training keeps its weights
SETTINGS = AudioTraining(
    autoencoder=AutoencoderConfig(rate_points=len(LAMBDAS)),
    quantizer=QuantizerConfig(planes=24, rate_points=len(LAMBDAS)),
    lambdas=LAMBDAS,
)


class Coder(Protocol):
    """What a trained model makes of a recording `[1, 1, N]` at a rate point."""

    def __call__(self, x: Tensor, rate: int) -> Decoded: ...


@dataclass(frozen=True)
class Trial:
    """Which quantizer, and whether noise comes before it.

    Attributes:
        noise: for NOISE_SHARE of the steps.
        residual: settings of residual codes; None for the product quantizer.
    """

    noise: bool
    residual: ResidualStage | None = None


# After noise at the rates that the product quantizer has: from the start, they would be too low.
TRIALS = {
    "noise, then product VQ": Trial(noise=True),
    "residual VQ from the start": Trial(noise=False, residual=ResidualStage()),
    "noise, then residual VQ": Trial(
        noise=True, residual=ResidualStage(encoder_learning_rate=3e-4, decoder_learning_rate=2e-3)
    ),
}


def sound_data(sounds: list[NDArray[np.int16]]) -> TrainingData:
    """Recordings to train on. Weights are kept by some of these, as a trial is measured on others."""
    stride = SETTINGS.autoencoder.stride
    return TrainingData(
        crops=lambda frames, device: SoundCuts(sounds, frames * stride, device),
        held_out=lambda frames: central_cuts(sounds[:JUDGED], frames * stride),
        digest="",
    )


def train_product(stages: Stages) -> Coder:
    """The stages of the bundled model, after that of noise."""
    stages.codebooks()
    stages.codes()
    quantizer = stages.quantizer.eval()
    fixed = quantizer.alive.sum(-1).log2().sum(-1)  # bits of a frame at each rate point

    def code(x: Tensor, rate: int) -> Decoded:
        point = torch.tensor([rate])
        indices = quantizer.assign(stages.encoder(x), point, SETTINGS.codes.lambda_)
        location, _ = stages.decoder(quantizer.look_up(indices, point), point)
        order0 = quantizer.code_bits[rate].gather(1, indices[0].flatten(1)).sum().item()
        return Decoded(location, (order0, fixed[rate].item() * indices.shape[-1]))

    return code


def train_residual_codes(stages: Stages, stage: ResidualStage) -> Coder:
    """The same networks with a residual quantizer, from where they stand."""
    if stages.settings.noise:
        divide_latents(stages.encoder, stages.decoder, stages.factorized_prior.widths()[len(LAMBDAS) // 2])
    counts, encoder, decoder = torch.tensor(STAGES), stages.encoder, stages.decoder
    quantizer = ResidualQuantizer(SETTINGS.autoencoder.latent_channels, max(STAGES))
    data = StageData(stages.data.crops(stage.crop, stages.run.machine.device), stages.data.held_out(stage.crop))
    objective = stages.goal.objective
    train_residual(ResidualTraining(encoder, decoder, quantizer, counts, objective, data, stage, stages.run))

    def code(x: Tensor, rate: int) -> Decoded:
        point, used = torch.tensor([rate]), STAGES[rate]
        coded = quantizer(encoder(x), counts[point])
        location, _ = decoder(coded.z_q, point)
        order0 = quantizer.code_bits[:used].gather(1, coded.indices[0, :used])
        fixed = np.log2(quantizer.alphabet) * order0.numel()
        return Decoded(location, (order0.sum().item(), float(fixed)))

    return code


def run(name: str, steps: int, sounds: list[NDArray[np.int16]], held_out: list[Tensor]) -> Result:
    """Train and measure one trial."""
    trial, shape, objective = TRIALS[name], SETTINGS.autoencoder, SoundObjective(SETTINGS.autoencoder.sample_rate)
    noise_steps = round(steps * NOISE_SHARE) if trial.noise else 0
    code_steps = steps - noise_steps
    noise = replace(SETTINGS.noise or NoiseStage(), steps=noise_steps) if trial.noise else None
    settings = replace(SETTINGS, noise=noise, codes=replace(SETTINGS.codes, steps=code_steps))
    began = time.process_time()
    with TemporaryDirectory() as folder:
        training = run_in(Path(folder))
        training.seed_networks("networks")
        networks = Encoder(shape), Decoder(shape), LikelihoodHead(shape)
        stages = Stages(settings, *networks, objective, sound_data(sounds), training)
        spread_latents(stages.encoder, stages.batches("start"))
        if noise:
            stages.noise(noise)
        if trial.residual:
            code = train_residual_codes(stages, replace(trial.residual, steps=code_steps))
        else:
            code = train_product(stages)
    minutes = round((time.process_time() - began) / 60, 1)
    points = [judge(held_out, partial(code, rate=rate), objective) for rate in range(shape.rate_points)]
    return {"minutes": minutes, "steps": [noise_steps, code_steps], "points": [asdict(point) for point in points]}


def table(results: list[Result]) -> str:
    """All results, as Markdown."""
    rows = []
    for result in results:
        steps = " + ".join(map(str, result["steps"]))
        for number, point in enumerate(Judged(**point) for point in result["points"]):
            figures = [*(f"{kbps:.2f}" for kbps in point.kbps), f"{point.distance:.4f}"]
            figures += [f"{point.pesq:.2f}", f"{point.stoi:.3f}"]
            rows.append([result["trial"], f"{result['minutes']:.1f}", steps, str(number), *figures])
    scores = ["kbit/s, order 0", "kbit/s, fixed", "distance", "PESQ-WB", "STOI"]
    return markdown_table(["trial", "CPU minutes", "steps", "rate point", *scores], rows)


def main() -> None:
    """See the module."""
    parser = trials_parser(__doc__, TRIALS, steps=700)
    parser.add_argument("sounds", type=Path, help="folder of recordings to train on")
    parser.add_argument("held_out", type=Path, help="folder of recordings to measure on")
    arguments = parser.parse_args()
    rate, stride = SETTINGS.autoencoder.sample_rate, SETTINGS.autoencoder.stride
    sounds = SoundCache(arguments.sounds, arguments.out / "cache", rate).sounds
    judged = SoundCache(arguments.held_out, arguments.out / "judged", rate).sounds
    held_out = first_seconds(judged, rate, stride)
    print(table(run_trials(arguments, lambda name: run(name, arguments.steps, sounds, held_out))))


if __name__ == "__main__":
    run_script(main)
