"""What all stages of one training share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import torch
from torch import Tensor

from vqcodec.training.engine.machine import Machine
from vqcodec.training.engine.randomness import Draws

__all__ = ["Crops", "Run"]

# From the draws of a step to originals `[B, C, ...]`, one for each of its items, on the device.
Crops = Callable[[Draws], Tensor]


@dataclass(frozen=True)
class Run:
    """One training.

    Attributes:
        machine: where it runs.
        folder: for checkpoints, log and events.
        seed: of all its random numbers.
    """

    machine: Machine
    folder: Path
    seed: int

    def seed_networks(self, purpose: str) -> None:
        """Let what torch draws by itself follow from the seed and a purpose: beginnings of networks and codebooks."""
        torch.manual_seed(int(Draws(self.seed, purpose, 0, range(0)).shared.integers(2**63)))

    def draws(self, purpose: str, step: int, batch: int) -> Draws:
        """The random numbers of this process's items in a step."""
        return Draws(self.seed, purpose, step, self.machine.share(batch))

    def fixed_draws(self, purpose: str, step: int, items: int) -> Draws:
        """Random numbers for what is held out, which are the same at every evaluation."""
        return Draws(self.seed, f"held out, {purpose}", step, range(items))

    def batches(self, crops: Crops, purpose: str, batch: int) -> Iterator[Tensor]:
        """Whole batches, the same in all processes, for what every process does by itself."""
        return (crops(Draws(self.seed, purpose, step, range(batch))) for step in count())
