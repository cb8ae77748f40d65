"""Random cuts of sounds, by the draws of a step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vqcodec.training.engine.randomness import BySize, Draws

__all__ = ["SoundCuts", "central_cuts"]

GAINS = (-12.0, 6.0)  # cuts are made so much louder or softer, in dB, as recordings come at all levels


class SoundCuts:
    """Cuts of sounds at varied levels, every place equally likely.

    Sounds shorter than a cut are followed by silence.

    Args:
        sounds: int16 `[N]` each.
        length: samples of a cut.
        device: where cuts are wanted.
    """

    def __init__(self, sounds: Sequence[NDArray[np.int16]], length: int, device: torch.device) -> None:
        self._sounds, self._length, self._device = sounds, length, device
        self._places = [max(1, len(sound) - length + 1) for sound in sounds]
        self._by_places = BySize(self._places)

    def __call__(self, draws: Draws) -> Tensor:
        """Floats `[B, 1, length]` in -1..1."""
        cuts = np.stack([self._cut(generator) for generator in draws.items])
        return torch.from_numpy(cuts)[:, None].to(self._device)

    def _cut(self, generator: np.random.Generator) -> NDArray[np.float32]:
        number = self._by_places.draw(generator)
        first = int(generator.integers(self._places[number]))
        part = self._sounds[number][first : first + self._length] / np.float32(2**15)
        gain = 10 ** (generator.uniform(*GAINS) / 20)
        cut = np.zeros(self._length, np.float32)
        cut[: len(part)] = part * min(gain, 1 / max(float(np.abs(part).max()), 1e-3))
        return cut


def central_cuts(sounds: Sequence[NDArray[np.int16]], length: int) -> Tensor:
    """The middles of all sounds, floats `[N, 1, length]`; shorter ones are followed by silence."""
    cuts = np.zeros((len(sounds), 1, length), np.float32)
    for cut, sound in zip(cuts[:, 0], sounds, strict=True):
        first = max(0, (len(sound) - length) // 2)
        part = sound[first : first + length] / np.float32(2**15)
        cut[: len(part)] = part
    return torch.from_numpy(cuts)
