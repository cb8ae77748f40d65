"""Recordings in consecutive blocks `[C, n]`: other block lengths, other total lengths."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = ["equal_blocks", "fit_blocks", "fit_length"]

_SILENCE = 2**16  # samples a channel of a block of silence, at most


def equal_blocks(blocks: Iterable[NDArray[np.float32]], length: int) -> Iterator[NDArray[np.float32]]:
    """Blocks of `length` samples a channel; the last one may be shorter, but not empty."""
    held: list[NDArray[np.float32]] = []
    missing = length
    for each in blocks:
        block = each
        while block.shape[1] >= missing:
            yield np.concatenate([*held, block[:, :missing]], axis=1)
            block, held, missing = block[:, missing:], [], length
        held.append(block)
        missing -= block.shape[1]
    if missing < length:
        yield np.concatenate(held, axis=1)


def fit_length(samples: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    """`[C, N]` -> `[C, length]`: cut at the end, or padded with silence."""
    missing = max(0, length - samples.shape[1])
    return np.pad(samples[:, :length], ((0, 0), (0, missing)))


def fit_blocks(blocks: Iterable[NDArray[np.float32]], length: int) -> Iterator[NDArray[np.float32]]:
    """`fit_length` of at least one block `[C, n]`. It takes no more blocks than it needs."""
    block, left = None, length
    for block in blocks:
        yield block[:, :left]
        left -= min(left, block.shape[1])
        if not left:
            return
    if block is not None:
        for start in range(0, left, _SILENCE):
            yield np.zeros((len(block), min(_SILENCE, left - start)), np.float32)
