"""Layers side by side that train in floats and end as `ExactLayer`s: the trainable twin of an `ExactStack`."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vqcodec.prior.exact import ExactLayer
from vqcodec.training.prior.quantized_layer import exact_layer, scaled_parameters, straight_through_round

__all__ = ["StackedLayer"]


class StackedLayer(nn.Module):
    """A layer for each slice, over chosen numbers of its input, with a bias for each rate point.

    The weights are matrices of their own, `[I_s, O]`, so that an optimiser can treat them as such.

    Args:
        inputs: for each slice, which numbers of its input it reads, `[I_s]`.
        width: numbers of an input.
        outputs: channels of the result.
        rate_points: their number.
    """

    def __init__(self, inputs: Sequence[Tensor], width: int, outputs: int, rate_points: int) -> None:
        super().__init__()
        self.inputs, self.width = list(inputs), width
        self.weights = nn.ParameterList(torch.randn(len(rows), outputs) * len(rows) ** -0.5 for rows in inputs)
        self.bias = nn.Parameter(torch.zeros(len(inputs), rate_points, outputs))

    def forward(self, x: Tensor, rate_point: int, quantized: bool) -> Tensor:
        """Activations in units to preactivations `[S, B, T, O]` in units of 2**-PREACTIVATION_BITS.

        Takes `[S, B, T, width]`, an input for each slice, or `[B, T, width]`, the same for all.
        """
        columns = [
            weight.new_zeros(self.width, self.bias.shape[2]).index_copy(0, rows.to(weight.device), weight)
            for rows, weight in zip(self.inputs, self.weights, strict=True)
        ]
        flat = self.bias.transpose(0, 1).flatten(1)  # [R, S O]
        weight, biases, scale = scaled_parameters(torch.cat(columns, 1), flat, quantized)
        slices, outputs = len(columns), self.bias.shape[2]
        pattern = "btw,wso->sbto" if x.ndim == 3 else "sbtw,wso->sbto"
        total = torch.einsum(pattern, x, weight.view(self.width, slices, outputs))
        total = (total + biases[rate_point].view(slices, 1, 1, -1)) * scale.view(slices, 1, 1, -1)
        return straight_through_round(total) if quantized else total

    def export(self) -> list[ExactLayer]:
        """The integer layer of each slice.

        Raises:
            ModelError: an output could leave the exact range.
        """
        return [exact_layer(weight, bias) for weight, bias in zip(self.weights, self.bias, strict=True)]
