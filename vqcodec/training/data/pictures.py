"""Training pictures: decoded once into a cache of uint8 arrays, then cropped at random.

The cache holds one `.npy` file a picture, memory-mapped while training, so that a data set larger than memory works
and a second run starts at once. Processes that decode import this module, and need no torch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bitstream.errors import InputError
from vqcodec.media.pictures.reading import read_rgb
from vqcodec.system.files import atomic_write
from vqcodec.system.processes import Processes, processors

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["PictureCache", "crops_to_tensor", "random_crops"]


def _decode(source_and_target: tuple[Path, Path]) -> None:
    """Write a picture as uint8 `[H, W, 3]`, unless Pillow cannot read it."""
    source, target = source_and_target
    try:
        pixels = np.asarray(read_rgb(source).image)
    except (InputError, OSError):
        return
    with atomic_write(target, force=True) as file:
        np.save(file, pixels)


class PictureCache:
    """The pictures of a folder (recursively) as memory-mapped uint8 arrays `[H, W, 3]`.

    Args:
        folder: where the pictures are; anything that Pillow reads. A `.npy` file of uint8 `[N, H, W, 3]` is taken as
            N pictures.
        cache: where the decoded arrays are kept.

    Raises:
        InputError: no picture could be read.
    """

    def __init__(self, folder: Path, cache: Path) -> None:
        if not folder.is_dir():
            raise InputError(f"{folder}: no such folder")
        cache.mkdir(parents=True, exist_ok=True)
        sources = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix.lower() != ".csv")
        arrays = [path for path in sources if path.suffix == ".npy"]
        targets = {
            path: cache / f"{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]}.npy"
            for path in sources
            if path not in arrays
        }
        missing = [(source, target) for source, target in targets.items() if not target.exists()]
        if missing:
            with Processes(_decode, processors()) as pool:
                list(pool.results(missing, "decoding pictures"))
        self.pictures: list[NDArray[np.uint8]] = [
            np.load(target, mmap_mode="r") for target in targets.values() if target.exists()
        ]
        for path in arrays:
            self.pictures.extend(np.load(path, mmap_mode="r"))
        if not self.pictures:
            raise InputError(f"no readable picture in {folder}")

    def __len__(self) -> int:
        return len(self.pictures)


def random_crops(
    pictures: list[NDArray[np.uint8]], batch: int, size: int, rng: np.random.Generator
) -> Iterator[Tensor]:
    """Endless batches as of `crops_to_tensor`, pictures drawn in proportion to their area, mirrored half the time.

    Pictures smaller than `size` are left out, unless all are.
    """
    usable = [p for p in pictures if min(p.shape[:2]) >= size]
    if not usable:
        raise InputError(f"no picture is as large as a training crop of {size}x{size}")
    area = np.array([p.shape[0] * p.shape[1] for p in usable], dtype=np.float64)
    while True:
        crops = np.empty((batch, size, size, 3), np.uint8)
        for n, which in enumerate(rng.choice(len(usable), batch, p=area / area.sum())):
            picture = usable[which]
            i, j = (int(rng.integers(0, extent - size + 1)) for extent in picture.shape[:2])
            crop = picture[i : i + size, j : j + size]
            crops[n] = crop[:, ::-1] if rng.random() < 0.5 else crop
        yield crops_to_tensor(crops)


def crops_to_tensor(crops: NDArray[np.uint8]) -> Tensor:
    """uint8 `[B, H, W, 3]` to floats `[B, 3, H, W]` in -0.5..0.5, channels last in memory."""
    import torch

    return torch.from_numpy(crops).permute(0, 3, 1, 2).float() / 255 - 0.5
