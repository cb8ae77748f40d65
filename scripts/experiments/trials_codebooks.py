"""Codebooks of a trained model against others for the same latents: planes of two channels or four, small alphabets or
large ones.

    python -m scripts.experiments.trials_codebooks MODEL PICTURES [--positions 40000] [--planes 12] [--points 1,4,8]

Codebooks are fitted by the entropy-constrained Lloyd algorithm to latents of random crops of PICTURES, those of the
training, and compared on latents of other crops: means of some planes of four channels, the squared error in widths of
the noise (a uniform scalar quantizer has 1/12 a channel), bits at order 0, and the error plus lambda bits, which codes
are chosen for. Prints Markdown.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from bitstream import InputError
from scripts.command_line import parser_of, run_script
from scripts.experiments.trials import run_in
from vqcodec.codec.image import ImageCodec
from vqcodec.evaluation.report.text import markdown_table
from vqcodec.model.bundled import find_model
from vqcodec.model.model import Model, load_model
from vqcodec.training.data.picture_crops import PictureCrops
from vqcodec.training.data.pictures import PictureCache
from vqcodec.training.networks.image import Encoder
from vqcodec.training.stages.codebooks import collect_latents, lloyd
from vqcodec.transform.torch_networks import state_of

LAMBDA, ITERATIONS = 0.13, 24
TRIALS = {"2 x 2 channels, 256 codes": (2, 256), "4 channels, 256 codes": (4, 256), "4 channels, 1024 codes": (4, 1024)}
Figures = np.ndarray


def measured(vectors: Tensor, metric: Tensor, codewords: Tensor, bits: Tensor) -> Figures:
    """Mean squared error and bits of vectors `[N, D]`, and how many codes there are."""
    costs = ((codewords.square() * metric).sum(-1) + LAMBDA * bits) - 2 * (vectors * metric) @ codewords.T
    chosen = costs.argmin(-1)
    error = ((vectors - codewords[chosen]).square() * metric).sum(-1)
    return np.array([error.mean().item(), bits[chosen].mean().item(), len(codewords)])


def fitted(training: Tensor, test: Tensor, metric: Tensor, channels: int, alphabet: int) -> Figures:
    """The figures of a plane in parts of so many channels, each with codebooks of its own; strong channels apart."""
    total = np.zeros(3)
    for first in range(len(metric) // channels):
        part = [first, -1 - first] if channels == 2 else list(range(len(metric)))
        own, own_metric = training[:, part], metric[part]
        start = own[torch.randint(len(own), (alphabet,))]
        codewords, counts = lloyd(own, own_metric, start, LAMBDA, ITERATIONS)
        total += measured(test[:, part], own_metric, codewords, -torch.log2(counts / counts.sum()))
    return total


def latents_of(model: Model, folder: Path, positions: int) -> Tensor:
    """`[positions, P, D]`."""
    encoder = Encoder(ImageCodec(model).shape)
    encoder.load_state_dict(state_of(model.networks, "encoder"))
    with TemporaryDirectory() as cache:
        crops = PictureCrops(PictureCache(folder, Path(cache)).pictures, 256, torch.device("cpu"))
        latents = collect_latents(encoder, run_in(Path(cache)).batches(crops, "latents", 4), positions)
    return latents[0, :, :, 0].T.reshape(positions, *model.codebooks.metric.shape[1:])


def main() -> None:
    """See the module."""
    parser = parser_of(__doc__)
    parser.add_argument("model", help="a bundled model or a file, with planes of four channels")
    parser.add_argument("pictures", type=Path)
    parser.add_argument("--positions", type=int, default=40_000)
    parser.add_argument("--planes", type=int, default=12, help="how many, evenly spaced")
    parser.add_argument("--points", default="1,4,8", help="rate points")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    model = load_model(find_model(arguments.model))
    if model.codebooks.metric.shape[2] != 4:
        raise InputError("the model has no planes of four channels")
    latents = latents_of(model, arguments.pictures, 2 * arguments.positions)
    training, test = latents[: arguments.positions], latents[arguments.positions :]
    planes = np.linspace(0, latents.shape[1] - 1, arguments.planes).round().astype(int).tolist()
    rows = []
    for rate in map(int, arguments.points.split(",")):
        figures: dict[str, list[Figures]] = {name: [] for name in ("the model's", *TRIALS)}
        for plane in tqdm(planes, desc=f"rate point {rate}", disable=None):
            metric = torch.from_numpy(model.codebooks.metric[rate, plane])
            own = (torch.from_numpy(each(rate, plane)) for each in (model.codebooks.of, model.codebooks.order0_bits))
            figures["the model's"].append(measured(test[:, plane], metric, *own))
            for name, trial in TRIALS.items():
                figures[name].append(fitted(training[:, plane], test[:, plane], metric, *trial))
        for name, each in figures.items():
            error, bits, codes = np.mean(each, 0)
            cells = (f"{error:.3f}", f"{bits:.3f}", f"{error + LAMBDA * bits:.3f}", f"{codes:.0f}")
            rows.append([str(rate), name, *cells])
    print(markdown_table(["rate point", "codebooks", "error", "bits", "error + lambda bits", "codes"], rows))


if __name__ == "__main__":
    run_script(main)
