"""Checkpoints: what goes on from one is what would have gone on."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from vqcodec.training.engine.checkpoint import Checkpoint
from vqcodec.training.engine.machine import this_process
from vqcodec.training.engine.optimizer import NetworkOptimizer, Schedule


def test_a_checkpoint_changes_nothing(tmp_path: Path) -> None:
    """Parameters after five steps, a checkpoint and five steps are those after ten steps, to the last bit."""
    x = torch.randn(4, 3, 6, 6, generator=torch.Generator().manual_seed(1))

    def made() -> tuple[nn.Module, NetworkOptimizer, Checkpoint]:
        torch.manual_seed(0)
        network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Tanh(), nn.Conv2d(4, 2, 3))
        kernels, others = ([p for p in network.parameters() if (p.ndim == 4) == kernel] for kernel in (True, False))
        optimizer = NetworkOptimizer([(kernels, 0.1)], [(others, 0.01)], Schedule(10, warmup=2))
        path = tmp_path / "state.safetensors"
        return network, optimizer, Checkpoint(path, {"network": network}, optimizer, {"steps": 10}, this_process("32"))

    def steps(network: nn.Module, optimizer: NetworkOptimizer, first: int) -> None:
        for step in range(first, first + 5):
            optimizer.step((network(x) - 1).square().mean(), step)

    network, optimizer, checkpoint = made()
    assert checkpoint.resume() == 0
    steps(network, optimizer, 0)
    checkpoint.save(5)
    steps(network, optimizer, 5)
    other, other_optimizer, other_checkpoint = made()
    assert other_checkpoint.resume() == 5
    steps(other, other_optimizer, 5)
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), other.parameters(), strict=True))
