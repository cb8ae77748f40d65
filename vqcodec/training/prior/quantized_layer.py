"""A layer that trains in floats and ends as an `ExactLayer`: quantization-aware, with straight-through rounding.

Activations are carried in integer units (see `vqcodec.prior.exact`) in both modes, so that the float network and the
integer network are the same parameters with and without rounding (Jacob et al., 'Quantization and training of neural
networks', 2018).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vqcodec.prior.exact import (
    ACC_LIMIT,
    ACTIVATION_BITS,
    ACTIVATION_MAX,
    GATE_RANGE,
    PREACTIVATION_BITS,
    ExactLayer,
)

__all__ = [
    "QuantizedLayer",
    "add_clamped",
    "exact_layer",
    "gate",
    "integer_parameters",
    "scaled_parameters",
    "straight_through_round",
]

UNIT = 2.0**ACTIVATION_BITS
PREACTIVATION_UNIT = 2.0**PREACTIVATION_BITS
MARGIN = 0.9  # of the exact range; what rounding the weights may add stays below the rest


def straight_through_round(x: Tensor) -> Tensor:
    """floor(x + 1/2), with the gradient of x."""
    return x + (torch.floor(x + 0.5) - x).detach()


def integer_parameters(weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Integer weights `[I, O]`, biases `[R, O]` and shifts `[O]` for real ones; gradients pass straight through."""
    with torch.no_grad():
        reach = weight.abs().sum(0) * ACTIVATION_MAX + bias.abs().amax(0) * UNIT
        exponent = torch.minimum(
            torch.log2(127 / weight.abs().amax(0).clamp_min(1e-9)).floor(),
            torch.log2(MARGIN * ACC_LIMIT / reach.clamp_min(1e-9)).floor(),
        ).clamp(PREACTIVATION_BITS - ACTIVATION_BITS, 12)
        scale = torch.exp2(exponent)
    whole = straight_through_round(weight * scale).clamp(-127, 127)
    return whole, straight_through_round(bias * scale * UNIT), exponent + (ACTIVATION_BITS - PREACTIVATION_BITS)


def scaled_parameters(weight: Tensor, bias: Tensor, quantized: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Weights `[I, O]`, biases `[R, O]` and factors `[O]` on their sums, from activations to preactivations in units.

    Takes real parameters; with rounding they become those that the integer layer will have.
    """
    if quantized:
        whole, biases, shift = integer_parameters(weight, bias)
        return whole, biases, torch.exp2(-shift)
    return weight, bias * UNIT, torch.full_like(bias[0], PREACTIVATION_UNIT / UNIT)


def gate(preactivation: Tensor, quantized: bool, dim: int = 1) -> Tensor:
    """`tanh(u) sigmoid(v)` of `[B, 2 C, h, w]`, halves of `dim`, in units, as `vqcodec.prior.exact.gate` has it."""
    u, v = (preactivation.clamp(-GATE_RANGE, GATE_RANGE) / PREACTIVATION_UNIT).chunk(2, dim)
    tanh, sigmoid = 127 * torch.tanh(u), 128 * torch.sigmoid(v)
    if not quantized:
        return tanh * sigmoid / 128
    return straight_through_round(straight_through_round(tanh) * straight_through_round(sigmoid) / 128)


def add_clamped(a: Tensor, b: Tensor) -> Tensor:
    """The residual sum of activations."""
    return (a + b).clamp(-ACTIVATION_MAX, ACTIVATION_MAX)


class QuantizedLayer(nn.Module):
    """A convolution over chosen offsets, with a bias for each rate point.

    Args:
        inputs: for each input its channels and the (row, column) offsets at which it is read, all within 3x3.
        outputs: channels of the result.
        rate_points: their number.
    """

    def __init__(self, inputs: Sequence[tuple[int, Sequence[tuple[int, int]]]], outputs: int, rate_points: int) -> None:
        super().__init__()
        self.inputs = [(channels, tuple(offsets)) for channels, offsets in inputs]
        rows = sum(channels * len(offsets) for channels, offsets in self.inputs)
        self.weight = nn.Parameter(torch.randn(rows, outputs) * rows**-0.5)
        self.bias = nn.Parameter(torch.zeros(rate_points, outputs))

    def forward(self, xs: Sequence[Tensor], rate_point: int, quantized: bool) -> Tensor:
        """Activations `[B, C, h, w]` in units to preactivations `[B, O, h, w]` in units of 2**-PREACTIVATION_BITS."""
        weight, biases, scale = scaled_parameters(self.weight, self.bias, quantized)
        total = biases[rate_point][:, None, None]
        row = 0
        for x, (channels, offsets) in zip(xs, self.inputs, strict=True):
            taps = weight[row : row + channels * len(offsets)].reshape(len(offsets), channels, -1)
            row += channels * len(offsets)
            total = total + _convolve(x, taps, offsets)
        total = total * scale[:, None, None]
        return straight_through_round(total) if quantized else total

    def export(self) -> ExactLayer:
        """The integer layer.

        Raises:
            ModelError: an output could leave the exact range.
        """
        return exact_layer(self.weight, self.bias)


@torch.no_grad()
def exact_layer(weight: Tensor, bias: Tensor) -> ExactLayer:
    """Round real parameters `[I, O]`, `[R, O]` to an integer layer; raises ModelError as `ExactLayer` does."""
    whole, biases, shift = integer_parameters(weight, bias)
    return ExactLayer(
        weight=whole.numpy().astype(np.int8),
        bias=biases.numpy().astype(np.int32),
        shift=shift.numpy().astype(np.int8),
        input_max=ACTIVATION_MAX,
    )


def _convolve(x: Tensor, taps: Tensor, offsets: tuple[tuple[int, int], ...]) -> Tensor:
    """`taps` `[T, C, O]` at the offsets, zeros outside of the picture."""
    if offsets == ((0, 0),):
        return F.conv2d(x, taps[0].T[:, :, None, None])
    kernel = taps.new_zeros(9, *taps.shape[1:])
    at = torch.tensor([3 * (i + 1) + j + 1 for i, j in offsets], device=taps.device)
    kernel = kernel.index_copy(0, at, taps)
    return F.conv2d(x, kernel.permute(2, 1, 0).reshape(taps.shape[2], taps.shape[1], 3, 3), padding=1)
