"""The networks of a model of sound on a device: samples to latents and back, in pieces, and how likely samples are.

A piece is evaluated with as much of its surroundings as the networks can see. So the result is that of the whole
recording at once, but for the rounding of floats. Outside of the recording the encoder sees its mirror image, and the
decoder its first and last latents.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from vqcodec.transform.audio import autoencoder
from vqcodec.transform.audio.config import AutoencoderConfig
from vqcodec.transform.audio.spectrum import compressed_spectra, sound_of_spectra
from vqcodec.transform.codebooks import Codebooks
from vqcodec.transform.likelihood import sample_code_length
from vqcodec.transform.networks import networks_on
from vqcodec.transform.weights import NetworkWeights, Weights, check_finite

__all__ = ["AudioNetworks"]

Floats = NDArray[np.float32]
IndexArray = NDArray[np.int32]

PIECE = 1024  # frames of a row that are evaluated at once
TOGETHER = 4 * PIECE  # frames of all rows that are evaluated at once: many rows have shorter pieces, or take turns
MOST_NUMBERS = 2**26  # of an activation: a wide model evaluates fewer frames at once
SHORTEST_PIECE = 64  # frames: the surroundings would be most of a shorter piece


class AudioNetworks:
    """Encoder, decoder and likelihood of a model, for one recording at a time. Its rows do not see each other.

    Attributes:
        networks: what evaluates a piece, between spectra and latents.

    Args:
        shape: of the networks.
        weights: of the model; the encoder's may be missing.
        codebooks: where z_q is looked up.
        device: "cpu", "cuda", ...
        piece: frames of a row to evaluate at once; it bounds the memory.

    Raises:
        ModelError: the weights do not fit, or the device cannot be used.
    """

    def __init__(
        self, shape: AutoencoderConfig, weights: Weights, codebooks: Codebooks, device: str, piece: int = PIECE
    ) -> None:
        self.shape, self.piece, self._codebooks = shape, piece, codebooks
        self.networks = networks_on(device, NetworkWeights(autoencoder, shape, weights, "samples"))

    def encode(self, blocks: Iterable[Floats]) -> Floats:
        """z_e `[C_z, rows, T]` of a recording, given in at least one block `[rows, n]` of any length.

        The recording is padded to T frames.
        """
        blocks = iter(blocks)
        first = next(blocks)
        stride, reach, piece = self.shape.stride, self.shape.encoder_reach, self._piece(len(first))
        parts = []
        for seen in _pieces(chain([first], blocks), piece * stride, reach * stride, stride):
            parts.append(np.concatenate([self._encode(seen[rows], reach) for rows in self._groups(len(seen))], axis=1))
        return np.concatenate(parts, axis=2)

    def decode(self, indices: IndexArray, rate_point: int) -> Iterator[Floats]:
        """The location of p(x|z_q), nominally in -1..1, of indices `[P, rows, T]`.

        It comes in blocks `[rows, n]`, T strides in all, and z_q is looked up block by block.
        """
        for first, last, seen in self._seen_pieces(indices):
            parts = [self._decode(seen[:, rows], rate_point) for rows in self._groups(seen.shape[1])]
            yield np.concatenate([part[:, first:last] for part in parts])

    def bits(self, samples: Floats, indices: IndexArray, rate_point: int) -> Floats:
        """-log2 p(x|z_q) of every sample, rounded to 16 bits: `[rows, N]` for as many samples, N at most T strides."""
        parts, begin = [], 0
        for first, last, seen in self._seen_pieces(indices):
            end = begin + last - first
            values = np.rint(samples[:, begin:end] * 2**15).clip(-(2**15), 2**15 - 1)
            spectra, found = self.networks.decode_with_likelihood(self._z_q(seen, rate_point), rate_point)
            whole = (self._samples(spectra) * 2**15, *autoencoder.likelihood_parameters(found))
            parts.append(sample_code_length(values, *(part[:, first : first + values.shape[1]] for part in whole)))
            begin = end
        return np.concatenate(parts, axis=1)

    def _piece(self, rows: int) -> int:
        """Frames of a piece, given the number of rows."""
        return min(self.piece, self._together(), max(SHORTEST_PIECE, TOGETHER // rows))

    def _together(self) -> int:
        """Frames of all rows that are evaluated at once, without their surroundings."""
        return max(1, min(TOGETHER, MOST_NUMBERS // self.shape.widest))

    def _groups(self, rows: int) -> list[slice]:
        """The rows that are evaluated together."""
        count = max(1, self._together() // self._piece(rows))
        return [slice(first, first + count) for first in range(0, rows, count)]

    def _encode(self, samples: Floats, reach: int) -> Floats:
        """Samples `[rows, n]` with `reach` frames more on each side, to z_e `[C_z, rows, T]` without these."""
        z = self.networks.encode(compressed_spectra(samples, self.shape.hop))[:, :, 0]
        check_finite(z.max(), z.min())
        return z[:, :, reach : z.shape[2] - reach].swapaxes(0, 1)

    def _decode(self, indices: IndexArray, rate_point: int) -> Floats:
        """The location `[rows, n]` of indices `[P, rows, T]`."""
        return self._samples(self.networks.decode(self._z_q(indices, rate_point), rate_point))

    def _samples(self, spectra: Floats) -> Floats:
        """Samples `[rows, n]` of what the decoder writes."""
        location = sound_of_spectra(spectra, self.shape.hop)
        check_finite(location.max(), location.min())
        return location

    def _z_q(self, indices: IndexArray, rate_point: int) -> Floats:
        """The codewords `[rows, C, 1, T]` of indices `[P, rows, T]`."""
        z_q = self._codebooks.look_up(indices, rate_point).swapaxes(0, 1)
        return np.ascontiguousarray(z_q[:, :, None])

    def _seen_pieces(self, indices: IndexArray) -> Iterator[tuple[int, int, IndexArray]]:
        """The indices that each piece sees, after the first and last of its own samples in what they decode to."""
        _, rows, frames = indices.shape
        reach, stride, piece = self.shape.decoder_reach, self.shape.stride, self._piece(rows)
        for start in range(0, frames, piece):
            stop = min(start + piece, frames)
            seen = np.arange(start - reach, stop + reach).clip(0, frames - 1)  # the first and the last frame go on
            yield reach * stride, (reach + stop - start) * stride, indices[:, :, seen]


def _pieces(blocks: Iterable[Floats], length: int, margin: int, stride: int) -> Iterator[Floats]:
    """Cut a recording into overlapping pieces `[C, margin + n + margin]`; n is `length`, or the strides that are left.

    It is padded with its mirror image. A step into silence would be coded, and come back as a click.
    """
    held: Floats | None = None
    at_start = True
    for block in blocks:
        held = block if held is None else np.concatenate([held, block], axis=1)
        if at_start and held.shape[1] < margin:
            continue
        if at_start:
            held, at_start = np.pad(held, ((0, 0), (margin, 0)), mode="symmetric"), False
        while held.shape[1] >= length + 2 * margin:
            yield held[:, : length + 2 * margin]
            held = held[:, length:]
    if held is None:
        return
    if at_start:
        held = np.pad(held, ((0, 0), (margin, 0)), mode="symmetric")
    # What is held begins with the margin of the next piece, and ends inside of it or of the margin that follows.
    left = held.shape[1] - margin
    held = np.pad(held, ((0, 0), (0, margin + -left % stride)), mode="symmetric")
    for start in range(0, left, length):
        yield held[:, start : start + min(length, left - start + -left % stride) + 2 * margin]
