"""`vqcodec fit-prior`: fit the prior of a model to the indices of a folder of pictures or sounds, then calibrate its
quality knob.

The network is trained in floats, on codes that are chosen with order-0 code lengths; then with rounding
(quantization-aware), on codes that are chosen with the network itself. At the end it is sharpened and exported to
integers.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from vqcodec.codec.loading import codec_of
from vqcodec.model.model import load_model
from vqcodec.training.data.originals import Originals, open_originals, split
from vqcodec.training.engine.checkpoint import Checkpoint
from vqcodec.training.engine.config import load_config
from vqcodec.training.engine.loop import run_stage
from vqcodec.training.engine.optimizer import NetworkOptimizer, Schedule
from vqcodec.training.engine.precision import autocast
from vqcodec.training.prior.calibration import calibrate
from vqcodec.training.prior.networks import PriorNetwork, prior_network
from vqcodec.training.prior.sharpness import sharpen
from vqcodec.training.prior.volumes import IndexVolumes, collect_volumes

__all__ = ["PriorTraining", "fit_prior"]

ROUNDED_LEARNING_RATE = 0.3  # learning rates with rounding, as a share of those in floats


@dataclass(frozen=True)
class PriorTraining:
    """Settings of the fit.

    Attributes:
        float_steps: steps without rounding.
        steps: all steps, without rounding and with it.
        crop: side of a training crop in positions, or its length in frames.
        held_out: one original in so many is held out for the figures and for the calibration.
        most_positions: of all training originals, as their indices are kept in memory.
        calibrated_on: how many originals the quality knob is calibrated on.
        sharpened: whether samples shall cost as many bits as originals, which makes files some per cent larger: see
            `sharpness`.
    """

    float_steps: int = 3_600
    steps: int = 4_600
    batch: int = 5
    crop: int = 24
    kernel_learning_rate: float = 0.005
    other_learning_rate: float = 2e-3
    lambda_: float = 0.13
    held_out: int = 50
    most_positions: int = 312_500
    calibrated_on: int = 16
    sharpened: bool = True
    seed: int = 0


def fit_prior(model: Path, folder: Path, config: Path | None = None) -> None:
    """Fit the prior of the model file `model`, in place, to the pictures or sounds of `folder`.

    Raises:
        ModelError: the model cannot be read.
        InputError: the configuration or the originals cannot be used.
    """
    settings = load_config(config, PriorTraining)
    torch.manual_seed(settings.seed)
    rng = np.random.default_rng(settings.seed)
    trained = load_model(model)
    work = model.with_name(model.name + ".training")
    originals = open_originals(trained, folder, work / "cache")
    held_out, others = split(len(originals), settings.held_out, rng)
    training = _first(others, originals, settings.most_positions)
    numbers = training or held_out
    volumes, test = (collect_volumes(originals, each, settings.lambda_, rng) for each in (numbers, held_out))

    network = prior_network(trained.config.prior, trained.codebooks)
    figures = {"order0": mean_bits(network, test, False)}
    _train(network, volumes, settings, 0, settings.float_steps, rng, work)
    figures["float"] = mean_bits(network, test, False)
    # Files have codes that were chosen with the prior, and take fewer bits: from here on it is fitted to such codes.
    originals = open_originals(replace(trained, prior=network.export()), folder, work / "cache")
    volumes, test = (collect_volumes(originals, each, settings.lambda_, rng, True) for each in (numbers, held_out))
    figures["float, chosen"] = mean_bits(network, test, False)
    _train(network, volumes, settings, settings.float_steps, settings.steps, rng, work)
    figures["integer"] = mean_bits(network, test, True)
    factors: list[float] = []
    if settings.sharpened:
        factors = sharpen(network, test)
        figures["sharpened"] = mean_bits(network, test, True)
    with (work / "log.jsonl").open("a") as log:
        entry = {"stage": "prior", "held_out_bits_per_position": figures, "sharpness": factors}
        log.write(json.dumps(entry) + "\n")
    fitted = replace(trained, prior=network.export())
    pieces = [next(originals.pieces(number)) for number in held_out[: settings.calibrated_on]]
    table = calibrate(codec_of(fitted), pieces, settings.lambda_, originals.lowest_rate)
    replace(fitted, config=replace(trained.config, quality=table)).save(model)


def _first(numbers: list[int], originals: Originals, most_positions: int) -> list[int]:
    """The first of these originals, with at most so many positions in all."""
    stride = originals.codec.model.config.autoencoder.stride
    position = stride if originals.codec.model.config.modality == "audio" else stride**2
    ends = np.cumsum([originals.size(number) for number in numbers]) / position
    return [number for number, end in zip(numbers, ends, strict=True) if end < most_positions]


def _train(
    network: PriorNetwork,
    volumes: IndexVolumes,
    settings: PriorTraining,
    first: int,
    last: int,
    rng: np.random.Generator,
    work: Path,
) -> None:
    """Train in place for `last - first` steps: from step 0 in floats, later with rounding, at lower learning rates."""
    quantized = first > 0
    factor = ROUNDED_LEARNING_RATE if quantized else 1.0
    matrices = [p for p in network.parameters() if p.ndim == 2 and p.shape[0] > network.values.shape[0]]
    chosen = {id(p) for p in matrices}
    rest = [p for p in network.parameters() if id(p) not in chosen]
    optimizer = NetworkOptimizer(
        kernels=[(matrices, settings.kernel_learning_rate * factor)],
        others=[(rest, settings.other_learning_rate * factor)],
        schedule=Schedule(last - first, constant=0.1),
    )

    def step(number: int) -> dict[str, float]:
        rate_point = int(rng.integers(len(network.values)))
        indices = volumes.crops(rate_point, settings.batch, settings.crop, rng)
        with autocast(enabled=not quantized):
            bits = network(indices, rate_point, quantized).sum(1).mean()
        # Relative to the bits of the rate point, so that all rate points weigh alike.
        optimizer.step(bits / network.order0[rate_point], number)
        return {f"bits_{rate_point}": bits.item()}

    name = "prior-integer" if quantized else "prior-float"
    codes = hashlib.sha256(network.values.numpy().tobytes() + network.sizes.numpy().tobytes()).hexdigest()[:16]
    checkpoint = Checkpoint(work / f"{name}.safetensors", {"prior": network}, optimizer, identity=codes)
    run_stage(name, last - first, checkpoint, work / "log.jsonl", step)


@torch.no_grad()
def mean_bits(network: PriorNetwork, volumes: IndexVolumes, quantized: bool) -> list[float]:
    """Mean code length of a position (all planes) at each rate point."""
    means = []
    for rate_point, mine in enumerate(tqdm(volumes.volumes, desc="held out", disable=None)):
        bits = [network(torch.from_numpy(v.astype(np.int64))[None], rate_point, quantized).sum().item() for v in mine]
        means.append(sum(bits) / sum(v.shape[1] * v.shape[2] for v in mine))
    return means
