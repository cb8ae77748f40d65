"""`vqcodec fit-prior`: fit the prior of a model to the indices of a folder of pictures, then calibrate its quality
knob.

The network is trained in floats, then with rounding (quantization-aware), and exported to integers.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from vqcodec.codec import Codec
from vqcodec.image.prior_network import PriorNetwork
from vqcodec.model import load_model
from vqcodec.training.calibration import calibrate
from vqcodec.training.checkpoint import Checkpoint
from vqcodec.training.data import PictureCache
from vqcodec.training.export import prior_network
from vqcodec.training.image import load_config
from vqcodec.training.loop import run_stage
from vqcodec.training.optimizer import NetworkOptimizer, Schedule
from vqcodec.training.volumes import IndexVolumes, collect_volumes

__all__ = ["PriorTraining", "fit_prior"]


@dataclass(frozen=True)
class PriorTraining:
    """Settings of the fit.

    Attributes:
        float_steps: steps without rounding.
        steps: of these and those with rounding together.
        held_out: every so many-th picture is kept for the figures and for the calibration.
        most_megapixels: of training pictures; their indices are kept in memory.
        calibration_pictures: how many pictures the quality knob is calibrated on.
    """

    float_steps: int = 3_600
    steps: int = 4_600
    batch: int = 5
    crop: int = 24
    kernel_rate: float = 0.005
    other_rate: float = 2e-3
    lambda_: float = 0.13
    held_out: int = 50
    most_megapixels: float = 80.0
    calibration_pictures: int = 16
    seed: int = 0


def fit_prior(model: Path, folder: Path, config: Path | None = None) -> None:
    """Fit the prior of the model file `model`, in place, to the pictures of `folder`.

    Raises:
        ModelError: the model cannot be read.
        InputError: the configuration or the pictures cannot be used.
    """
    settings = load_config(config, PriorTraining)
    torch.manual_seed(settings.seed)
    rng = np.random.default_rng(settings.seed)
    trained = load_model(model)
    codec = Codec(trained)
    work = model.with_name(model.name + ".training")
    pictures = PictureCache(folder, work / "cache").pictures
    order = rng.permutation(len(pictures))
    share = max(1, len(pictures) // settings.held_out)
    held_out = [pictures[index] for index in order[:share]]
    training, size = [], 0.0
    for index in order[share:]:
        size += pictures[index].size / 3e6
        if size < settings.most_megapixels:
            training.append(pictures[index])
    volumes = collect_volumes(codec, training or held_out, settings.lambda_, rng)
    test = collect_volumes(codec, held_out, settings.lambda_, rng)

    network = prior_network(trained.config.prior, trained.codebooks)
    figures = {"order0": mean_bits(network, test, False)}
    _train(network, volumes, settings, 0, settings.float_steps, rng, work)
    figures["float"] = mean_bits(network, test, False)
    _train(network, volumes, settings, settings.float_steps, settings.steps, rng, work)
    figures["integer"] = mean_bits(network, test, True)
    with (work / "log.jsonl").open("a") as log:
        log.write(json.dumps({"stage": "prior", "held_out_bits_per_position": figures}) + "\n")
    fitted = replace(trained, prior=network.export())
    table = calibrate(Codec(fitted), held_out[: settings.calibration_pictures], settings.lambda_)
    replace(fitted, config=replace(trained.config, quality=table)).save(model)


def _train(
    network: PriorNetwork,
    volumes: IndexVolumes,
    settings: PriorTraining,
    first: int,
    last: int,
    rng: np.random.Generator,
    work: Path,
) -> None:
    """Train in place for `last - first` steps: from step 0 in floats, later with rounding, at a tenth of the rate."""
    quantized = first > 0
    factor = 0.1 if quantized else 1.0
    matrices = [p for p in network.parameters() if p.ndim == 2 and p.shape[0] > network.values.shape[0]]
    chosen = {id(p) for p in matrices}
    rest = [p for p in network.parameters() if id(p) not in chosen]
    optimizer = NetworkOptimizer(
        kernels=[(matrices, settings.kernel_rate * factor)],
        others=[(rest, settings.other_rate * factor)],
        schedule=Schedule(last - first, constant=0.1),
    )

    def step(number: int) -> dict[str, float]:
        rate = int(rng.integers(len(network.values)))
        indices = volumes.crops(rate, settings.batch, settings.crop, rng)
        bits = network(indices, rate, quantized).sum(1).mean()
        # Relative to what the rate point costs, so that all rate points pull alike.
        optimizer.step(bits / network.order0[rate], number)
        return {f"bits_{rate}": bits.item()}

    name = "prior-integer" if quantized else "prior-float"
    codes = hashlib.sha256(network.values.numpy().tobytes() + network.sizes.numpy().tobytes()).hexdigest()[:16]
    checkpoint = Checkpoint(work / f"{name}.safetensors", {"prior": network}, optimizer, identity=codes)
    run_stage(name, last - first, checkpoint, work / "log.jsonl", step)


@torch.no_grad()
def mean_bits(network: PriorNetwork, volumes: IndexVolumes, quantized: bool) -> list[float]:
    """Mean code length of a position (all planes) at each rate point."""
    means = []
    for rate, mine in enumerate(tqdm(volumes.volumes, desc="held out", disable=None)):
        bits = [network(torch.from_numpy(v.astype(np.int64))[None], rate, quantized).sum().item() for v in mine]
        means.append(sum(bits) / sum(v.shape[1] * v.shape[2] for v in mine))
    return means
