"""The head of thumbnails, fitted to decoded pictures by least squares: see `vqcodec.transform.image.thumbnail`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bitstream import ImageSource
from vqcodec.codec.image import ImageCodec
from vqcodec.media.pictures.resizing import resized
from vqcodec.model.model import Model
from vqcodec.model.quality import Setting
from vqcodec.transform.image.thumbnail import BIAS, REDUCTION, WEIGHT, neighbourhoods

__all__ = ["fit_thumbnail"]

RIDGE = 1e-3  # of the mean square of an input


def fit_thumbnail(model: Model, originals: Iterable[tuple[NDArray[np.float32], ImageSource]]) -> Model:
    """The model with a head that is fitted to originals, each at another setting of the quality table.

    A model whose latents are less than REDUCTION pixels apart, or without a quality table, stays as it is.

    Args:
        model: of pictures.
        originals: z_e `[P, D, h, w]` and source of each picture.
    """
    codec, table = ImageCodec(model), model.config.quality
    if codec.stride < REDUCTION or not table:
        return model
    sums: list[NDArray[np.float64]] = []
    for number, (latents, source) in enumerate(originals):
        seen, wanted = _example(codec, latents, source, table[37 * number % len(table)])
        found = [seen.T @ seen, seen.T @ wanted]
        sums = [before + more for before, more in zip(sums, found, strict=True)] if sums else found
    if not sums:
        return model
    squares, products = sums
    squares += RIDGE * np.trace(squares) / len(squares) * np.eye(len(squares))
    solved = np.linalg.solve(squares, products).T.astype(np.float16).astype(np.float32)
    channels = model.prior.stream_ends[0] * model.codebooks.codewords.shape[3]
    head = {WEIGHT: solved[:, :-1].reshape(-1, channels, 3, 3), BIAS: solved[:, -1]}
    return replace(model, networks={**model.networks, **head})


def _example(
    codec: ImageCodec, latents: NDArray[np.float32], source: ImageSource, chosen: Setting
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What the head sees of a picture, with a 1 for its bias, and what it shall give; at whole positions only."""
    rows, columns = source.height // codec.stride, source.width // codec.stride
    indices = codec.quantize(latents, chosen, source)
    planes = codec.model.prior.stream_ends[0]
    z_q = codec.model.codebooks.look_up(indices.values[:planes], indices.rate_point, planes)
    _, height, width = z_q.shape
    seen = neighbourhoods(z_q, 0, height).reshape(height, width, -1)[:rows, :columns].reshape(rows * columns, -1)
    whole = codec.pixels(indices)[: rows * codec.stride, : columns * codec.stride]
    small = resized(whole, whole.shape[1] // REDUCTION, whole.shape[0] // REDUCTION) / 255 - 0.5
    squares = small.reshape(rows, codec.stride // REDUCTION, columns, codec.stride // REDUCTION, 3)
    wanted = squares.transpose(0, 2, 4, 1, 3).reshape(rows * columns, -1)
    return np.concatenate([seen, np.ones((len(seen), 1))], axis=1, dtype=np.float64), wanted
