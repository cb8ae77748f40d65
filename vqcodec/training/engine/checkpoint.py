"""Training state on disk, so that a run can stop and go on exactly where it was.

A checkpoint is one safetensors file, written whole or not at all. It holds the modules, the moments of the optimizer
and the number of steps. Random numbers need no state, as they follow from the step (`Draws`). Beside it is a file with
the modules as they were when they did best on what is held out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn

from bitstream.errors import ModelError
from vqcodec.system.files import atomic_write
from vqcodec.training.engine.identity import Identity, difference
from vqcodec.training.engine.machine import Machine
from vqcodec.training.engine.optimizer import NetworkOptimizer

__all__ = ["Checkpoint", "load_modules"]


@dataclass(frozen=True)
class Saved:
    """What a file has.

    Attributes:
        step: the steps taken.
        loss: on what is held out.
        tensors: by name.
    """

    step: int
    loss: float
    tensors: dict[str, Tensor]


class Checkpoint:
    """The modules and optimizer of a training stage.

    Args:
        path: the file; its folder is made.
        modules: what to keep, by name.
        optimizer: whose moments to keep.
        identity: of what the weights depend on; a file with another one is refused.
        machine: whose first process reads and writes.
    """

    def __init__(
        self,
        path: Path,
        modules: Mapping[str, nn.Module],
        optimizer: NetworkOptimizer,
        identity: Identity,
        machine: Machine,
    ) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path, self.best_path = path, path.with_name(f"{path.stem}-best{path.suffix}")
        self.modules, self.optimizer, self.identity, self.machine = modules, optimizer, identity, machine
        self._least = math.inf

    def save(self, step: int) -> None:
        """Write the state reached after `step` steps."""
        moments = {f"optimizer/{key}": value for key, value in self.optimizer.state_tensors().items()}
        self._write(self.path, self._weights() | moments, step, self._least)

    def resume(self) -> int:
        """Load the file if there is one; the number of steps already taken.

        Raises:
            ModelError: the file is damaged, or its weights are of other settings or data.
        """
        saved = self.machine.from_first(lambda: self._read(self.path))
        if saved is None:
            return 0
        self._least = saved.loss
        self._load(self.path, saved.tensors)
        self.optimizer.load_state_tensors(_below(saved.tensors, "optimizer"))
        return saved.step

    def keep_if_best(self, step: int, loss: float) -> None:
        """Keep the weights if nothing before had as low a loss on what is held out."""
        if loss < self._least:
            self._least = loss
            self._write(self.best_path, self._weights(), step, loss)

    def load_best(self) -> None:
        """Give the modules the best weights, if any were kept."""
        saved = self.machine.from_first(lambda: self._read(self.best_path))
        if saved is not None and saved.loss <= self._least:
            self._load(self.best_path, saved.tensors)

    def _weights(self) -> dict[str, Tensor]:
        return {
            f"{name}/{key}": value
            for name, module in self.modules.items()
            for key, value in module.state_dict().items()
        }

    def _write(self, path: Path, tensors: dict[str, Tensor], step: int, loss: float) -> None:
        if not self.machine.is_first:
            return
        metadata = {"step": str(step), "loss": str(loss), "identity": json.dumps(self.identity)}
        data = save({name: value.cpu().contiguous() for name, value in tensors.items()}, metadata=metadata)
        with atomic_write(path, force=True) as file:
            file.write(data)

    def _read(self, path: Path) -> Saved | None:
        if not path.exists():
            return None
        try:
            with safe_open(path, framework="pt") as file:
                metadata = file.metadata() or {}
                before = dict(json.loads(metadata["identity"]))
                step, loss = int(metadata["step"]), float(metadata["loss"])
                tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a mapping
        except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{path}: not a checkpoint of this version ({error})".splitlines()[0]) from None
        if before != self.identity:
            what = difference(before, self.identity)
            raise ModelError(f"{path}: {what}; --restart trains anew, or delete this file to keep the stages before")
        return Saved(step, loss, tensors)

    def _load(self, path: Path, tensors: dict[str, Tensor]) -> None:
        try:
            for name, module in self.modules.items():
                module.load_state_dict(_below(tensors, name))
        except RuntimeError as error:
            raise ModelError(f"{path}: not a checkpoint of these networks ({error})".splitlines()[0]) from None


def load_modules(path: Path, modules: Mapping[str, nn.Module]) -> None:
    """Give modules, by name, what a checkpoint has of them, to be evaluated.

    Raises:
        ModelError: the file cannot be read or belongs to other networks.
    """
    try:
        tensors = load_file(path)
        for name, module in modules.items():
            module.eval().load_state_dict(_below(tensors, name))
    except (SafetensorError, RuntimeError, OSError) as error:
        raise ModelError(f"{path}: not a checkpoint of these networks ({error})".splitlines()[0]) from None


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key[len(prefix) + 1 :]: value for key, value in tensors.items() if key.startswith(prefix + "/")}
