"""Pictures and sounds to fit a prior to: cut into pieces, each with its latents and a measure of fidelity."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from bitstream import ImageSource
from vqcodec.codec.audio import AudioCodec
from vqcodec.codec.base import Codec
from vqcodec.codec.image import ImageCodec
from vqcodec.codec.indices import Indices, Source
from vqcodec.model.model import Model
from vqcodec.training.data.pictures import PictureCache
from vqcodec.training.data.sounds import SoundCache
from vqcodec.training.spectral_distance import loudness_distance
from vqcodec.transform.image.distortion import picture_distortion

__all__ = ["Originals", "Piece", "open_originals", "picture_pieces", "split"]

PICTURE_PIECE = 512  # pixels a side
SOUND_PIECE = 1 << 18  # samples
# In bits a pixel: below this rate, a smaller picture makes a better file. There is no such bound for sound.
LOWEST_PICTURE_RATE = 0.035


@dataclass(frozen=True)
class Piece:
    """A part of a picture or recording.

    Attributes:
        latents: z_e `[P, D, rows, columns]`.
        source: what `latents` are of.
        size: pixels or samples.
        fidelity: from indices of this piece to the fidelity of their decoding, in dB; more is better.
    """

    latents: NDArray[np.float32]
    source: Source
    size: int
    fidelity: Callable[[Indices], float]


class Originals(Protocol):
    """The pictures or sounds of a folder.

    Attributes:
        codec: of the model that they are for.
        lowest_rate: bits a pixel or sample at quality 1, at least.
        digest: of all files.
    """

    lowest_rate: float
    digest: str

    @property
    def codec(self) -> Codec: ...

    def __len__(self) -> int: ...

    def size(self, number: int) -> int:
        """Pixels or samples of an original."""

    def pieces(self, number: int) -> Iterator[Piece]:
        """An original in pieces, so that a lambda can be drawn for each."""


class Pictures:
    """Fidelity is -10 log10 of the distortion that the model is trained for: PSNR or MS-SSIM, up to a constant."""

    lowest_rate = LOWEST_PICTURE_RATE

    def __init__(self, model: Model, folder: Path, cache: Path) -> None:
        self.codec = ImageCodec(model)
        found = PictureCache(folder, cache)
        self._pictures, self.digest = found.pictures, found.digest

    def __len__(self) -> int:
        return len(self._pictures)

    def size(self, number: int) -> int:
        return self._pictures[number].size // 3

    def pieces(self, number: int) -> Iterator[Piece]:
        for pixels in picture_pieces(self._pictures[number]):
            height, width, _ = pixels.shape
            source, latents = ImageSource(width, height), self.codec.analyse(pixels)
            yield Piece(latents, source, height * width, partial(self._closeness, pixels))

    def _closeness(self, pixels: NDArray[np.uint8], indices: Indices) -> float:
        distortion = picture_distortion(self.codec.model.config.distortion, pixels, self.codec.pixels(indices))
        return -10 * math.log10(max(distortion, 1e-9))


class Sounds:
    """Fidelity is -20 log10 of the distance that the model is trained for."""

    lowest_rate = 0.0

    def __init__(self, model: Model, folder: Path, cache: Path) -> None:
        self.codec = AudioCodec(model)
        found = SoundCache(folder, cache, self.codec.sample_rate)
        self._sounds, self.digest = found.sounds, found.digest

    def __len__(self) -> int:
        return len(self._sounds)

    def size(self, number: int) -> int:
        return len(self._sounds[number])

    def pieces(self, number: int) -> Iterator[Piece]:
        sound = self._sounds[number]
        for first in range(0, len(sound), SOUND_PIECE):
            samples = sound[None, first : first + SOUND_PIECE].astype(np.float32) * np.float32(2**-15)
            latents, source = self.codec.analyse([samples], self.codec.sample_rate)
            yield Piece(latents, source, samples.size, partial(self._closeness, samples))

    def _closeness(self, samples: NDArray[np.float32], indices: Indices) -> float:
        decoded, sample_rate = self.codec.decode(indices)
        distance = loudness_distance(torch.from_numpy(samples), torch.from_numpy(decoded), sample_rate)
        return -20 * math.log10(max(distance.item(), 1e-6))


def picture_pieces(picture: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """A picture `[H, W, 3]` in pieces."""
    for i in range(0, picture.shape[0], PICTURE_PIECE):
        for j in range(0, picture.shape[1], PICTURE_PIECE):
            yield np.ascontiguousarray(picture[i : i + PICTURE_PIECE, j : j + PICTURE_PIECE])


def open_originals(model: Model, folder: Path, cache: Path) -> Originals:
    """The pictures or sounds of a folder, whichever the model is for.

    Raises:
        InputError: there are none that can be read.
    """
    return (Pictures if model.config.modality == "image" else Sounds)(model, folder, cache)


def split(count: int, every: int, seed: int) -> tuple[list[int], list[int]]:
    """Numbers of the originals that are held out, one in `every` and at least one, and of the others, shuffled."""
    order = np.random.default_rng(seed).permutation(count).tolist()
    share = max(1, count // every)
    return order[:share], order[share:]
