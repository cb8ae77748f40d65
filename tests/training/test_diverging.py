"""A training whose figures are not finite any more is stopped, before it spoils its checkpoint."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from bitstream import VqcodecError
from vqcodec.training.engine import loop
from vqcodec.training.engine.loop import Figures, Training, train
from vqcodec.training.engine.machine import this_process
from vqcodec.training.engine.optimizer import NetworkOptimizer, Schedule
from vqcodec.training.engine.run import Run


class Diverging(Training):
    """Loses its weights at step 25."""

    name, version, steps = "diverging", 1, 40

    def __init__(self) -> None:
        self.network = nn.Linear(2, 2)
        self.modules: dict[str, nn.Module] = {"network": self.network}
        self.optimizer = NetworkOptimizer([], [(list(self.network.parameters()), 0.01)], Schedule(40))

    def step(self, number: int) -> Figures:
        factor = float("nan") if number == 25 else 1.0
        loss = (self.network(torch.ones(1, 2)) * factor).square().mean()
        self.optimizer.step(loss, number)
        return {"loss": loss}

    def evaluate(self) -> dict[str, float]:
        return {"loss": 1.0}


def test_a_checkpoint_is_not_spoilt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "LOG_EVERY", 10)
    monkeypatch.setattr(loop, "SAVE_EVERY", 10)
    run = Run(this_process("32"), tmp_path, seed=0)
    with pytest.raises(VqcodecError, match="it diverges before step 30; try lower learning rates"):
        train(Diverging(), run, {})
    again = Diverging()
    with pytest.raises(VqcodecError, match="before step 30"):  # it goes on from step 20
        train(again, run, {})
