"""Random crops of pictures and cuts of sounds, by the draws of a step."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bitstream.errors import InputError
from vqcodec.training.data.pictures import to_floats
from vqcodec.training.engine.randomness import Draws

__all__ = ["PictureCrops", "SoundCuts", "central_crops", "central_cuts"]

# Cuts of sounds are made so much louder or softer, in dB, as recordings come at all levels.
GAINS = (-12.0, 6.0)


@dataclass(frozen=True)
class Place:
    """Of a crop: the number of its picture, its first row and column, and whether it is mirrored."""

    picture: int
    row: int
    column: int
    mirrored: bool


class PictureCrops:
    """Crops of pictures, which are drawn in proportion to their area; half of the crops are mirrored.

    Pictures smaller than a crop are left out. On an accelerator all pictures lie in its memory, and are cut there.

    Args:
        pictures: uint8 `[H, W, 3]` each.
        size: side of a crop.
        device: where crops are wanted.

    Raises:
        InputError: no picture is as large as a crop.
    """

    def __init__(self, pictures: Sequence[NDArray[np.uint8]], size: int, device: torch.device) -> None:
        self._pictures = [picture for picture in pictures if min(picture.shape[:2]) >= size]
        if not self._pictures:
            raise InputError(f"no picture is as large as a training crop of {size}x{size}")
        self._size, self._device = size, device
        self._ends: list[int] = np.cumsum([each.shape[0] * each.shape[1] for each in self._pictures]).tolist()
        self._pixels = None if device.type == "cpu" else self._all_pixels().to(device)

    def __call__(self, draws: Draws) -> Tensor:
        """Floats `[B, 3, size, size]` in -0.5..0.5."""
        places = [self._place(generator) for generator in draws.items]
        if self._pixels is None:
            return to_floats(torch.from_numpy(np.stack([self._cut(place) for place in places])))
        return to_floats(self._pixels[self._numbers(places)])

    def _place(self, generator: np.random.Generator) -> Place:
        number = bisect_right(self._ends, generator.integers(self._ends[-1]))
        row, column = (int(generator.integers(extent - self._size + 1)) for extent in self._pictures[number].shape[:2])
        return Place(number, row, column, bool(generator.random() < 0.5))

    def _cut(self, place: Place) -> NDArray[np.uint8]:
        rows, columns = (slice(first, first + self._size) for first in (place.row, place.column))
        crop = self._pictures[place.picture][rows, columns]
        mirrored: NDArray[np.uint8] = crop[:, ::-1] if place.mirrored else crop
        return mirrored

    def _all_pixels(self) -> Tensor:
        """`[pixels, 3]`, of one picture after the other."""
        return torch.from_numpy(np.concatenate([picture.reshape(-1, 3) for picture in self._pictures]))

    def _numbers(self, places: Sequence[Place]) -> Tensor:
        """Of the pixels of crops, `[B, size, size]`."""
        within = torch.arange(self._size, device=self._device)
        rows = [self._first(place) + within * self._pictures[place.picture].shape[1] for place in places]
        columns = [within.flip(0) if place.mirrored else within for place in places]
        return torch.stack(rows)[:, :, None] + torch.stack(columns)[:, None]

    def _first(self, place: Place) -> int:
        """The number of the first pixel of a crop."""
        height, width, _ = self._pictures[place.picture].shape
        before = self._ends[place.picture] - int(height * width)
        return before + place.row * int(width) + place.column


class SoundCuts:
    """Cuts of sounds at varied levels, every place equally likely.

    Sounds shorter than a cut are followed by silence.

    Args:
        sounds: int16 `[N]` each.
        length: samples of a cut.
        device: where cuts are wanted.
    """

    def __init__(self, sounds: Sequence[NDArray[np.int16]], length: int, device: torch.device) -> None:
        self._sounds, self._length, self._device = sounds, length, device
        self._places = [max(1, len(sound) - length + 1) for sound in sounds]
        self._ends: list[int] = np.cumsum(self._places).tolist()

    def __call__(self, draws: Draws) -> Tensor:
        """Floats `[B, 1, length]` in -1..1."""
        cuts = np.stack([self._cut(generator) for generator in draws.items])
        return torch.from_numpy(cuts)[:, None].to(self._device)

    def _cut(self, generator: np.random.Generator) -> NDArray[np.float32]:
        number = bisect_right(self._ends, generator.integers(self._ends[-1]))
        first = int(generator.integers(self._places[number]))
        part = self._sounds[number][first : first + self._length] / np.float32(2**15)
        gain = 10 ** (generator.uniform(*GAINS) / 20)
        cut = np.zeros(self._length, np.float32)
        cut[: len(part)] = part * min(gain, 1 / max(float(np.abs(part).max()), 1e-3))
        return cut


def central_crops(pictures: Sequence[NDArray[np.uint8]], size: int) -> Tensor:
    """The middles of all pictures that are large enough, floats `[N, 3, size, size]`; smaller if none is."""
    side = min(size, max(min(picture.shape[:2]) for picture in pictures))
    return torch.cat([_middle(picture, side) for picture in pictures if min(picture.shape[:2]) >= side])


def central_cuts(sounds: Sequence[NDArray[np.int16]], length: int) -> Tensor:
    """The middles of all sounds, floats `[N, 1, length]`; shorter ones are followed by silence."""
    cuts = np.zeros((len(sounds), 1, length), np.float32)
    for cut, sound in zip(cuts[:, 0], sounds, strict=True):
        first = max(0, (len(sound) - length) // 2)
        part = sound[first : first + length] / np.float32(2**15)
        cut[: len(part)] = part
    return torch.from_numpy(cuts)


def _middle(picture: NDArray[np.uint8], side: int) -> Tensor:
    row, column = ((extent - side) // 2 for extent in picture.shape[:2])
    return to_floats(torch.from_numpy(picture[row : row + side, column : column + side].copy())[None])
