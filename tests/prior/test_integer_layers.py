"""Integer layers: equal to integer arithmetic at the very end of their range, however they are evaluated."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bitstream import PRECISION, ModelError, check_frequencies
from tests.helpers.priors import bound_layer, worst_inputs
from vqcodec.prior.exact import (
    ACC_LIMIT,
    ACTIVATION_MAX,
    EXP_RANGE,
    GATE_RANGE,
    PREACTIVATION_BITS,
    ExactLayer,
    Tables,
    frequencies,
    gate,
)

TABLES = Tables.standard()
SEEDS = st.integers(0, 2**32 - 1)


# Layers ------------------------------------------------------------------------------------------------------------


def layer_of(weights: list[int], bias: int, shift: int = 0, input_max: int = ACTIVATION_MAX) -> ExactLayer:
    """A layer of one output."""
    return ExactLayer(
        np.array(weights, np.int8)[:, None], np.array([[bias]], np.int32), np.array([shift], np.int8), input_max
    )


FULL = [127] * 259  # 259 * 127 * 255 = 2**23 - 893


@pytest.mark.parametrize("sign", [-1, 1])
def test_bound_of_a_layer_is_sharp(sign: int) -> None:
    weights = [sign * w for w in FULL]
    layer = layer_of(weights, bias=-sign * 892)
    assert ACC_LIMIT - 1 == 259 * 127 * 255 + 892
    for bias in (893, -893):
        with pytest.raises(ModelError, match="range in which sums are exact"):
            layer_of(weights, bias)
    x = np.full((1, 259), -ACTIVATION_MAX, np.float32)
    assert layer(x, 0) == -sign * (ACC_LIMIT - 1)


@pytest.mark.parametrize(
    ("weights", "bias", "input_max"),
    [
        ([*FULL, 4], 0, 255),
        ([-128] * 257, 128, 255),
        ([], ACC_LIMIT, 255),
        ([], -ACC_LIMIT, 255),
        ([], -(2**31), 255),
        ([1], 0, ACC_LIMIT),
        ([2**6] * 2**7, 0, 2**10),
    ],
)
def test_layers_that_could_leave_the_range(weights: list[int], bias: int, input_max: int) -> None:
    with pytest.raises(ModelError, match="range in which sums are exact"):
        layer_of(weights, bias, input_max=input_max)


def test_every_rate_point_is_checked() -> None:
    layer = bound_layer(np.random.default_rng(0), 20, 3, rate_points=4)
    bias = layer.bias.copy()
    bias[2, 1] += np.sign(bias[2, 1])
    with pytest.raises(ModelError, match="range in which sums are exact"):
        replace(layer, bias=bias)


@pytest.mark.parametrize(
    "change",
    [
        {"shift": np.array([0, -1, 0], np.int8)},
        {"shift": np.array([21, 0, 0], np.int8)},
        {"shift": np.zeros(2, np.int8)},
        {"shift": np.zeros((1, 3), np.int8)},
        {"bias": np.zeros(3, np.int32)},
        {"bias": np.zeros((1, 4), np.int32)},
        {"bias": np.zeros((0, 3), np.int32)},
        {"weight": np.zeros(3, np.int8)},
        {"weight": np.zeros((5, 4), np.int8)},
        {"weight": np.zeros((5, 3, 1), np.int8)},
    ],
    ids=str,
)
def test_layers_whose_parts_do_not_fit(change: dict[str, Any]) -> None:
    parts: dict[str, Any] = {
        "weight": np.zeros((5, 3), np.int8),
        "bias": np.zeros((1, 3), np.int32),
        "shift": np.zeros(3, np.int8),
    }
    ExactLayer(**parts, input_max=ACTIVATION_MAX)
    with pytest.raises(ModelError, match=r"wrong|shift"):
        ExactLayer(**parts | change, input_max=ACTIVATION_MAX)


def test_checking_a_layer_takes_little_memory() -> None:
    """Of a large model of which nothing is known yet: its weights in float32, and no more."""
    parts = np.full((1000, 500), 1, np.int8), np.zeros((1, 500), np.int32), np.zeros(500, np.int8)
    tracemalloc.start()
    try:
        ExactLayer(*parts, ACTIVATION_MAX)
        assert tracemalloc.get_traced_memory()[1] < 5 * parts[0].size
    finally:
        tracemalloc.stop()


def in_integers(layer: ExactLayer, x: NDArray[np.float32], rate: int) -> NDArray[np.int64]:
    """The layer in int64: `(acc + 2**(shift-1)) >> shift`."""
    acc = x.astype(np.int64) @ layer.weight.astype(np.int64) + layer.bias[rate]
    shift = layer.shift.astype(np.int64)
    assert np.abs(acc).max() < ACC_LIMIT
    rounded: NDArray[np.int64] = (2 * acc + (1 << shift)) >> (shift + 1)
    return rounded


LAYOUTS: dict[str, Callable[[NDArray[np.float32]], NDArray[np.float32]]] = {
    "C": np.ascontiguousarray,
    "Fortran": np.asfortranarray,
    "sliced": lambda x: np.repeat(np.repeat(x, 2, 0), 3, 1)[::2, ::3],
    "backwards": lambda x: np.ascontiguousarray(x[::-1, ::-1])[::-1, ::-1],
    "unaligned": lambda x: np.frombuffer(b"\0" + x.tobytes(), np.uint8)[1:].view(np.float32).reshape(x.shape),
    "broadcast": lambda x: np.broadcast_to(x[:1], x.shape),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@settings(deadline=None, max_examples=15)
@given(SEEDS, st.integers(1, 700), st.integers(1, 40), st.integers(1, 40))
def test_layers_equal_integers_at_the_bound(layout: str, seed: int, inputs: int, outputs: int, rows: int) -> None:
    rng = np.random.default_rng(seed)
    layer = bound_layer(rng, inputs, outputs, rate_points=2)
    x = LAYOUTS[layout](worst_inputs(rng, layer, rows))
    for rate in (0, 1):
        assert (layer(x, rate) == in_integers(layer, x, rate)).all()


@pytest.mark.parametrize("step", [1, 2, 7, 64])
def test_batches_can_be_split_anywhere(step: int) -> None:
    rng = np.random.default_rng(step)
    layer = bound_layer(rng, 500, 130)
    x = worst_inputs(rng, layer, 130)
    expected = in_integers(layer, x, 0)
    parts = [layer(x[first : first + step], 0) for first in range(0, len(x), step)]
    assert (np.concatenate(parts) == expected).all()
    assert np.abs(x.astype(np.int64) @ layer.weight + layer.bias[0]).max() == ACC_LIMIT - 1  # the bound was reached


def test_parts_of_a_product_add_up() -> None:
    """The context's share of the first causal layer is computed on its own."""
    rng = np.random.default_rng(0)
    layer = bound_layer(rng, 300, 50)
    x = worst_inputs(rng, layer, 100)
    for cut in (1, 150, 299):
        acc = x[:, :cut] @ layer.matrix[:cut] + x[:, cut:] @ layer.matrix[cut:]
        assert (layer.finish(acc, 0) == in_integers(layer, x, 0)).all()


# Functions ---------------------------------------------------------------------------------------------------------


def divided(values: np.ndarray, shift: int) -> np.ndarray:
    """What a layer of one weight 1 makes of `values`: it only divides."""
    one, none = np.array([[1]], np.int8), np.array([[0]], np.int32)
    layer = ExactLayer(one, none, np.array([shift], np.int8), input_max=ACC_LIMIT - 1)
    return layer(np.asarray(values, np.float32)[:, None], 0)[:, 0]


@settings(max_examples=300)
@given(st.integers(-ACC_LIMIT + 1, ACC_LIMIT - 1), st.integers(0, 20))
def test_division_rounds_halves_up(value: int, shift: int) -> None:
    result = divided(np.array([value]), shift)
    assert result.dtype == np.float32
    assert result[0] == (2 * value + 2**shift) >> (shift + 1)


@pytest.mark.parametrize("shift", [0, 1, 7, 20])
def test_division_at_ties_and_ends(shift: int) -> None:
    half = 2**shift // 2
    centres = np.array([-(2**22), -(2**20), 0, 2**20, 2**22]) + half
    values = np.concatenate([centres + step for step in (-1, 0, 1)] + [[ACC_LIMIT - 1, 1 - ACC_LIMIT]])
    expected = (2 * values + 2**shift) >> (shift + 1)
    assert (divided(values, shift) == expected).all()


def test_gate_equals_integers_at_all_inputs() -> None:
    inputs = np.array([-(2**23), *range(-GATE_RANGE - 2, GATE_RANGE + 3, 3), 2**23], np.float32)
    u, v = (each.ravel() for each in np.meshgrid(inputs, inputs))
    clipped = [np.clip(each, -GATE_RANGE, GATE_RANGE).astype(int) + GATE_RANGE for each in (u, v)]
    product = TABLES.tanh[clipped[0]].astype(int) * TABLES.sigmoid[clipped[1]]
    result = gate(np.stack([u, v], 1), TABLES)
    assert (result[:, 0] == (product + 64) >> 7).all()
    assert np.abs(result).max() == 127


def test_gate_splits_columns_into_halves() -> None:
    x = np.random.default_rng(0).integers(-300, 300, (9, 14)).astype(np.float32)
    columns = [gate(x[:, [c, c + 7]], TABLES) for c in range(7)]
    assert (gate(x, TABLES) == np.concatenate(columns, 1)).all()


# Frequencies -------------------------------------------------------------------------------------------------------


def reference_frequencies(logits: list[int]) -> list[int]:
    """Of one plane, in Python's integers."""
    highest, exp = max(logits), TABLES.exp.tolist()
    weights = [exp[min(highest - logit, EXP_RANGE)] for logit in logits]
    reciprocal = ((2**PRECISION - len(logits)) << PRECISION) // sum(weights)
    shares = [(weight * reciprocal >> PRECISION) + 1 for weight in weights]
    return [shares[0] + 2**PRECISION - sum(shares), *shares[1:]]


@st.composite
def plane_logits(draw: st.DrawFn) -> list[list[int]]:
    """Logits of several planes, narrow and wide."""
    limit = draw(st.sampled_from([3, 60, 500, ACC_LIMIT - 1]))
    logits = st.integers(-limit, limit)
    return draw(st.lists(st.lists(logits, min_size=2, max_size=20), min_size=1, max_size=4))


@settings(deadline=None, max_examples=200)
@given(plane_logits())
def test_frequencies_equal_integers(planes: list[list[int]]) -> None:
    sizes = [len(plane) for plane in planes]
    offsets = np.cumsum([0, *sizes[:-1]])
    row = np.concatenate(planes).astype(np.float32)
    table = frequencies(np.stack([row, row[::-1] * 0, row]), offsets, TABLES)
    for plane, part in zip(planes, np.split(table, offsets[1:], axis=1), strict=True):
        check_frequencies(part)
        assert part[0].tolist() == part[2].tolist() == reference_frequencies(plane)
        order = np.argsort(plane[1:], kind="stable") + 1
        assert (np.diff(part[0, order]) >= 0).all()  # monotone in the logits


@pytest.mark.parametrize("size", [2, 3, 256, 1024, 32767])
@pytest.mark.parametrize("spread", [0, 1, 40, 400, 10**6])
def test_frequencies_of_any_alphabet(size: int, spread: int) -> None:
    rng = np.random.default_rng(size + spread)
    logits = rng.integers(-spread, spread, (3, size), endpoint=True)
    table = frequencies(logits.astype(np.float32), np.array([0]), TABLES)
    check_frequencies(table)
    assert table[1].tolist() == reference_frequencies(logits[1].tolist())
    nats = (logits - logits.max(1, keepdims=True)) * 2.0**-PREACTIVATION_BITS
    softmax = np.exp(nats) / np.exp(nats).sum(1, keepdims=True)
    # exp is rounded to 2**-16 of the likeliest symbol, and every symbol is granted a unit of its own.
    assert (np.abs(table - 2**PRECISION * softmax) <= 2**PRECISION * (softmax * 1e-4 + 2.0**-16) + 2 * size).all()


# Tables ------------------------------------------------------------------------------------------------------------


def test_standard_tables_are_the_functions() -> None:
    x = np.arange(-GATE_RANGE, GATE_RANGE + 1) / 2**PREACTIVATION_BITS
    assert np.abs(TABLES.tanh - 127 * np.tanh(x)).max() <= 0.5
    assert np.abs(TABLES.sigmoid - 128 / (1 + np.exp(-x))).max() <= 0.5
    assert np.abs(TABLES.exp - 65536 * np.exp(-np.arange(EXP_RANGE + 1) / 2**PREACTIVATION_BITS)).max() <= 0.5


HOSTILE = [
    ("tanh", 0, 128),
    ("tanh", 510, -128),
    ("tanh", 3, -(2**15)),  # whose absolute value is negative
    ("sigmoid", 0, -1),
    ("sigmoid", 510, 129),
    ("exp", 400, -1),
    ("exp", 0, 2**16 - 1),
    ("exp", 0, 0),
    ("exp", 7, 2**16 + 1),
    ("exp", 7, -(2**31)),
]


@pytest.mark.parametrize(("name", "index", "value"), HOSTILE)
def test_values_that_tables_cannot_have(name: str, index: int, value: int) -> None:
    table = getattr(TABLES, name).copy()
    table[index] = value
    with pytest.raises(ModelError, match="out of range"):
        replace(TABLES, **{name: table})


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "exp"])
@pytest.mark.parametrize("change", [lambda t: t[1:], lambda t: t[None], lambda t: np.append(t, t[-1]), lambda t: t[:0]])
def test_shapes_that_tables_cannot_have(name: str, change: Callable[[NDArray[Any]], NDArray[Any]]) -> None:
    with pytest.raises(ModelError, match="out of range"):
        replace(TABLES, **{name: change(getattr(TABLES, name))})
