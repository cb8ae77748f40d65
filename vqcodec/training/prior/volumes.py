"""Index volumes of training data, at every rate point: what a prior is fitted to."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from vqcodec.model.quality import Setting
from vqcodec.system.processes import processors
from vqcodec.training.data.originals import Originals
from vqcodec.training.engine.randomness import BySize, Draws

__all__ = ["LAMBDA_OCTAVES", "IndexVolumes", "collect_volumes"]

# The range of lambdas in files, in octaves around the lambda that codebooks are made for.
LAMBDA_OCTAVES = (-2.0, 2.0)


@dataclass(frozen=True)
class IndexVolumes:
    """Volumes of every rate point.

    Attributes:
        volumes: for each rate point a list of `[P, rows, columns]` (uint16); those of sound have one row.
    """

    volumes: list[list[NDArray[np.uint16]]]

    def crops(self, rate_point: int, size: int, draws: Draws) -> Tensor:
        """A random crop of a rate point for each item, int64 `[B, P, size, size]`, of one row if it is of sound.

        Smaller if every volume is.
        """
        mine = self.volumes[rate_point]
        flat = all(volume.shape[1] == 1 for volume in mine)
        extents = [volume.shape[2] if flat else min(volume.shape[1:]) for volume in mine]
        size = min(size, max(extents))
        shape = (1 if flat else size, size)
        usable = [volume for volume, extent in zip(mine, extents, strict=True) if extent >= size]
        by_area = BySize(volume.shape[1] * volume.shape[2] for volume in usable)
        crops = []
        for generator in draws.items:
            volume = usable[by_area.draw(generator)]
            i, j = (int(generator.integers(0, a - b + 1)) for a, b in zip(volume.shape[1:], shape, strict=True))
            crops.append(volume[:, i : i + shape[0], j : j + shape[1]])
        return torch.from_numpy(np.stack(crops).astype(np.int64))


def collect_volumes(
    originals: Originals, numbers: Sequence[int], lambda_: float, rng: np.random.Generator, in_context: bool = False
) -> IndexVolumes:
    """Encode originals at every rate point, with lambdas around `lambda_`.

    Codes are chosen by their bits at order 0, or, `in_context`, by those that the prior of the model gives them, as
    for files, which takes some ten times as long.
    """
    codec = originals.codec
    choose = codec.choose if in_context else codec.assign
    rate_points = range(len(codec.model.codebooks.sizes))
    volumes: list[list[NDArray[np.uint16]]] = [[] for _ in rate_points]
    with ThreadPoolExecutor(processors()) as pool:  # numpy's part of the work is on one thread each
        for number in tqdm(numbers, desc="indices", disable=None):
            for piece in originals.pieces(number):
                octaves = [float(rng.uniform(*LAMBDA_OCTAVES)) for _ in rate_points]
                chosen = [Setting(each, lambda_ * 2**octave) for each, octave in zip(rate_points, octaves, strict=True)]
                for mine, values in zip(volumes, pool.map(partial(choose, piece.latents), chosen), strict=True):
                    mine.append(values.astype(np.uint16))
    return IndexVolumes(volumes)
