"""Layers side by side are the layers, at the bound and in any memory layout."""

from __future__ import annotations

import numpy as np
import pytest

from bitstream import ModelError
from tests.helpers.priors import bound_layer, worst_inputs
from tests.helpers.wavenets import wavenet_named
from vqcodec.prior.exact import ExactStack, add_clamped, gate


@pytest.mark.parametrize("rows", [1, 2, 33])
def test_stacks_are_their_layers_at_the_bound(rows: int) -> None:
    rng = np.random.default_rng(rows)
    layers = [bound_layer(rng, 300, 40, rate_points=2) for _ in range(4)]
    x = np.stack([worst_inputs(rng, layer, rows) for layer in layers])
    stack = ExactStack(layers)
    for rate in (0, 1):
        expected = np.stack([layer(each, rate) for layer, each in zip(layers, x, strict=True)])
        for count in (1, 3, 4):
            for made in (x[:count], np.asfortranarray(x[:count]), np.repeat(x[:count], 2, 1)[:, ::2]):
                assert (stack(made, rate) == expected[:count]).all()


def test_stacks_are_of_one_shape() -> None:
    rng = np.random.default_rng(0)
    layer = bound_layer(rng, 30, 4, rate_points=2)
    for other in (
        bound_layer(rng, 31, 4, rate_points=2),
        bound_layer(rng, 30, 5, rate_points=2),
        bound_layer(rng, 30, 4),
    ):
        with pytest.raises(ModelError, match="one shape"):
            ExactStack([layer, other])
    with pytest.raises(ModelError, match="one shape"):
        ExactStack([])


def test_gates_and_sums_take_any_dimensions() -> None:
    tables, rng = wavenet_named("plain").tables, np.random.default_rng(0)
    x = rng.integers(-300, 300, (3, 5, 14)).astype(np.float32)
    assert (gate(x, tables) == gate(x.reshape(15, 14), tables).reshape(3, 5, 7)).all()
    a, b = rng.integers(-255, 256, (2, 3, 5, 14)).astype(np.float32)
    assert (add_clamped(a, b) == np.clip(a + b, -255, 255)).all()
