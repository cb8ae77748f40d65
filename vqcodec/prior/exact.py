"""Integer layers: the same result on every machine, to the last bit.

All values are integers held in float32. A layer is a matrix product followed by a division by a power of two, rounded:

    acc = x W + b,    |acc| < 2**23 always,    y = floor(acc 2**-shift + 1/2)

No step rounds except the floor, whose input is exact. So any order of summation, any thread count, any BLAS and any
rounding mode of the processor give the same y, and nothing is so small that it could be flushed to zero. `ExactLayer`
checks the bound on construction, for the worst input that its range allows. tanh, sigmoid and exp are tables of
integers that travel with the model. See docs/ARCHITECTURE.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bitstream.entropy import PRECISION
from bitstream.errors import ModelError

__all__ = [
    "ACTIVATION_BITS",
    "ACTIVATION_MAX",
    "EXP_RANGE",
    "GATE_RANGE",
    "LOGARITHMS",
    "PREACTIVATION_BITS",
    "ExactLayer",
    "ExactStack",
    "Tables",
    "add_clamped",
    "code_lengths",
    "frequencies",
    "gate",
]

Floats = NDArray[np.float32]

ACC_LIMIT = 1 << 23
ACTIVATION_BITS = 6  # activations are in units of 2**-6 ...
ACTIVATION_MAX = 255  # ... and clamped to this many units
PREACTIVATION_BITS = 5  # inputs of gates and logits (in nats) are in units of 2**-5
GATE_RANGE = 255  # inputs of a gate are clamped to this many units
EXP_RANGE = 400  # exp of less than -EXP_RANGE units is 0
LENGTH_BITS = 18  # code lengths are in units of 2**-18 bit
PLACE_BITS = 12  # log2 is known at 2**12 + 1 places of an octave


@dataclass(frozen=True)
class ExactLayer:
    """A matrix of integer weights.

    Attributes:
        weight: int8 `[I, O]`.
        bias: int32 `[R, O]`, a row for each rate point.
        shift: int8 `[O]`; column o is divided by 2**shift[o] (0..20).
        input_max: the greatest |x| that the layer is given.
        matrix: `weight 2**-shift` in float32 (exact).
        offsets: `[R, O]`, what is added to the product: the bias, divided likewise, and one half.

    Raises:
        ModelError: an output could leave the exact range, or the shapes do not fit.
    """

    weight: NDArray[np.int8]
    bias: NDArray[np.int32]
    shift: NDArray[np.int8]
    input_max: int
    matrix: Floats = field(init=False, repr=False, compare=False)
    offsets: Floats = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.weight.ndim != 2 or self.bias.ndim != 2 or len(self.bias) < 1:
            raise ModelError("an exact layer of the model has the wrong shape")
        if self.shift.shape != self.weight.shape[1:] or self.shift.shape != self.bias.shape[1:]:
            raise ModelError("an exact layer of the model has the wrong shape")
        if self.shift.min(initial=0) < 0 or self.shift.max(initial=0) > 20:
            raise ModelError("a shift of the model's prior is outside of 0..20")
        # In int16, as -128 has no absolute value in int8; int64 would take much memory before the bound is checked.
        weights = np.abs(self.weight.astype(np.int16)).sum(0, dtype=np.int64)
        biases = np.maximum(self.bias.max(0).astype(np.int64), -self.bias.min(0).astype(np.int64))
        if (weights * self.input_max + biases).max(initial=0) >= ACC_LIMIT:
            raise ModelError("a layer of the model could leave the range in which sums are exact")
        # The division is folded into the parameters: a power of two a column changes exponents only. By ldexp, as
        # exp2 need not be exact.
        scale = np.ldexp(np.float32(1), -self.shift.astype(np.int32))
        object.__setattr__(self, "matrix", self.weight * scale)
        object.__setattr__(self, "offsets", self.bias.astype(np.float32) * scale + np.float32(0.5))

    def finish(self, acc: Floats, rate_point: int) -> Floats:
        """Add the bias of the rate point to `acc = x matrix` and round: `[N, O]`. Overwrites `acc`."""
        acc += self.offsets[rate_point]
        np.floor(acc, out=acc)
        return acc

    def __call__(self, x: Floats, rate_point: int) -> Floats:
        """Integers x `[N, I]` to `[N, O]`."""
        return self.finish(x @ self.matrix, rate_point)


class ExactStack:
    """Layers side by side, in one batched product. They have one shape, or each reads a part of a common input.

    Attributes:
        matrices: `[S, I, O]`, the matrix of each layer, with zeros for what it does not read.
        offsets: `[R, S, 1, O]`, what is added to the products.

    Args:
        layers: of one number of outputs and of rate points.
        rows: which of the I inputs each layer reads; all by default.
        inputs: I; by default the inputs of the layers.

    Raises:
        ModelError: the shapes of the layers differ.
    """

    def __init__(
        self, layers: Sequence[ExactLayer], rows: Sequence[NDArray[np.intp]] = (), inputs: int | None = None
    ) -> None:
        shapes = {(layer.bias.shape, None if rows else layer.weight.shape) for layer in layers}
        if len(shapes) != 1:
            raise ModelError("layers of the model do not have one shape")
        width = len(layers[0].weight) if inputs is None else inputs
        self.matrices: Floats = np.zeros((len(layers), width, layers[0].shift.size), np.float32)
        for number, layer in enumerate(layers):
            self.matrices[number, rows[number] if rows else slice(None)] = layer.matrix
        self.offsets: Floats = np.stack([layer.offsets for layer in layers], axis=1)[:, :, None]

    def __call__(self, x: Floats, rate_point: int) -> Floats:
        """Integers x `[S', N, I]`, one input for each of the first S' layers, to `[S', N, O]`."""
        acc: Floats = x @ self.matrices[: len(x)]
        acc += self.offsets[rate_point, : len(x)]
        return np.floor(acc, out=acc)


@dataclass(frozen=True)
class Tables:
    """The integer functions of a model, stored with it because libm differs between machines.

    Attributes:
        tanh: int16 `[2 GATE_RANGE + 1]`, 127 tanh(i 2**-PREACTIVATION_BITS) for i = -GATE_RANGE...
        sigmoid: int16, likewise 128 sigmoid.
        exp: int32 `[EXP_RANGE + 1]`, 2**16 exp(-i 2**-PREACTIVATION_BITS).
    """

    tanh: NDArray[np.int16]
    sigmoid: NDArray[np.int16]
    exp: NDArray[np.int32]

    def __post_init__(self) -> None:
        fits = (
            self.tanh.shape == self.sigmoid.shape == (2 * GATE_RANGE + 1,)
            and self.exp.shape == (EXP_RANGE + 1,)
            and self.tanh.min() >= -127  # not of abs, as that of -2**15 is itself
            and self.tanh.max() <= 127
            and self.sigmoid.min() >= 0
            and self.sigmoid.max() <= 128
            and self.exp.min() >= 0
            and self.exp[0] == self.exp.max() == 1 << 16
        )
        if not fits:
            raise ModelError("a function table of the model is out of range")
        object.__setattr__(self, "_gate", (self.tanh.astype(np.float32), self.sigmoid.astype(np.float32) / 128))
        object.__setattr__(self, "_exp", self.exp.astype(np.float64))

    @classmethod
    def standard(cls) -> Tables:
        """The tables of new models."""
        x = np.arange(-GATE_RANGE, GATE_RANGE + 1) * 2.0**-PREACTIVATION_BITS
        decay = np.exp(-np.arange(EXP_RANGE + 1) * 2.0**-PREACTIVATION_BITS)
        return cls(
            tanh=np.rint(127 * np.tanh(x)).astype(np.int16),
            sigmoid=np.rint(128 / (1 + np.exp(-x))).astype(np.int16),
            exp=np.rint(65536 * decay).astype(np.int32),
        )


def gate(preactivation: Floats, tables: Tables) -> Floats:
    """`tanh(u) sigmoid(v)` of preactivations `[..., 2 C]` = (u, v), as activations `[..., C]` with |a| <= 127."""
    tanh, sigmoid = tables._gate  # type: ignore[attr-defined]
    index = preactivation.astype(np.intp)
    index += GATE_RANGE
    half = index.shape[-1] // 2
    product: Floats = tanh.take(index[..., :half], mode="clip")
    product *= sigmoid.take(index[..., half:], mode="clip")
    product += np.float32(0.5)
    np.floor(product, out=product)
    return product


def add_clamped(a: Floats, b: Floats) -> Floats:
    """The residual sum of activations."""
    total = a + b
    np.minimum(total, np.float32(ACTIVATION_MAX), out=total)
    np.maximum(total, np.float32(-ACTIVATION_MAX), out=total)
    return total


def frequencies(logits: Floats, offsets: NDArray[np.intp], tables: Tables) -> NDArray[np.float64]:
    """Integer softmax of the logits of several planes at once.

    Args:
        logits: integers `[N, sum K]` in units of 2**-PREACTIVATION_BITS nats, the planes' alphabets side by side.
        offsets: `[P]`, the first column of each plane.

    Returns:
        Integers `[N, sum K]`, all at least 1; those of a plane sum to 2**PRECISION in every row.
    """
    sizes = np.diff(offsets, append=logits.shape[1])
    highest = np.maximum.reduceat(logits, offsets, axis=1)
    below = (np.repeat(highest, sizes, axis=1) - logits).astype(np.intp)
    weight = tables._exp.take(below, mode="clip")  # type: ignore[attr-defined]
    total = np.add.reduceat(weight, offsets, axis=1).astype(np.int64)
    # f = 1 + floor(weight (2**P - K) / total), by one reciprocal a row: all products stay below 2**53. Its division by
    # a power of two is exact, where the power itself, 2.0**-P, would be what libm makes of it in this rounding mode.
    reciprocal = (((1 << PRECISION) - sizes[None, :]) << PRECISION) // total
    weight *= np.repeat(reciprocal / (1 << PRECISION), sizes, axis=1)
    share = np.floor(weight, out=weight)
    share += 1
    missing = (1 << PRECISION) - np.add.reduceat(share, offsets, axis=1)
    # What the floors left over goes to the first symbol of each plane: a few units of 2**-PRECISION.
    share[:, offsets] += missing
    result: NDArray[np.float64] = share
    return result


# log2 from 1 to 2. Code lengths decide which codes are chosen, so they are integers, too: the kernel finds the same.
LOGARITHMS = np.rint(2**LENGTH_BITS * np.log2(1 + np.arange(2**PLACE_BITS + 1) / 2**PLACE_BITS)).astype(np.int32)


def code_lengths(frequencies: NDArray[np.float64]) -> Floats:
    """Bits of symbols of these frequencies (integers, 1..2**PRECISION): PRECISION - log2, to within 2**-17."""
    mantissa, exponent = np.frexp(frequencies)  # exact: 1/2 <= mantissa < 1
    above = np.ldexp(mantissa, PRECISION + 1).astype(np.int32) - (1 << PRECISION)
    place, rest = above >> (PRECISION - PLACE_BITS), above & ((1 << (PRECISION - PLACE_BITS)) - 1)
    lower = LOGARITHMS[place]
    between = (LOGARITHMS[place + 1] - lower) * rest >> (PRECISION - PLACE_BITS)
    length = (PRECISION + 1 - exponent << LENGTH_BITS) - lower - between
    bits: Floats = np.ldexp(length.astype(np.float32), -LENGTH_BITS)
    return bits
