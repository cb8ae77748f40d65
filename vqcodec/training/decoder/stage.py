"""The stage of `fit-decoder`: the decoder of a finished model, on the codes of its files."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from vqcodec.codec.image import ImageCodec
from vqcodec.model.model import Model
from vqcodec.training.data.originals import picture_pieces
from vqcodec.training.data.pictures import crops_to_tensor
from vqcodec.training.engine.loop import Figures, Training
from vqcodec.training.engine.optimizer import NetworkOptimizer, Schedule, kernels_of, others_of
from vqcodec.training.engine.randomness import BySize, Draws
from vqcodec.training.engine.run import Run
from vqcodec.training.image import PictureObjective
from vqcodec.training.networks.image import Decoder, LikelihoodHead
from vqcodec.training.stages.codes import DROP_CHANCE, DROP_WEIGHT
from vqcodec.training.stages.objective import Goal

__all__ = ["CodedPiece", "DecoderFitting", "DecoderTraining", "coded_pieces"]


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


class DecoderFitting(Training):
    """The stage.

    Args:
        decoder, likelihood: trained in place.
        model: whose decoder it is.
        pieces: to train on.
        held_out: to judge by.
        settings: of the fit.
        run: of which it is a stage.
    """

    name = "decoder"
    version = 1

    def __init__(
        self,
        decoder: Decoder,
        likelihood: LikelihoodHead,
        model: Model,
        pieces: list[CodedPiece],
        held_out: list[CodedPiece],
        settings: DecoderTraining,
        run: Run,
    ) -> None:
        self.decoder, self.likelihood, self.model = decoder, likelihood, model
        # Positions a side of a crop; smaller pieces are left out, unless all are.
        sides = [min(piece.indices.shape[1:]) for piece in pieces]
        self._least = min(settings.crop // self.stride, max(sides))
        self.pieces = [piece for piece, side in zip(pieces, sides, strict=True) if side >= self._least]
        self._by_area = BySize(piece.indices[0].size for piece in self.pieces)
        self.modules = {"decoder": decoder, "likelihood": likelihood}
        run.machine.place(self.modules.values())
        self.held_out, self.settings, self.steps, self.run = held_out, settings, settings.steps, run
        objective = PictureObjective(model.config.distortion)
        self.goal = Goal(objective, torch.tensor(model.config.lambdas)).to(run.machine.device)
        self.optimizer = NetworkOptimizer(
            kernels=[(kernels_of(decoder), settings.kernel_learning_rate)],
            others=[(others_of(decoder), 3e-4), (list(likelihood.parameters()), 1e-3)],
            schedule=Schedule(settings.steps),
            average=run.machine.average,
        )
        self._decode = run.machine.compiled(decoder)

    def step(self, number: int) -> Figures:
        """Take a step."""
        goal, draws = self.goal, self.run.draws("decoder", number, self.settings.batch)
        x, z_q, rate_point, kept = self._batch(draws)
        with self.run.machine.autocast():
            location, features = self._decode(z_q, rate_point)
            parameters = self.likelihood(features.detach())
        distortion = goal.objective.distortion(x, location)
        # Nothing but the likelihood's own layers has a gradient from the code length.
        code_length = goal.objective.code_length(x, location.detach(), parameters).mean()
        loss = (goal.weights[rate_point] * kept * goal.lambdas[rate_point] * distortion).mean()
        norm = self.optimizer.step(loss + code_length / 3, number)
        return {"loss": loss, "distortion": distortion.mean(), "code_length": code_length, "gradient_norm": norm}

    @torch.no_grad()
    def evaluate(self) -> dict[str, float]:
        """The mean fidelity of decoded pieces that are held out; the loss is what is lost of it."""
        device, total = self.decoder.gain.device, 0.0
        for piece in self.held_out:
            z_q = torch.from_numpy(self.model.codebooks.look_up(piece.indices.astype(np.int32), piece.rate_point))
            location, _ = self.decoder(z_q[None].to(device), torch.tensor([piece.rate_point], device=device))
            x = crops_to_tensor(piece.pixels[None].copy()).to(device)
            total += self.goal.objective.fidelity(self.goal.objective.distortion(x, location.clamp(-0.5, 0.5)).item())
        mean = total / len(self.held_out)
        return {"loss": -mean, "fidelity": mean}

    def _batch(self, draws: Draws) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Crops `[B, 3, S, S]`, their z_q `[B, C, s, s]`, rate points `[B]`, and weights `[B]`.

        Some crops have their first streams only, like a file that was cut: they count less.
        """
        least = self._least
        crops, codewords, rate_points, weights = [], [], [], []
        for generator in draws.items:
            piece = self.pieces[self._by_area.draw(generator)]
            i, j = (int(generator.integers(0, extent - least + 1)) for extent in piece.indices.shape[1:])
            indices = piece.indices[:, i : i + least, j : j + least].astype(np.int32)
            cut = len(self.stream_ends) > 1 and generator.random() < DROP_CHANCE
            if cut:
                indices = indices[: int(generator.choice(self.stream_ends[:-1]))]
            codewords.append(self.model.codebooks.look_up(indices, piece.rate_point))
            rows, columns = (slice(first * self.stride, (first + least) * self.stride) for first in (i, j))
            crops.append(piece.pixels[rows, columns])
            rate_points.append(piece.rate_point)
            weights.append(DROP_WEIGHT if cut else 1.0)
        z_q = torch.from_numpy(np.stack(codewords)).contiguous(memory_format=torch.channels_last)
        parts = (crops_to_tensor(np.stack(crops)), z_q, torch.tensor(rate_points), torch.tensor(weights))
        x, z_q, points, kept = (part.to(self.run.machine.device) for part in parts)
        return x, z_q, points, kept

    @property
    def stride(self) -> int:
        """Pixels a position."""
        return self.model.config.autoencoder.stride

    @property
    def stream_ends(self) -> list[int]:
        """The number of planes up to the end of each stream of a file."""
        return list(self.model.prior.stream_ends)
