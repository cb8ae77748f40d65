"""Random crops of pictures, by the draws of a step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bitstream.errors import InputError
from vqcodec.training.data.pictures import to_floats
from vqcodec.training.engine.randomness import BySize, Draws

__all__ = ["PictureCrops", "central_crops"]


@dataclass(frozen=True)
class Place:
    """Of a crop: the number of its picture, its first row and column, and whether it is mirrored."""

    picture: int
    row: int
    column: int
    mirrored: bool


class PictureCrops:
    """Crops of pictures, which are drawn in proportion to their area; half of the crops are mirrored.

    Pictures smaller than a crop are left out. On an accelerator all pictures lie in its memory, and are cut there,
    unless they would take more than half of it.

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
        self._by_area = BySize(each.shape[0] * each.shape[1] for each in self._pictures)
        self._pixels = self._all_pixels().to(device) if _has_room(device, 3 * self._by_area.ends[-1]) else None

    def __call__(self, draws: Draws) -> Tensor:
        """Floats `[B, 3, size, size]` in -0.5..0.5."""
        places = [self._place(generator) for generator in draws.items]
        if self._pixels is None:
            return to_floats(torch.from_numpy(np.stack([self._cut(place) for place in places])).to(self._device))
        return to_floats(self._pixels[self._numbers(places)])

    def _place(self, generator: np.random.Generator) -> Place:
        number = self._by_area.draw(generator)
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
        before = self._by_area.ends[place.picture] - int(height * width)
        return before + place.row * int(width) + place.column


def _has_room(device: torch.device, wanted: int) -> bool:
    """Whether so many bytes are to lie in the memory of a device that has its own."""
    if device.type == "cuda":
        return wanted <= torch.cuda.mem_get_info(device)[0] // 2
    return device.type != "cpu"


def central_crops(pictures: Sequence[NDArray[np.uint8]], stride: int, size: int) -> Tensor:
    """The middles of all pictures that are large enough, floats `[N, 3, size, size]`; smaller if none is.

    Raises:
        InputError: no picture is as large as the stride.
    """
    side = min(size, max(min(picture.shape[:2]) for picture in pictures) // stride * stride)
    if not side:
        raise InputError(f"no picture that is held out has {stride}x{stride} pixels")
    return torch.cat([_middle(picture, side) for picture in pictures if min(picture.shape[:2]) >= side])


def _middle(picture: NDArray[np.uint8], side: int) -> Tensor:
    row, column = ((extent - side) // 2 for extent in picture.shape[:2])
    return to_floats(torch.from_numpy(picture[row : row + side, column : column + side].copy())[None])
