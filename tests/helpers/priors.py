"""What priors of both kinds need: indices, and layers at the very end of the exact range."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vqcodec.prior.base import Prior
from vqcodec.prior.exact import ACC_LIMIT, ACTIVATION_MAX, ExactLayer

__all__ = ["bound_layer", "random_indices", "worst_inputs"]


def random_indices(prior: Prior, rate: int, height: int, width: int, seed: int = 0) -> NDArray[np.int32]:
    """Indices `[P, height, width]`, every one as likely as the others."""
    rng = np.random.default_rng(seed)
    high = prior.sizes[rate][:, None, None]
    return rng.integers(0, high, (len(high), height, width)).astype(np.int32)


def bound_layer(
    rng: np.random.Generator, inputs: int, outputs: int, rate_points: int = 1, shifts: tuple[int, int] = (0, 20)
) -> ExactLayer:
    """A layer whose every column reaches 2**23 - 1 at the worst input, weights first and the bias for the rest.

    Every other column has weights of one sign, so that inputs of one sign come near the bound, too.
    """
    sign = rng.choice([-1, 1], (inputs, outputs))
    sign[:, ::2] = sign[:1, ::2]
    weight = rng.integers(120, 128, (inputs, outputs)) * sign
    # As many weights as the range has room for, at random places; the others are zero.
    room = (ACC_LIMIT - 1) // ACTIVATION_MAX
    for column in weight.T:
        order = rng.permutation(inputs)
        column[order] *= np.abs(column[order]).cumsum() <= room
    rest = ACC_LIMIT - 1 - np.abs(weight).sum(0) * ACTIVATION_MAX
    return ExactLayer(
        weight=weight.astype(np.int8),
        bias=(rest * rng.choice([-1, 1], (rate_points, outputs))).astype(np.int32),
        shift=rng.integers(shifts[0], shifts[1], outputs, endpoint=True).astype(np.int8),
        input_max=ACTIVATION_MAX,
    )


def worst_inputs(rng: np.random.Generator, layer: ExactLayer, rows: int) -> NDArray[np.float32]:
    """Inputs `[rows, I]` that drive one column after the other to its bound, some of their signs flipped."""
    sign = np.sign(layer.weight.T.astype(np.int64))[np.arange(rows) % layer.weight.shape[1]]
    sign[sign == 0] = 1
    flipped = rng.random(sign.shape) < rng.choice([0, 0.01, 0.3], (rows, 1))
    inputs: NDArray[np.float32] = np.where(flipped, -sign, sign).astype(np.float32)
    return ACTIVATION_MAX * inputs * rng.choice([-1, 1], (rows, 1)).astype(np.float32)
