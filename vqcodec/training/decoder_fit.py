"""`vqcodec fit-decoder`: train the decoder of a finished model further, on the codes of its files.

Encoder, codebooks and prior do not change, so every file of the model is read as before, and looks better. In the
earlier stages, codes were chosen without the prior, at two or three lambdas, and encoder and codebooks were trained,
too. Here all the time goes into the decoder, which may also become deeper.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from bitstream import InputError, ModelError
from vqcodec.codec.image import ImageCodec
from vqcodec.codec.loading import codec_of, for_pictures
from vqcodec.model.model import Model, load_model
from vqcodec.training.data.originals import picture_pieces, split
from vqcodec.training.data.pictures import PictureCache, crops_to_tensor
from vqcodec.training.engine.checkpoint import Checkpoint
from vqcodec.training.engine.config import load_config
from vqcodec.training.engine.loop import run_stage
from vqcodec.training.engine.optimizer import NetworkOptimizer, Schedule, kernels_of, others_of
from vqcodec.training.engine.precision import autocast
from vqcodec.training.image import PictureObjective
from vqcodec.training.stages.codes import DROP_CHANCE, DROP_WEIGHT
from vqcodec.training.stages.deepening import deepened
from vqcodec.training.stages.noise import rate_weights
from vqcodec.transform.image.autoencoder import Decoder, LikelihoodHead
from vqcodec.transform.image.config import AutoencoderConfig
from vqcodec.transform.networks import arrays_of, state_of

__all__ = ["CodedPiece", "DecoderTraining", "coded_pieces", "fit_decoder"]


@dataclass(frozen=True)
class DecoderTraining:
    """Settings of the fit.

    Attributes:
        blocks: residual blocks of each level of the new decoder, in the order of its `widths`; empty to keep them.
        crop: side of a training crop in pixels.
        draws: how many qualities each piece of a picture is coded at.
        held_out: one picture in so many is held out for the figures.
    """

    blocks: tuple[int, ...] = ()
    steps: int = 6_000
    batch: int = 4
    crop: int = 256
    kernel_learning_rate: float = 2e-3
    draws: int = 2
    held_out: int = 50
    seed: int = 0


@dataclass(frozen=True)
class CodedPiece:
    """A piece of a picture, and its indices.

    Attributes:
        pixels: uint8 `[H, W, 3]`, of whole strides.
        indices: `[P, h, w]`.
        rate_point: of the indices.
    """

    pixels: NDArray[np.uint8]
    indices: NDArray[np.int16]
    rate_point: int


def fit_decoder(model: Path, folder: Path, config: Path | None = None) -> None:
    """Train the decoder of the model file `model`, in place, on the pictures of `folder`.

    Raises:
        ModelError: the model cannot be read, or is for sound.
        InputError: the configuration or the pictures cannot be used.
    """
    settings = load_config(config, DecoderTraining)
    torch.manual_seed(settings.seed)
    rng = np.random.default_rng(settings.seed)
    trained = load_model(model)
    codec, work = for_pictures(codec_of(trained)), model.with_name(model.name + ".training")
    if not trained.config.lambdas:
        raise InputError("the model does not tell its lambdas, which weigh its rate points")
    decoder, likelihood, shape = _networks(trained, codec.shape, settings.blocks)
    pictures = PictureCache(folder, work / "cache").pictures
    held_out, others = split(len(pictures), settings.held_out, rng)
    pieces = coded_pieces(codec, [pictures[number] for number in others or held_out], settings.draws, rng)
    test = coded_pieces(codec, [pictures[number] for number in held_out], 1, rng)
    if not pieces or not test:
        raise InputError(f"the pictures of {folder} are smaller than {codec.stride} pixels")

    figures = {"before": mean_fidelity(decoder, trained, test)}
    _train(decoder, likelihood, trained, pieces, settings, work)
    figures["after"] = mean_fidelity(decoder, trained, test)
    with (work / "log.jsonl").open("a") as log:
        log.write(json.dumps({"stage": "decoder", "held_out_fidelity": figures}) + "\n")
    encoder = {name: array for name, array in trained.networks.items() if name.startswith("encoder/")}
    networks = encoder | arrays_of("decoder", decoder) | arrays_of("likelihood", likelihood)
    tuned = replace(trained.config, autoencoder=shape, decoder_version=trained.config.decoder_version + 1)
    replace(trained, config=tuned, networks=networks).save(model)


def _networks(
    model: Model, before: AutoencoderConfig, blocks: tuple[int, ...]
) -> tuple[Decoder, LikelihoodHead, AutoencoderConfig]:
    """Decoder and likelihood of the model, the decoder with so many `blocks`; and the shape that has them."""
    try:
        shape = replace(before, decoder_blocks=blocks or before.decoder_blocks)
        decoder, likelihood = Decoder(shape), LikelihoodHead(shape)
        decoder.load_state_dict(deepened(state_of(model.networks, "decoder"), decoder))
    except ValueError as error:
        raise InputError(f"blocks: {error}") from None
    try:
        likelihood.load_state_dict(state_of(model.networks, "likelihood"))
    except RuntimeError:
        raise ModelError("the model does not say how likely pixels are: its likelihood does not fit") from None
    return decoder, likelihood, shape


def coded_pieces(
    codec: ImageCodec, pictures: list[NDArray[np.uint8]], draws: int, rng: np.random.Generator
) -> list[CodedPiece]:
    """Every piece of every picture, coded at `draws` qualities from 1 to 100."""
    coded = []
    for picture in tqdm(pictures, desc="indices", disable=None):
        for pixels in picture_pieces(picture):
            latents = codec.analyse(pixels)
            rows, columns = (extent // codec.stride for extent in pixels.shape[:2])
            if not rows or not columns:
                continue
            for _ in range(draws):
                chosen = codec.settings(float(rng.uniform(1, 100)))
                indices = codec.choose(latents, chosen)[:, :rows, :columns].astype(np.int16)
                whole = pixels[: rows * codec.stride, : columns * codec.stride]
                coded.append(CodedPiece(whole, indices, chosen.rate_point))
    return coded


def _train(
    decoder: Decoder,
    likelihood: LikelihoodHead,
    model: Model,
    pieces: list[CodedPiece],
    settings: DecoderTraining,
    work: Path,
) -> None:
    """Train in place; checkpoint and log go into `work`."""
    optimizer = NetworkOptimizer(
        kernels=[(kernels_of(decoder), settings.kernel_learning_rate)],
        others=[(others_of(decoder), 3e-4), (list(likelihood.parameters()), 1e-3)],
        schedule=Schedule(settings.steps),
    )
    objective, rng = PictureObjective(model.config.distortion), np.random.default_rng(settings.seed)
    lambdas = torch.tensor(model.config.lambdas)
    weights = rate_weights(lambdas)

    def step(number: int) -> dict[str, float]:
        x, z_q, rate_point, kept = _batch(model, pieces, settings, rng)
        with autocast():
            location, features = decoder(z_q, rate_point)
            parameters = likelihood(features.detach())
        distortion = objective.distortion(x, location)
        # Nothing but the likelihood's own layers has a gradient from the code length.
        code_length = objective.code_length(x, location.detach(), parameters)
        loss = (weights[rate_point] * kept * lambdas[rate_point] * distortion).mean()
        optimizer.step(loss + code_length.mean() / 3, number)
        return {"loss": loss.item(), "distortion": distortion.mean().item()}

    checkpoint = Checkpoint(work / "decoder.safetensors", {"decoder": decoder, "likelihood": likelihood}, optimizer)
    run_stage("decoder", settings.steps, checkpoint, work / "log.jsonl", step)


def _batch(
    model: Model, pieces: list[CodedPiece], settings: DecoderTraining, rng: np.random.Generator
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Crops `[B, 3, S, S]`, their z_q `[B, C, s, s]`, rate points `[B]`, and weights `[B]`.

    Some crops have their first streams only, like a file that was cut: they count less.
    """
    stride = model.config.autoencoder.stride
    least = min(settings.crop // stride, max(min(piece.indices.shape[1:]) for piece in pieces))
    usable = [piece for piece in pieces if min(piece.indices.shape[1:]) >= least]
    area = np.array([piece.indices[0].size for piece in usable], float)
    crops, codewords, rate_points, weights = [], [], [], []
    for which in rng.choice(len(usable), settings.batch, p=area / area.sum()):
        piece = usable[which]
        i, j = (int(rng.integers(0, extent - least + 1)) for extent in piece.indices.shape[1:])
        indices = piece.indices[:, i : i + least, j : j + least].astype(np.int32)
        cut = len(model.prior.stream_ends) > 1 and rng.random() < DROP_CHANCE
        if cut:
            indices = indices[: int(rng.choice(model.prior.stream_ends[:-1]))]
        codewords.append(model.codebooks.look_up(indices, piece.rate_point))
        rows, columns = (slice(first * stride, (first + least) * stride) for first in (i, j))
        crops.append(piece.pixels[rows, columns])
        rate_points.append(piece.rate_point)
        weights.append(DROP_WEIGHT if cut else 1.0)
    z_q = torch.from_numpy(np.stack(codewords)).contiguous(memory_format=torch.channels_last)
    return crops_to_tensor(np.stack(crops)), z_q, torch.tensor(rate_points), torch.tensor(weights)


@torch.no_grad()
def mean_fidelity(decoder: Decoder, model: Model, pieces: list[CodedPiece]) -> float:
    """The mean of -10 log10 of the distortion of decoded pieces: PSNR or MS-SSIM in dB, up to a constant."""
    objective, total = PictureObjective(model.config.distortion), 0.0
    for piece in pieces:
        z_q = torch.from_numpy(model.codebooks.look_up(piece.indices.astype(np.int32), piece.rate_point))
        location, _ = decoder(z_q[None], torch.tensor([piece.rate_point]))
        distortion = objective.distortion(crops_to_tensor(piece.pixels[None].copy()), location.clamp(-0.5, 0.5))
        total -= 10 * math.log10(max(distortion.item(), 1e-9))
    return total / len(pieces)
