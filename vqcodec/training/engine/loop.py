"""The loop that every training stage shares: figures, checkpoints, what is held out, going on."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from contextlib import closing
from typing import Protocol

import torch
from torch import Tensor, nn

from bitstream.errors import VqcodecError
from vqcodec.training.engine.checkpoint import Checkpoint
from vqcodec.training.engine.identity import Identity
from vqcodec.training.engine.machine import Machine
from vqcodec.training.engine.monitor import Monitor
from vqcodec.training.engine.optimizer import NetworkOptimizer
from vqcodec.training.engine.run import Run

__all__ = ["Figures", "Training", "train"]

SAVE_EVERY = 500
LOG_EVERY = 100
EVALUATE_EVERY = 1_000  # of these steps, those with an entry in the log

# Single numbers of a step, not read before they are logged, as a GPU would have to be waited for.
Figures = Mapping[str, Tensor]


class Means:
    """Means of figures over the steps since it was made, and over all processes."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._sums: Tensor | None = None
        self._steps, self._began = 0, time.monotonic()

    def add(self, figures: Figures) -> None:
        """Take up the figures of a step."""
        self._names = list(figures)
        values = torch.stack([value.detach().float() for value in figures.values()])
        self._sums = values if self._sums is None else self._sums + values
        self._steps += 1

    def take(self, machine: Machine) -> dict[str, float]:
        """The means by name, and the steps a second."""
        assert self._sums is not None
        means = self._sums / self._steps
        machine.average([means])
        found: dict[str, float] = dict(zip(self._names, means.tolist(), strict=True))
        return found | {"steps_a_second": self._steps / (time.monotonic() - self._began)}


class Training(Protocol):
    """A stage of training.

    Attributes:
        name: for people and files.
        version: of its mathematics: raised when they change, so that no run goes on with others.
        steps: how many it takes.
        modules: what it trains, by name, on the device.
        optimizer: of the modules.
    """

    name: str
    version: int
    steps: int
    modules: dict[str, nn.Module]
    optimizer: NetworkOptimizer

    def step(self, number: int) -> Figures:
        """Take step `number` and return figures of it. Nothing but the number decides what is drawn at random."""

    def evaluate(self) -> dict[str, float]:
        """Figures on what is held out. The weights with the least "loss" are kept."""

    def report(self) -> dict[str, object]:
        """What an entry of the log has besides figures."""
        return {}


def train(training: Training, run: Run, identity: Identity) -> None:
    """Take all steps, from where the checkpoint stands; end with the best weights, on the CPU.

    Args:
        training: the stage.
        run: of which it is a stage.
        identity: of what its weights depend on, besides its version.
    """
    path, versioned = run.folder / f"{training.name}.safetensors", identity | {"version": training.version}
    checkpoint = Checkpoint(path, training.modules, training.optimizer, versioned, run.machine)
    first = checkpoint.resume()
    run.machine.agree(training.modules.values())
    with closing(Monitor(run.folder, training.name, first, run.machine.is_first)) as monitor:
        _take_steps(training, checkpoint, monitor, run.machine)
    checkpoint.load_best()
    for module in training.modules.values():
        module.cpu()


def _take_steps(training: Training, checkpoint: Checkpoint, monitor: Monitor, machine: Machine) -> None:
    means = Means()
    for number in monitor.steps(training.steps):
        means.add(training.step(number))
        done, last = number + 1, number + 1 == training.steps
        if done % LOG_EVERY == 0 or last:
            found = means.take(machine)
            if not all(map(math.isfinite, found.values())):
                # Before a checkpoint is written: the one before is still good.
                raise VqcodecError(f"{training.name}: it diverges before step {done}; try lower learning rates")
            found["seconds_left"] = round((training.steps - done) / found["steps_a_second"])
            if done % EVALUATE_EVERY == 0 or last:
                held_out = machine.from_first(training.evaluate)
                checkpoint.keep_if_best(done, held_out["loss"])
                found |= {f"held_out_{name}": value for name, value in held_out.items()}
            monitor.log(done, found, training.report())
            means = Means()
        if done % SAVE_EVERY == 0 or last:
            checkpoint.save(done)
