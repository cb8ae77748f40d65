"""`vqcodec fit-prior`: fit the prior of a model to the indices of a folder of pictures or sounds, then calibrate its
quality knob.

The network is trained in floats, on codes that are chosen with order-0 code lengths; then with rounding
(quantization-aware), on codes that are chosen with the network itself. At the end it is sharpened and exported to
integers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from vqcodec.codec.loading import codec_of
from vqcodec.codec.pixels import picture_source
from vqcodec.model.model import Model, load_model
from vqcodec.training.data.originals import Originals, open_originals, split
from vqcodec.training.engine.config import load_config
from vqcodec.training.engine.folder import add_entry, work_folder
from vqcodec.training.engine.hardware import ANY, Hardware
from vqcodec.training.engine.identity import identity_of
from vqcodec.training.engine.loop import train
from vqcodec.training.engine.machine import Machine, launch
from vqcodec.training.engine.run import Run
from vqcodec.training.prior.calibration import calibrate
from vqcodec.training.prior.networks import PriorNetwork, prior_network
from vqcodec.training.prior.sharpness import sharpen
from vqcodec.training.prior.stage import PriorFitting, PriorStage, mean_bits
from vqcodec.training.prior.volumes import IndexVolumes, collect_volumes
from vqcodec.training.thumbnail import fit_thumbnail

__all__ = ["PriorTraining", "fit_prior"]

THUMBNAILS = 100  # pictures to which they are fitted
# What the weights of the first stage do not depend on; those of the second do on the steps.
LATER = ("steps", "calibrated_on", "sharpened")


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

    def stage(self, quantized: bool) -> PriorStage:
        """The settings of the stage without or with rounding."""
        steps = self.steps - self.float_steps if quantized else self.float_steps
        return PriorStage(quantized, steps, self.batch, self.crop, self.kernel_learning_rate, self.other_learning_rate)


def fit_prior(model: Path, folder: Path, config: Path | None = None, hardware: Hardware = ANY) -> None:
    """Fit the prior of the model file `model`, in place, to the pictures or sounds of `folder`.

    Raises:
        ModelError: the model cannot be read, or the checkpoints are of other settings or data.
        InputError: the configuration or the originals cannot be used.
    """
    launch(partial(_fit, load_config(config, PriorTraining), model, folder), hardware)


def _fit(settings: PriorTraining, path: Path, folder: Path, machine: Machine) -> None:
    run = Run(machine, work_folder(path), settings.seed)
    run.seed_networks("prior")
    model, cache = load_model(path), run.folder / "cache"
    with machine.first_on_each_host():
        originals = open_originals(model, folder, cache)
    held_out, others = split(len(originals), settings.held_out, settings.seed)
    numbers = _first(others, originals, settings.most_positions) or held_out
    network = prior_network(model.config.prior, model.codebooks)
    identity = identity_of(settings, LATER, data=originals.digest, codebooks=_digest(network))

    training, test = (_volumes(run, originals, each, settings.lambda_, False) for each in (numbers, held_out))
    figures = {"order0": mean_bits(network, test, False)}
    train(PriorFitting(network, training, test, settings.stage(False), run), run, identity)
    figures["float"] = mean_bits(network, test, False)
    # Files have codes that were chosen with the prior, and take fewer bits: from here on it is fitted to such codes.
    originals = open_originals(replace(model, prior=network.export()), folder, cache)
    training, test = (_volumes(run, originals, each, settings.lambda_, True) for each in (numbers, held_out))
    figures["float, chosen"] = mean_bits(network, test, False)
    train(PriorFitting(network, training, test, settings.stage(True), run), run, identity | {"steps": settings.steps})
    figures["integer"] = mean_bits(network, test, True)
    if not machine.is_first:
        return
    factors = sharpen(network, test) if settings.sharpened else []
    figures["sharpened"] = mean_bits(network, test, True)
    add_entry(run.folder, {"stage": "prior", "held_out_bits_per_position": figures, "sharpness": factors})
    done = _calibrated(replace(model, prior=network.export()), originals, held_out, settings)
    _with_thumbnails(done, originals, numbers).save(path)


def _volumes(run: Run, originals: Originals, numbers: Sequence[int], lambda_: float, in_context: bool) -> IndexVolumes:
    """The indices of originals: made by one process, for all."""
    rng = run.fixed_draws("volumes", int(in_context), 0).shared
    return run.machine.from_first(lambda: collect_volumes(originals, numbers, lambda_, rng, in_context))


def _calibrated(model: Model, originals: Originals, held_out: Sequence[int], settings: PriorTraining) -> Model:
    """The model with a quality knob."""
    pieces = [next(originals.pieces(number)) for number in held_out[: settings.calibrated_on]]
    table = calibrate(codec_of(model), pieces, settings.lambda_, originals.lowest_rate)
    return replace(model, config=replace(model.config, quality=table))


def _with_thumbnails(model: Model, originals: Originals, numbers: Sequence[int]) -> Model:
    """A model of pictures with small versions, fitted to some of the originals."""
    if model.config.modality != "image":
        return model
    pieces = (next(originals.pieces(number)) for number in numbers[:THUMBNAILS])
    return fit_thumbnail(model, ((piece.latents, picture_source(piece.source)) for piece in pieces))


def _first(numbers: Sequence[int], originals: Originals, most_positions: int) -> list[int]:
    """The first of these originals, with at most so many positions in all."""
    stride = originals.codec.model.config.autoencoder.stride
    position = stride if originals.codec.model.config.modality == "audio" else stride**2
    ends = np.cumsum([originals.size(number) for number in numbers]) / position
    return [number for number, end in zip(numbers, ends, strict=True) if end < most_positions]


def _digest(network: PriorNetwork) -> str:
    """Of the codebooks that a prior is for."""
    return hashlib.sha256(network.values.numpy().tobytes() + network.sizes.numpy().tobytes()).hexdigest()
