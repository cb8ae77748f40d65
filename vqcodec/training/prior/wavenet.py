"""The trainable twin of `vqcodec.prior.wavenet.WaveNet`: the same network in torch, with or without rounding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vqcodec.prior.config import WaveNetConfig
from vqcodec.prior.dilated import rows_read
from vqcodec.prior.exact import Tables
from vqcodec.prior.skew import TAPS
from vqcodec.prior.wavenet import WaveNet, WaveNetSlice
from vqcodec.training.prior.heads import PriorHeads
from vqcodec.training.prior.quantized_layer import add_clamped, gate
from vqcodec.training.prior.stacked_layer import StackedLayer

__all__ = ["WaveNetNetwork"]


class WaveNetNetwork(PriorHeads):
    """The trainable prior of a model of sound, for fixed codebooks.

    All frames are known, so that no slice has to lag behind another. Before the first frame all is zero, as if each
    crop were the beginning of a recording.

    Args:
        config: its shape.
        codebooks: `[R, P, K, D]`.
        code_bits: `[R, P, K]`, order-0 code lengths: where training starts.
        sizes: `[R, P]`, the alphabets; codes beyond them are never used.
    """

    def __init__(self, config: WaveNetConfig, codebooks: Tensor, code_bits: Tensor, sizes: Tensor) -> None:
        super().__init__(config.planes, config.features, codebooks, code_bits, sizes)
        self.config = config
        rate_points, total, _, dimension = codebooks.shape
        width, outputs = 2 * config.hidden, 2 * config.hidden
        seen = [torch.from_numpy(rows_read(planes, total, dimension)) for planes in self.ranges]
        every = [torch.arange(width)] * len(self.ranges)
        first = StackedLayer(seen, len(TAPS) * total * dimension, outputs, rate_points)
        deeper = [StackedLayer(every, width, outputs, rate_points) for _ in config.dilations]
        self.causal = cast("Sequence[StackedLayer]", nn.ModuleList([first, *deeper]))
        shapes = [(config.hidden, len(planes), config.features) for planes in self.ranges]
        self.project = cast("Sequence[Tensor]", nn.ParameterList(torch.zeros(shape) for shape in shapes))

    def look_up(self, indices: Tensor, rate_point: int) -> Tensor:
        """Values `[B, T, P D]` of indices `[B, P, T]`."""
        plane = torch.arange(indices.shape[1], device=indices.device)[:, None]
        values = self.values[rate_point][plane, indices]  # [B, P, T, D]
        return values.transpose(1, 2).flatten(2)

    def hidden(self, values: Tensor, rate_point: int, quantized: bool) -> Tensor:
        """Values `[B, T, P D]` to the activations of every slice, `[S, B, T, H]`."""
        frames = values.shape[1]
        padded = F.pad(values, (0, 0, -TAPS[0], TAPS[-1]))
        windows = torch.cat([padded[:, tap : tap + frames] for tap in range(len(TAPS))], -1)
        state = gate(self.causal[0](windows, rate_point, quantized), quantized, dim=-1)
        for layer, dilation in zip(self.causal[1:], self.config.dilations, strict=True):
            earlier = F.pad(state, (0, 0, dilation, 0))[:, :, :frames]
            new = gate(layer(torch.cat([state, earlier], -1), rate_point, quantized), quantized, dim=-1)
            state = add_clamped(state, new)
        return state

    def forward(self, indices: Tensor, rate_point: int, quantized: bool) -> Tensor:
        """Bits of every index, `[B, P, T]` or `[B, P, C, T]` as the indices are, of one rate point."""
        sequences = indices.movedim(1, -2)  # [B, (C,) P, T]
        flat = sequences.reshape(-1, *sequences.shape[-2:])
        hidden = self.hidden(self.look_up(flat, rate_point), rate_point, quantized)
        bits = [
            self.plane_bits(plane, project, state, flat[:, plane], rate_point, quantized)
            for planes, project, state in zip(self.ranges, self.project, hidden, strict=True)
            for plane in planes
        ]
        return torch.stack(bits, 1).view(sequences.shape).movedim(-2, 1)

    def export(self) -> WaveNet:
        """The exact prior.

        Raises:
            ModelError: an output could leave the exact range.
        """
        layers = zip(*(layer.export() for layer in self.causal), strict=True)
        heads = [self.exact_heads(planes, project) for planes, project in zip(self.ranges, self.project, strict=True)]
        return WaveNet(
            [WaveNetSlice(causal, each) for causal, each in zip(layers, heads, strict=True)],
            self.config.planes,
            self.config.streams,
            self.config.dilations,
            self.values.numpy().astype(np.int8),
            self.sizes.numpy(),
            Tables.standard(),
        )
