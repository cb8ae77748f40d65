"""The bits of an original under a model: -log2 p(x) <= -log2 p(x|z_q) - log2 p(z_q)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np

from vqcodec.codec.base import Codec
from vqcodec.codec.indices import Indices

__all__ = ["FileBits", "bits_of_codes", "mean_bits"]


class FileBits(Protocol):
    """What an original costs; a dataclass that also has its figures, in bits per dim, as fields."""

    @property
    def file(self) -> str:
        """The name of the file."""

    @property
    def dims(self) -> int:
        """How many dims the original has."""


def bits_of_codes(codec: Codec, indices: Indices) -> tuple[float, float]:
    """-log2 p(z_q) under the prior; and the same if all indices were equally likely."""
    prior = float(codec.bits(indices).sum())
    uniform = float(np.log2(indices.sizes).sum() * indices.values[0].size)
    return prior, uniform


def mean_bits(rows: Sequence[FileBits], figures: Iterable[str]) -> dict[str, float]:
    """Every figure, by its name, as the mean over all dims: all bits divided by all dims."""
    dims = sum(row.dims for row in rows)
    return {name: sum(getattr(row, name) * row.dims for row in rows) / dims for name in figures}
