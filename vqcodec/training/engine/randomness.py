"""Random numbers of training, by step and item: no state has to be kept, so a run goes on exactly where it stopped."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property
from hashlib import sha256
from itertools import accumulate

import numpy as np
import torch
from torch import Tensor

__all__ = ["BySize", "Draws"]


class BySize:
    """Draws numbers of things in proportion to their sizes.

    Attributes:
        ends: of each, where it ends if they follow each other.
    """

    def __init__(self, sizes: Iterable[int]) -> None:
        self.ends = list(accumulate(sizes))

    def draw(self, generator: np.random.Generator) -> int:
        """The number of one of them."""
        return bisect_right(self.ends, generator.integers(self.ends[-1]))


class Draws:
    """The random numbers of one step. Those of an item do not depend on which process has it.

    Args:
        seed: of the training.
        purpose: what they are for, as the name of a stage.
        step: the number of the step.
        items: those of the global batch that are wanted.
    """

    def __init__(self, seed: int, purpose: str, step: int, items: range) -> None:
        self._key = [seed, int.from_bytes(sha256(purpose.encode()).digest()[:8], "little"), step]
        self._numbers = items

    @cached_property
    def shared(self) -> np.random.Generator:
        """For what is the same for all items."""
        return np.random.default_rng([*self._key, 0])

    @cached_property
    def items(self) -> list[np.random.Generator]:
        """A generator for each item."""
        return [np.random.default_rng([*self._key, 1 + number]) for number in self._numbers]

    def rate_points(self, count: int, x: Tensor) -> Tensor:
        """A rate point of `count` for each item, on the device of `x`."""
        return torch.tensor([int(generator.integers(count)) for generator in self.items], device=x.device)

    def noise(self, like: Tensor) -> Tensor:
        """Uniform in -0.5..0.5, of the shape `[B, ...]` and on the device of a tensor."""
        source = torch.Generator(like.device if like.device.type in ("cuda", "mps") else "cpu")
        noise = torch.empty(like.shape, device=like.device)
        for item, generator in zip(noise, self.items, strict=True):
            item.uniform_(-0.5, 0.5, generator=source.manual_seed(int(generator.integers(2**63))))
        return noise
