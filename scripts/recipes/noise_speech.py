"""How a model for sound stands in its first stage of training, under noise instead of quantization.

    python -m scripts.recipes.noise_speech MODEL.training/noise.safetensors SOUNDS [--recipe NAME]

For every rate point: kbit/s under the factorized prior, the distance that is trained for, PESQ-WB and STOI, means
over the first 8 seconds of each recording; and how many channels carry more than 0.1 bit a frame. SOUNDS should not be
those of the training. Prints Markdown.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from scripts.command_line import add_settings, parser_of, run_script
from scripts.recipes.judged_sounds import Decoded, first_seconds, judge
from vqcodec.evaluation.report.text import markdown_table
from vqcodec.training.audio import AudioTraining, SoundObjective
from vqcodec.training.data.sounds import SoundCache
from vqcodec.training.engine.checkpoint import load_modules
from vqcodec.training.engine.config import load_config
from vqcodec.training.factorized_prior import FactorizedPrior
from vqcodec.training.networks.audio import Decoder, Encoder


@torch.inference_mode()
def main() -> None:
    """See the module."""
    parser = parser_of(__doc__)
    parser.add_argument("checkpoint", type=Path, help="noise.safetensors of a training folder")
    parser.add_argument("sounds", type=Path, help="folder of recordings")
    add_settings(parser, "audio")
    arguments = parser.parse_args()
    settings = load_config(arguments.config, AudioTraining)
    shape = settings.autoencoder
    encoder, decoder = Encoder(shape), Decoder(shape)
    factorized_prior = FactorizedPrior(shape.latent_channels, shape.rate_points)
    load_modules(arguments.checkpoint, {"encoder": encoder, "decoder": decoder, "density": factorized_prior})
    objective, rate = SoundObjective(shape.sample_rate), shape.sample_rate
    sounds = SoundCache(arguments.sounds, arguments.checkpoint.parent / "judged", rate).sounds
    originals = first_seconds(sounds, rate, shape.stride)
    rows, of_channels = [], []

    def decode(x: Tensor, point: int) -> Decoded:
        z = encoder(x)
        noisy, cost = factorized_prior(z, torch.tensor([point]), torch.rand_like(z) - 0.5)
        location, _ = decoder(noisy, torch.tensor([point]))
        of_channels.append(cost.mean((0, 2, 3)))
        return Decoded(location, (cost.sum().item(),))

    for point in tqdm(range(shape.rate_points), desc="rate points", disable=None):
        torch.manual_seed(0)
        of_channels.clear()
        judged = judge(originals, partial(decode, point=point), objective)
        alive = int((torch.stack(of_channels).mean(0) > 0.1).sum())
        scores = [f"{judged.distance:.4f}", f"{judged.pesq:.2f}", f"{judged.stoi:.3f}"]
        rows.append([str(point), f"{judged.kbps[0]:.2f}", *scores, str(alive)])
    print(markdown_table(["rate point", "kbit/s", "distance", "PESQ-WB", "STOI", "channels in use"], rows))


if __name__ == "__main__":
    run_script(main)
