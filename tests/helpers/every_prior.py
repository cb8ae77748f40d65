"""Priors of both kinds by name, and the tables that their decoding asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitstream import check_frequencies
from tests.helpers.pixelcnns import PIXELCNNS, pixelcnn_named
from tests.helpers.wavenets import WAVENETS, wavenet_named
from vqcodec.prior.pixelcnn import PixelCNN
from vqcodec.prior.skew import LAG
from vqcodec.prior.wavefront import diagonals
from vqcodec.prior.wavenet import WaveNet

__all__ = ["LAYOUTS", "NAMES", "EitherPrior", "coding_order", "prior_named", "tables_of"]

EitherPrior = PixelCNN | WaveNet

NAMES = [*(f"pixelcnn-{name}" for name in PIXELCNNS), *(f"wavenet-{name}" for name in WAVENETS)]


# Of index volumes, none of which shows.
LAYOUTS: dict[str, Callable[[NDArray[np.int32]], Any]] = {
    "Fortran": np.asfortranarray,
    "sliced": lambda x: np.repeat(x, 2, 2)[:, :, ::2],
    "backwards": lambda x: np.ascontiguousarray(x[:, ::-1])[:, ::-1],
    "int64": lambda x: x.astype(np.int64),
}


def prior_named(name: str) -> EitherPrior:
    """One of `NAMES`."""
    kind, own = name.split("-")
    return pixelcnn_named(own) if kind == "pixelcnn" else wavenet_named(own)


def coding_order(
    prior: EitherPrior, rate_point: int, rows: int, columns: int
) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """The plane, and the positions in it, of each call of the entropy coder, as docs/FORMAT.md has them."""
    sizes = prior.sizes[rate_point]
    if isinstance(prior, PixelCNN):
        for planes in prior.plane_ranges:
            for at in (diagonal.flat() for diagonal in diagonals(rows, columns)):
                yield from ((plane, at) for plane in planes if sizes[plane] > 1 and at.size)
        return
    for step in range(columns + LAG * (len(prior.slices) - 1)):
        for number, planes in enumerate(prior.plane_ranges):
            if 0 <= step - LAG * number < columns:
                at = np.arange(rows) * columns + step - LAG * number
                yield from ((plane, at) for plane in planes if sizes[plane] > 1)


class Replay:
    """In place of a stream: it gives known indices, in the order of coding, and keeps the tables that it gets."""

    def __init__(self, prior: EitherPrior, indices: NDArray[np.int32], rate_point: int) -> None:
        _, rows, columns = indices.shape
        self._flat = indices.reshape(len(indices), -1)
        self._calls = coding_order(prior, rate_point, rows, columns)
        self.tables = {
            plane: np.full((rows * columns, size), np.nan)
            for plane, size in enumerate(prior.sizes[rate_point].tolist())
            if size > 1
        }

    def decode(self, frequencies: NDArray[np.float64]) -> NDArray[np.int32]:
        plane, at = next(self._calls)
        check_frequencies(frequencies)
        self.tables[plane][at] = frequencies
        symbols: NDArray[np.int32] = self._flat[plane, at]
        return symbols

    @property
    def is_done(self) -> bool:
        return next(self._calls, None) is None


def tables_of(prior: EitherPrior, indices: NDArray[np.int32], rate_point: int) -> dict[int, NDArray[np.float64]]:
    """The tables `[N, K]` of each plane with a choice that decoding these indices asks for."""
    source = Replay(prior, indices, rate_point)
    _, rows, columns = indices.shape
    assert (prior.sample(source, rate_point, rows, columns) == indices).all()
    assert source.is_done
    return source.tables
