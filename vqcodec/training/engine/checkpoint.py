"""Training state on disk: one safetensors file, written whole or not at all, so that a run can stop and go on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn

from bitstream.errors import ModelError
from vqcodec.system.files import atomic_write
from vqcodec.training.engine.optimizer import NetworkOptimizer

__all__ = ["Checkpoint", "load_modules"]


class Checkpoint:
    """The modules and optimiser of a training stage, kept in one file.

    Args:
        path: the file; its folder is made.
        modules: what to keep, by name.
        optimizer: whose moments to keep.
        identity: of what the modules are trained for; a file with another one is refused.
    """

    def __init__(
        self, path: Path, modules: Mapping[str, nn.Module], optimizer: NetworkOptimizer, identity: str = ""
    ) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.identity = identity
        self.path, self.modules, self.optimizer = path, modules, optimizer

    def save(self, step: int) -> None:
        """Write the state reached after `step` steps."""
        tensors: dict[str, Tensor] = {
            f"{name}/{key}": value.contiguous()
            for name, module in self.modules.items()
            for key, value in module.state_dict().items()
        }
        tensors |= {f"optimizer/{key}": value.contiguous() for key, value in self.optimizer.state_tensors().items()}
        data = save(tensors, metadata={"step": str(step), "identity": self.identity})
        with atomic_write(self.path, force=True) as file:
            file.write(data)

    def resume(self) -> int:
        """Load the file if there is one; the number of steps already taken.

        Raises:
            ModelError: the file is damaged or belongs to other networks.
        """
        if not self.path.exists():
            return 0
        try:
            with safe_open(self.path, framework="pt") as file:
                metadata = file.metadata() or {}
                step = int(metadata["step"])
                tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a mapping
            if metadata.get("identity", self.identity) != self.identity:
                raise ModelError(f"{self.path}: of another model; delete it to start afresh")
            for name, module in self.modules.items():
                module.load_state_dict(_below(tensors, name))
        except (SafetensorError, RuntimeError, KeyError, ValueError) as error:
            raise ModelError(f"{self.path}: not a checkpoint of this configuration ({error})".splitlines()[0]) from None
        self.optimizer.load_state_tensors(_below(tensors, "optimizer"))
        return step


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
