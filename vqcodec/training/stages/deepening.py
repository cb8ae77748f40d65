"""Deeper networks that begin with the function of shallower ones: more residual blocks at any level."""

from __future__ import annotations

from torch import Tensor

from vqcodec.training.stages.objective import Decoder, Encoder
from vqcodec.transform.torch_networks import ResidualBlock

__all__ = ["deepened"]


def deepened(state: dict[str, Tensor], network: Encoder | Decoder) -> dict[str, Tensor]:
    """Weights with which `network` computes the function of a network with weights `state` and perhaps fewer blocks.

    New blocks come last in their level. They keep the weights of `network`, and are the identity if it is untrained.

    Raises:
        ValueError: `network` has fewer blocks.
    """
    numbers: dict[str, str] = {}
    old = 0
    for new, layer in enumerate(network.layers):
        had_block = f"layers.{old}.first.weight" in state
        if isinstance(layer, ResidualBlock) and not had_block:
            continue
        if had_block and not isinstance(layer, ResidualBlock):
            raise ValueError("a network cannot get fewer residual blocks than it has")
        numbers[f"layers.{old}"] = f"layers.{new}"
        old += 1
    fresh = {key: value for key, value in network.state_dict().items() if key.startswith("layers.")}
    moved = {}
    for key, value in state.items():
        layer_name = ".".join(key.split(".")[:2])
        moved[key.replace(layer_name, numbers.get(layer_name, layer_name), 1)] = value
    return fresh | moved
