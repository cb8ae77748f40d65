"""Training pictures: decoded once into a cache of uint8 arrays.

The cache holds one `.npy` file a picture, memory-mapped while training, so that a data set larger than memory works
and a second run starts at once. Processes that decode import this module, and need no torch.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bitstream.errors import InputError
from vqcodec.media.pictures.reading import read_rgb
from vqcodec.system.files import atomic_write
from vqcodec.system.processes import Processes, processors
from vqcodec.training.data.sources import digest_of, find_sources

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["PictureCache", "crops_to_tensor", "to_floats"]


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
        cache: where the decoded arrays are kept, by what is in their files.

    Attributes:
        pictures: the arrays, those of `.npy` files last.
        digest: of all files that could be read.

    Raises:
        InputError: no picture could be read.
    """

    def __init__(self, folder: Path, cache: Path) -> None:
        sources = find_sources(folder, lambda path: path.suffix.lower() != ".csv", cache)
        arrays = [source.path for source in sources if source.path.suffix == ".npy"]
        targets = {source.path: cache / f"{source.digest[:32]}.npy" for source in sources if source.path not in arrays}
        missing = [(source, target) for source, target in targets.items() if not target.exists()]
        if missing:
            with Processes(_decode, processors()) as pool:
                list(pool.results(missing, "decoding pictures"))
        self.digest = digest_of([each for each in sources if each.path in arrays or targets[each.path].exists()])
        self.pictures: list[NDArray[np.uint8]] = [
            np.load(target, mmap_mode="r") for target in targets.values() if target.exists()
        ]
        for path in arrays:
            self.pictures.extend(np.load(path, mmap_mode="r"))
        if not self.pictures:
            raise InputError(f"no readable picture in {folder}")

    def __len__(self) -> int:
        return len(self.pictures)


def crops_to_tensor(crops: NDArray[np.uint8]) -> Tensor:
    """uint8 `[B, H, W, 3]` to floats `[B, 3, H, W]` in -0.5..0.5, channels last in memory."""
    import torch

    return to_floats(torch.from_numpy(crops))


def to_floats(pixels: Tensor) -> Tensor:
    """The same for a tensor on any device."""
    return pixels.permute(0, 3, 1, 2).float() / 255 - 0.5
