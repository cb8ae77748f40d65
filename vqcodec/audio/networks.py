"""The networks of a model on a device: samples to latents and back, in pieces, and how likely samples are.

A piece is evaluated with as much of its surroundings as the networks can see, so that nobody can tell where a recording
was cut into pieces: the result is that of all at once, but for the rounding of floats. Before and after the recording
is silence for the encoder; for the decoder its first and last latents go on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bitstream.errors import ModelError
from vqcodec.audio.autoencoder import Decoder, Encoder, LikelihoodHead
from vqcodec.audio.config import AutoencoderConfig
from vqcodec.nn.likelihood import sample_code_length
from vqcodec.nn.networks import ModelNetworks

if TYPE_CHECKING:
    from vqcodec.model import Model

__all__ = ["Networks"]

Floats = NDArray[np.float32]

PIECE = 1024  # frames that are evaluated at once


class Networks(ModelNetworks[Encoder, Decoder, LikelihoodHead]):
    """Encoder, decoder and likelihood of a model, for one recording at a time.

    Args:
        model: whose weights they get.
        device: "cpu", "cuda", ...
        piece: frames to evaluate at once; it bounds the memory.

    Raises:
        ModelError: the model is not for sound, the weights do not fit, or the device cannot be used.
    """

    def __init__(self, model: Model, device: str, piece: int = PIECE) -> None:
        shape = model.config.autoencoder
        if not isinstance(shape, AutoencoderConfig):
            raise ModelError("the model is not for sound")
        self.shape, self.piece = shape, piece
        made = partial(Encoder, shape), partial(Decoder, shape), partial(LikelihoodHead, shape)
        super().__init__(model, device, *made, "samples")

    def encode(self, blocks: Iterable[Floats]) -> Floats:
        """z_e `[C_z, C, T]` of a recording, in blocks `[C, n]` of any length, continued with silence to T frames."""
        stride, reach = self.shape.stride, self.shape.encoder_reach
        parts = [self._encode(piece, reach) for piece in _pieces(blocks, self.piece * stride, reach * stride, stride)]
        return np.concatenate(parts, axis=2)

    def decode(self, z_q: Floats, rate: int) -> Iterator[Floats]:
        """The location of p(x|z_q), nominally in -1..1, of z_q `[C_z, C, T]`: blocks `[C, n]`, T strides in all."""
        for first, last, location, _ in self._locations(z_q, rate):
            yield np.asarray(location[:, 0, first:last].cpu())

    def bits(self, samples: Floats, z_q: Floats, rate: int) -> Floats:
        """-log2 p(x|z_q) of every sample, rounded to 16 bits: `[C, N]` for samples `[C, N]`, N at most T strides."""
        parts, begin = [], 0
        for first, last, location, features in self._locations(z_q, rate):
            end = begin + last - first
            with torch.inference_mode():
                values = torch.from_numpy(samples[:, begin:end]).to(self.device)[:, None] * 2**15
                values = values.round_().clamp_(-(2**15), 2**15 - 1)
                whole = (location * 2**15, *self.likelihood(features))
                parameters = (part[..., first : first + values.shape[2]] for part in whole)
                parts.append(np.asarray(sample_code_length(values, *parameters)[:, 0].cpu()))
            begin = end
        return np.concatenate(parts, axis=1)

    @torch.inference_mode()
    def _encode(self, samples: Floats, reach: int) -> Floats:
        """Samples `[C, n]` with `reach` frames more on each side, to z_e `[C_z, C, T]` without these."""
        z = self.encoder(torch.from_numpy(samples).to(self.device)[:, None])[:, :, 0]
        return np.asarray(z[:, :, reach : z.shape[2] - reach].transpose(0, 1).cpu())

    def _locations(self, z_q: Floats, rate: int) -> Iterator[tuple[int, int, Tensor, Tensor]]:
        """For each piece the range of its own samples in the location `[C, 1, n]`, that, and the features."""
        frames, reach, stride = z_q.shape[2], self.shape.decoder_reach, self.shape.stride
        padded = np.pad(z_q, ((0, 0), (0, 0), (reach, reach)), mode="edge")
        for start in range(0, frames, self.piece):
            stop = min(start + self.piece, frames)
            latents = torch.from_numpy(padded[:, :, start : stop + 2 * reach].transpose(1, 0, 2).copy())
            with torch.inference_mode():
                points = torch.full((len(latents),), rate, device=self.device)
                location, features = self.decoder(latents.to(self.device)[:, :, None], points)
            yield reach * stride, (reach + stop - start) * stride, location, features


def _pieces(blocks: Iterable[Floats], length: int, margin: int, stride: int) -> Iterator[Floats]:
    """Cut a recording into pieces `[C, margin + n + margin]` that overlap; n is `length`, the last one whole strides.

    Silence is before and after it.
    """
    held: Floats | None = None
    for block in blocks:
        held = np.pad(block, ((0, 0), (margin, 0))) if held is None else np.concatenate([held, block], axis=1)
        while held.shape[1] >= length + 2 * margin:
            yield held[:, : length + 2 * margin]
            held = held[:, length:]
    if held is None:
        return
    # What is held begins with the margin of the next piece, and ends inside of it or of the margin that follows.
    while (own := held.shape[1] - margin) > 0:
        count = min(length, own + -own % stride)
        missing = max(0, margin + count + margin - held.shape[1])
        yield np.pad(held[:, : count + 2 * margin], ((0, 0), (0, missing)))
        held = held[:, count:]
