"""The layers of `vqcodec.transform.layers` as PyTorch modules, to be trained, or evaluated on a GPU.

No other module that encodes or decodes needs PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bitstream.errors import ModelError
from vqcodec.transform import layers
from vqcodec.transform.layers import (
    SLOPE,
    Convolution,
    DepthToSpace,
    DepthToTime,
    LeakyRelu,
    Part,
    Parts,
    RateBias,
    RateGain,
    Sequence,
    SpaceToDepth,
    residual,
)
from vqcodec.transform.weights import NetworkWeights, Weights

__all__ = ["Network", "ResidualBlock", "TorchNetworks", "arrays_of", "state_of"]

Floats = NDArray[np.float32]


class Network(nn.Module):
    """The parts of a network as attributes; None for those that it has not."""

    def __init__(self, parts: Parts) -> None:
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, None if part is None else _module(part))

    def row(self, name: str, rate_point: Tensor) -> Tensor:
        """What the gain or bias of this name has for the rate points `[B]`: `[B, C, 1, 1]`."""
        table = getattr(self, name)
        own: Tensor = table(rate_point) if isinstance(table, nn.Embedding) else table[rate_point]
        return own[:, :, None, None]


class ResidualBlock(Network):
    """See `vqcodec.transform.layers.ResidualBlock`."""

    first: nn.Conv2d
    second: nn.Conv2d

    def __init__(self, block: layers.ResidualBlock) -> None:
        super().__init__(block.parts)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = residual(self, x)
        return y


class TimeShuffle(nn.Module):
    """See `vqcodec.transform.layers.DepthToTime`."""

    def forward(self, x: Tensor) -> Tensor:
        batch, channels, _, frames = x.shape
        return x.view(batch, 2, channels // 2, frames).permute(0, 2, 3, 1).reshape(batch, channels // 2, 1, 2 * frames)


def _module(part: Part) -> nn.Module | nn.Parameter:
    match part:
        case Convolution():
            return _convolution(part)
        case LeakyRelu():
            return nn.LeakyReLU(SLOPE)
        case layers.ResidualBlock():
            return ResidualBlock(part)
        case DepthToSpace():
            return nn.PixelShuffle(part.factor)
        case SpaceToDepth():
            return nn.PixelUnshuffle(part.factor)
        case DepthToTime():
            return TimeShuffle()
        case RateGain(rate_points, channels):
            return nn.Parameter(torch.ones(rate_points, channels))
        case RateBias(rate_points, channels):
            bias = nn.Embedding(rate_points, channels)
            nn.init.zeros_(bias.weight)
            return bias
        case Sequence():
            return nn.Sequential(*(_module(layer) for layer in part.layers))  # type: ignore[arg-type]


def _convolution(part: Convolution) -> nn.Conv2d:
    rows, columns = part.kernel
    padding = rows // 2, columns // 2
    return nn.Conv2d(part.inputs, part.outputs, part.kernel, part.stride, padding)


def state_of(weights: Weights, network: str) -> dict[str, Tensor]:
    """The weights of "encoder", "decoder" or "likelihood", in float32; empty if there are none."""
    prefix = network + "/"
    return {
        name.removeprefix(prefix): torch.from_numpy(array.astype(np.float32))
        for name, array in weights.items()
        if name.startswith(prefix)
    }


def arrays_of(name: str, module: nn.Module) -> dict[str, Floats]:
    """The weights of a network as arrays of a model, `name/...`."""
    return {f"{name}/{key}": value.numpy() for key, value in module.state_dict().items()}


class TorchNetworks:
    """See `vqcodec.transform.networks.Networks`.

    Args:
        weights: of the model.
        device: "cuda", ...

    Raises:
        ModelError: the device cannot be used.
    """

    def __init__(self, weights: NetworkWeights, device: str) -> None:
        self._weights, self._definition = weights, weights.definition
        try:
            self._device = torch.device(device)
            self._decoder = self._filled(self._definition.decoder_parts(weights.shape), weights.decoder)
        except (RuntimeError, AssertionError, NotImplementedError, TypeError) as error:
            raise ModelError(f"the model cannot be used on {device!r}: {str(error).splitlines()[0]}") from None

    @cached_property
    def _encoder(self) -> Network:
        return self._filled(self._definition.encoder_parts(self._weights.shape), self._weights.encoder)

    @cached_property
    def _likelihood(self) -> Network:
        return self._filled(self._definition.likelihood_parts(self._weights.shape), self._weights.likelihood)

    @torch.inference_mode()
    def encode(self, x: Floats) -> Floats:
        """z_e."""
        return _array(self._definition.encode(self._encoder, self._tensor(x)))

    @torch.inference_mode()
    def decode(self, z_q: Floats, rate_point: int) -> Floats:
        """The location of p(x|z_q)."""
        return _array(self._located(self._tensor(z_q), rate_point)[0])

    @torch.inference_mode()
    def decode_with_likelihood(self, z_q: Floats, rate_point: int) -> tuple[Floats, Floats]:
        """The location, and what the likelihood network says besides."""
        location, features = self._located(self._tensor(z_q), rate_point)
        return _array(location), _array(self._definition.likelihood(self._likelihood, features))

    def decode_with_gradient(self, z_q: Floats, rate_point: int) -> tuple[Floats, Callable[[Floats], Floats]]:
        """The location, and a function from the gradient in it to the gradient in z_q."""
        with torch.inference_mode(False), torch.enable_grad():
            inputs = self._tensor(z_q).requires_grad_()
            location, _ = self._located(inputs, rate_point)
        return _array(location), lambda given: _array(torch.autograd.grad(location, inputs, self._tensor(given))[0])

    def release_memory(self) -> None:
        """PyTorch has its own ways."""

    def _located(self, z_q: Tensor, rate_point: int) -> tuple[Tensor, Tensor]:
        location, features = self._definition.decode(
            self._decoder, z_q, torch.full((len(z_q),), rate_point, device=self._device)
        )
        return location, features

    def _filled(self, parts: Parts, weights: dict[str, Floats]) -> Network:
        """A network on the device, with these weights."""
        network = Network(parts).eval().requires_grad_(False).to(self._device)
        network.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
        return network

    def _tensor(self, array: Floats) -> Tensor:
        return torch.from_numpy(array).to(self._device)


def _array(tensor: Tensor) -> Floats:
    array: Floats = tensor.detach().cpu().numpy()
    return array
