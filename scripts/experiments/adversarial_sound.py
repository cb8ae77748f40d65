"""Does an adversarial phase pay? A decoder for sound fine-tuned with and without one, for equal numbers of steps.

    python -m scripts.experiments.adversarial_sound MODEL SOUNDS HELD_OUT --out FOLDER [--steps 400]

Encoder and codebooks of MODEL, a name or a file, stay as they are, so that files keep their meaning; the decoder learns
from the hard codes of the recordings of SOUNDS, at rate points drawn at random. Each is measured on the first 8 seconds
of each of HELD_OUT, at three rate points: PESQ-WB, STOI, ViSQOL and the distance that is trained for. The models are
written to FOLDER, to listen to. Prints Markdown.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from scripts.command_line import parser_of, run_script
from scripts.experiments.discriminators import (
    Discriminators,
    balanced,
    discriminator_loss,
    feature_distance,
    generator_loss,
)
from scripts.experiments.trials import run_in
from scripts.recipes.judged_sounds import Decoded, first_seconds, judge
from vqcodec.codec.audio import AudioCodec
from vqcodec.evaluation.report.text import markdown_table
from vqcodec.model.bundled import find_model
from vqcodec.model.model import Model, load_model
from vqcodec.training.audio import SoundObjective
from vqcodec.training.data.sound_cuts import SoundCuts
from vqcodec.training.data.sounds import SoundCache
from vqcodec.training.engine.optimizer import NetworkOptimizer, Schedule, kernels_of, others_of
from vqcodec.training.engine.run import Crops, Run
from vqcodec.training.networks.audio import Decoder, Encoder
from vqcodec.training.quantizer import ProductQuantizer, QuantizerConfig
from vqcodec.training.stages.codes import CodesStage
from vqcodec.transform.codebooks import Codebooks
from vqcodec.transform.torch_networks import state_of

BATCH, CROP = 16, 64  # of items, and frames
LAMBDA = CodesStage().lambda_
JUDGED = 3  # rate points
KERNEL_RATE, OTHER_RATE = 1e-3, 2e-4
WARMUP = 60  # steps in which the discriminators learn and the decoder does not yet hear them
DISCRIMINATOR_RATE, BETAS = 5e-4, (0.8, 0.9)


@dataclass(frozen=True)
class Weights:
    """Norms of the gradients at the samples, beside 1 for that of the distance.

    Attributes:
        adversarial: of the discriminators' scores.
        features: of feature matching.
    """

    adversarial: float = 0.0
    features: float = 0.0


TRIALS = {
    "distance only": Weights(),
    "distance and discriminators": Weights(adversarial=0.5, features=1.0),
}


class Codec:
    """The networks of a model and its codebooks, for batches."""

    def __init__(self, model: Model) -> None:
        self.model, self.shape = model, AudioCodec(model).networks.shape
        self.encoder, self.decoder = Encoder(self.shape), Decoder(self.shape)
        self.encoder.load_state_dict(state_of(model.networks, "encoder"))
        self.decoder.load_state_dict(state_of(model.networks, "decoder"))
        self.quantizer = quantizer_of(model.codebooks)

    def decode(self, x: Tensor, rate: int) -> Decoded:
        """A recording `[1, 1, N]` at a rate point."""
        point = torch.tensor([rate])
        indices = self.quantizer.assign(self.encoder(x), point, LAMBDA)
        location, _ = self.decoder(self.quantizer.look_up(indices, point), point)
        bits = self.quantizer.code_bits[rate].gather(1, indices[0].flatten(1)).sum().item()
        return Decoded(location, (bits,))

    def trained_model(self) -> Model:
        """The model with this decoder; the normative part stays."""
        weights = {f"decoder/{name}": value.numpy() for name, value in self.decoder.state_dict().items()}
        return replace(self.model, networks={**self.model.networks, **weights})


def quantizer_of(codebooks: Codebooks) -> ProductQuantizer:
    """The trainable quantizer with the codebooks of a model."""
    rate_points, planes, alphabet, dimension = codebooks.codewords.shape
    quantizer = ProductQuantizer(QuantizerConfig(planes, dimension, alphabet, rate_points)).eval()
    quantizer.codebooks.data.copy_(torch.from_numpy(codebooks.codewords))
    quantizer.metric.copy_(torch.from_numpy(codebooks.metric))
    quantizer.code_bits.copy_(torch.from_numpy(codebooks.code_bits))
    quantizer.alive.copy_(torch.arange(alphabet) < torch.from_numpy(codebooks.sizes)[:, :, None])
    return quantizer


class FineTuning:
    """Trains the decoder of a codec in place.

    Args:
        codec: whose decoder it is.
        cuts: of recordings.
        steps: how many there are.
        weights: of what the decoder learns from, besides the distance.
        run: of which it is a part.
    """

    def __init__(self, codec: Codec, cuts: Crops, steps: int, weights: Weights, run: Run) -> None:
        self.codec, self.cuts, self.weights, self.run = codec, cuts, weights, run
        self.decoder = codec.decoder.train().requires_grad_()  # a codec's networks have no gradients
        self.objective = SoundObjective(codec.shape.sample_rate)
        kernels, others = [(kernels_of(self.decoder), KERNEL_RATE)], [(others_of(self.decoder), OTHER_RATE)]
        self.optimizer = NetworkOptimizer(kernels, others, Schedule(steps, warmup=20))
        run.seed_networks("discriminators")
        self.discriminators = Discriminators(run.machine)
        self.critic = torch.optim.AdamW(self.discriminators.parameters(), DISCRIMINATOR_RATE, BETAS)

    def step(self, number: int) -> dict[str, float]:
        """Take a step and return its losses."""
        draws = self.run.draws("decoder", number, BATCH)
        x = self.cuts(draws)
        rate = draws.rate_points(self.codec.shape.rate_points, x)
        with torch.no_grad(), self.run.machine.autocast():
            z = self.codec.encoder(x)
        z_q = self.codec.quantizer.look_up(self.codec.quantizer.assign(z.float(), rate, LAMBDA), rate).detach()
        with self.run.machine.autocast():
            location, _ = self.decoder(z_q, rate)
        distance = self.objective.distortion(x, location).mean()
        losses, figures = [(distance, 1.0)], {"distance": distance.item()}
        if self.weights != Weights():
            figures["discriminators"] = self._teach(x, location.detach())
            if number >= WARMUP:
                losses += self._heard(x, location)
        self.optimizer.step(balanced(location, losses), number)
        return figures

    def _teach(self, x: Tensor, location: Tensor) -> float:
        """Let the discriminators learn to tell what is decoded from originals."""
        loss = discriminator_loss(self.discriminators(x), self.discriminators(location))
        self.critic.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.critic.step()
        return loss.item()

    def _heard(self, x: Tensor, location: Tensor) -> list[tuple[Tensor, float]]:
        """Losses of what is decoded by what the discriminators make of it, and their weights."""
        with torch.no_grad():
            real = self.discriminators(x)
        decoded = self.discriminators(location)
        return [
            (generator_loss(decoded), self.weights.adversarial),
            (feature_distance(real, decoded), self.weights.features),
        ]


def main() -> None:
    """See the module."""
    parser = parser_of(__doc__)
    parser.add_argument("model", help="name of a bundled model, or a model file")
    parser.add_argument("sounds", type=Path, help="folder of recordings to train on")
    parser.add_argument("held_out", type=Path, help="folder of recordings to measure on")
    parser.add_argument("--steps", type=int, default=400, help="of each trial (default: 400)")
    parser.add_argument("--out", type=Path, required=True, help="folder for the models and the decoded recordings")
    arguments = parser.parse_args()
    model = load_model(find_model(arguments.model))
    start = Codec(model)
    rate, stride = start.shape.sample_rate, start.shape.stride
    sounds = SoundCache(arguments.sounds, arguments.out / "cache", rate).sounds
    held_out = first_seconds(SoundCache(arguments.held_out, arguments.out / "judged", rate).sounds, rate, stride)
    rows = rows_of("start", 0.0, start, held_out)
    for name, weights in TRIALS.items():
        codec, began, run = Codec(model), time.process_time(), run_in(arguments.out)
        cuts = SoundCuts(sounds, CROP * stride, run.machine.device)
        tuning = FineTuning(codec, cuts, arguments.steps, weights, run)
        bar = tqdm(range(arguments.steps), name, disable=None)
        for number in bar:
            bar.set_postfix(tuning.step(number))
        codec.decoder.eval()
        rows += rows_of(name, (time.process_time() - began) / 60, codec, held_out)
        codec.trained_model().save(arguments.out / f"{name.replace(' ', '-')}.safetensors")
    scores = ["kbit/s, order 0", "distance", "PESQ-WB", "STOI", "ViSQOL"]
    print(markdown_table(["decoder", "CPU minutes", "rate point", *scores], rows))


def rows_of(name: str, minutes: float, codec: Codec, held_out: list[Tensor]) -> list[list[str]]:
    """The rows of the table for a decoder."""
    objective, rows = SoundObjective(codec.shape.sample_rate), []
    points = range(codec.shape.rate_points)[:: -max(1, codec.shape.rate_points // JUDGED)][:JUDGED]
    for rate in reversed(points):
        judged = judge(held_out, partial(codec.decode, rate=rate), objective, visqol=True)
        scores = [f"{judged.pesq:.2f}", f"{judged.stoi:.3f}", f"{judged.visqol:.2f}"]
        rows.append([name, f"{minutes:.1f}", str(rate), f"{judged.kbps[0]:.2f}", f"{judged.distance:.4f}", *scores])
    return rows


if __name__ == "__main__":
    run_script(main)
