"""What the priors of pictures and of sound share: values, integer layers, gates and tables, in int64."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tests.second_decoder.model_file import ModelFile

__all__ = ["IntegerLayers", "Integers"]

Integers = NDArray[np.int64]


class IntegerLayers:
    """The arrays of a prior at a rate point."""

    def __init__(self, model: ModelFile, rate_point: int) -> None:
        prior = {name: array for name, array in model.arrays.items() if name.startswith("prior/")}
        self._arrays = {name.removeprefix("prior/"): array.astype(np.int64) for name, array in prior.items()}
        self._rate_point = rate_point
        self.value_size = self._arrays["values"].shape[3]

    def array(self, name: str) -> Integers:
        return self._arrays[name]

    def depth(self, stack: str) -> int:
        """How many layers `stack/0`, `stack/1`, ... there are."""
        return sum(name.startswith(f"{stack}/") and name.endswith("/weight") for name in self._arrays)

    def channels(self, stack: str) -> int:
        """How many outputs its gated layers have."""
        return len(self._arrays[f"{stack}/0/shift"]) // 2

    def values(self, plane: int, indices: Integers) -> Integers:
        """The vectors `[..., D]` of indices `[...]`."""
        found: Integers = self._arrays["values"][self._rate_point, plane][indices]
        return found

    def gated(self, name: str, x: Integers) -> Integers:
        """A layer and its gate: `[..., inputs]` to `[..., outputs / 2]`."""
        u, v = np.split(self._layer(name, x, self._rate_point), 2, axis=-1)
        tanh, sigmoid = self._arrays["tanh"], self._arrays["sigmoid"]
        return (2 * tanh[clamped(u) + 255] * sigmoid[clamped(v) + 255] + 128) // 256

    def residual(self, name: str, x: Integers, state: Integers) -> Integers:
        """A gated layer whose outputs are added to the state."""
        return clamped(state + self.gated(name, x))

    def logits(self, s: int, hidden: Integers) -> Integers:
        """Those of all planes of slice `s` that have a choice, side by side."""
        return self._layer(f"{s}/heads/{self._rate_point}", hidden, 0)

    def table(self, logits: Integers) -> list[int]:
        """The chances of the symbols of one plane, in units of 2^-24."""
        e = self._arrays["exp"][np.minimum(logits.max() - logits, 400)]
        reciprocal = (2**24 - len(e)) * 2**24 // e.sum()
        f = 1 + e * reciprocal // 2**24
        f[0] += 2**24 - f.sum()
        table: list[int] = f.tolist()
        return table

    def _layer(self, name: str, x: Integers, row: int) -> Integers:
        """`[..., inputs]` to `[..., outputs]`, with a row of the biases."""
        weight, bias, shift = (self._arrays[f"{name}/{part}"] for part in ("weight", "bias", "shift"))
        y: Integers = (2 * (x @ weight + bias[row]) + 2**shift) // 2 ** (shift + 1)
        return y


def clamped(x: Integers) -> Integers:
    return x.clip(-255, 255)
