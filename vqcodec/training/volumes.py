"""Index volumes of training pictures, at every rate point: what a prior is fitted to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from vqcodec.codec import Codec
from vqcodec.quality import Setting

__all__ = ["IndexVolumes", "collect_volumes"]

# Pictures are cut into pieces of at most this side, so that one worth of a bit is drawn for each piece.
PIECE = 512


@dataclass(frozen=True)
class IndexVolumes:
    """Volumes of one rate point each.

    Attributes:
        volumes: for each rate point a list of `[P, h, w]` (uint16).
    """

    volumes: list[list[NDArray[np.uint16]]]

    def crops(self, rate: int, batch: int, size: int, rng: np.random.Generator) -> Tensor:
        """A random batch of a rate point, int64 `[batch, P, size, size]`; smaller if every volume is."""
        mine = self.volumes[rate]
        size = min(size, min(max(min(v.shape[1:]) for v in mine), size))
        usable = [v for v in mine if min(v.shape[1:]) >= size]
        area = np.array([v.shape[1] * v.shape[2] for v in usable], float)
        out = np.empty((batch, usable[0].shape[0], size, size), np.int64)
        for n, which in enumerate(rng.choice(len(usable), batch, p=area / area.sum())):
            volume = usable[which]
            i, j = (int(rng.integers(0, extent - size + 1)) for extent in volume.shape[1:])
            out[n] = volume[:, i : i + size, j : j + size]
        return torch.from_numpy(out)


def collect_volumes(
    codec: Codec, pictures: list[NDArray[np.uint8]], lambda_: float, rng: np.random.Generator
) -> IndexVolumes:
    """Encode all pictures at every rate point, with worths of a bit around `lambda_`, as files will have."""
    rates = range(len(codec.model.codebooks.sizes))
    volumes: list[list[NDArray[np.uint16]]] = [[] for _ in rates]
    for picture in tqdm(pictures, desc="indices", disable=None):
        for i in range(0, picture.shape[0], PIECE):
            for j in range(0, picture.shape[1], PIECE):
                piece = np.ascontiguousarray(picture[i : i + PIECE, j : j + PIECE])
                latents = codec.analyse(piece)
                for rate in rates:
                    chosen = Setting(rate, lambda_ * 2 ** float(rng.uniform(-1, 1)))
                    volumes[rate].append(codec.assign(latents, chosen).astype(np.uint16))
    return IndexVolumes(volumes)
