"""Where a training runs: on which device, in how many processes and with which arithmetic. Lightning Fabric does it.

Every process has the same networks. It computes the gradients of its items of the batch, and gradients are averaged
before each step (`NetworkOptimizer`), so that all processes take the same step.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from functools import partial
from typing import Literal, TypeVar, cast

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from lightning_fabric.strategies.ddp import DDPStrategy
from lightning_fabric.strategies.strategy import Strategy
from torch import Tensor, nn
from torch.multiprocessing.spawn import ProcessExitedException, ProcessRaisedException

from bitstream.errors import InputError, VqcodecError
from vqcodec.training.engine.hardware import Hardware, Precision

__all__ = ["Machine", "full_precision", "launch", "this_process"]

# One process may decode or encode all originals while the others wait.
PATIENCE = timedelta(days=2)
# Of processes that begin, in each of them. What is wrong comes as an exception.
for _library in ("lightning_fabric", "torch.multiprocessing.spawn"):
    logging.getLogger(_library).setLevel(logging.ERROR)

Result = TypeVar("Result")
Network = TypeVar("Network", bound=nn.Module)


class Machine:
    """One process of a training.

    Args:
        fabric: launched, or of one process, which needs no launch.

    Attributes:
        device: where networks and data are.
        is_first: whether this process writes files and tells what happens.
    """

    def __init__(self, fabric: Fabric) -> None:
        self._fabric = fabric
        self.device = fabric.device
        self.is_first = fabric.is_global_zero

    def share(self, batch: int) -> range:
        """The items of a global batch that are this process's.

        Raises:
            InputError: there are more processes than items, or they cannot have as many each.
        """
        processes = self._fabric.world_size
        if batch % processes:
            raise InputError(f"a batch of {batch} cannot be shared among {processes} processes alike")
        each = batch // processes
        return range(each * self._fabric.global_rank, each * (self._fabric.global_rank + 1))

    def autocast(self) -> AbstractContextManager[object]:
        """A context in which networks compute with the precision asked for."""
        return self._fabric.autocast()

    def place(self, modules: Iterable[nn.Module]) -> None:
        """Put modules onto the device. Optimizers are to be made after it."""
        for module in modules:
            module.to(self.device)

    def compiled(self, network: Network) -> Network:
        """The network, compiled for a GPU. On a CPU it would be slower: docs/runs/2026-11-30-step-trials.md."""
        return cast("Network", torch.compile(network)) if self.device.type == "cuda" else network

    def total(self, values: Tensor) -> Tensor:
        """The sum of all processes' tensors."""
        if self._fabric.world_size == 1:
            return values
        summed = self._fabric.all_reduce(values.clone(), reduce_op="sum")
        assert isinstance(summed, Tensor)
        return summed

    def average(self, tensors: Sequence[Tensor]) -> None:
        """Put the mean over all processes into tensors, in one exchange."""
        if self._fabric.world_size == 1:
            return
        flat = self.total(torch.cat([each.flatten() for each in tensors])) / self._fabric.world_size
        for each, mean in zip(tensors, torch.split(flat, [each.numel() for each in tensors]), strict=True):
            each.copy_(mean.view_as(each))

    def gather(self, values: Tensor, batch: int) -> Tensor:
        """All items `[batch, ...]` of a global batch, of which each process has its share."""
        whole = values.new_zeros(batch, *values.shape[1:])
        mine = self.share(batch)
        whole[mine.start : mine.stop] = values
        return self.total(whole)

    def from_first(self, work: Callable[[], Result]) -> Result:
        """Do something in the first process only; all get its result."""
        shared: Result = self._fabric.broadcast(work() if self.is_first else None)  # type: ignore[assignment]
        return shared

    def agree(self, modules: Iterable[nn.Module]) -> None:
        """Give modules of all processes the parameters and buffers of those of the first one."""
        if self._fabric.world_size == 1:
            return
        for module in modules:
            for value in module.state_dict(keep_vars=True).values():
                value.data.copy_(self.total(value.data if self.is_first else torch.zeros_like(value.data)))

    def first_on_each_host(self) -> AbstractContextManager[None]:
        """A context that one process of each host goes through before the others do, to make files that all read."""
        return self._fabric.rank_zero_first(local=True)


def full_precision(device: torch.device) -> AbstractContextManager[object]:
    """A context in which nothing is rounded, whatever is around it."""
    available = torch.amp.is_autocast_available(device.type)
    return torch.autocast(device.type, enabled=False) if available else nullcontext()


def this_process(precision: Precision = "auto") -> Machine:
    """This process by itself, on the CPU: for what is no command of its own."""
    return Machine(Fabric(accelerator="cpu", devices=1, precision=_arithmetic("cpu", precision)))


def launch(work: Callable[[Machine], None], hardware: Hardware) -> None:
    """Call `work` in every process, each with its machine.

    Args:
        work: can be pickled if there is more than one process.
        hardware: what to run on.

    Raises:
        InputError: there is no such hardware.
        VqcodecError: another process failed.
    """
    fabric = _fabric(hardware)
    try:
        fabric.launch(partial(_run, work=work))
    except ProcessRaisedException as error:  # its message is the traceback of the other process
        known = re.search(r"^bitstream\.errors\.\w+: (.*)$", str(error), re.MULTILINE)
        if known is None:
            raise
        raise VqcodecError(known[1]) from None
    except ProcessExitedException as error:
        raise VqcodecError(f"a process of the training was ended: {error}") from None


def _run(fabric: Fabric, work: Callable[[Machine], None]) -> None:
    work(Machine(fabric))


def _fabric(hardware: Hardware) -> Fabric:
    device = hardware.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    _check(device, hardware.devices)
    devices, nodes = hardware.devices, 1
    strategy: Strategy | str = "auto"
    if TorchElasticEnvironment.detect():
        devices = int(os.environ["LOCAL_WORLD_SIZE"])
        nodes, strategy = int(os.environ["WORLD_SIZE"]) // devices, DDPStrategy(timeout=PATIENCE)
    elif devices > 1:
        strategy = DDPStrategy(start_method="spawn", timeout=PATIENCE)
    return Fabric(
        accelerator=device,
        devices=devices,
        num_nodes=nodes,
        strategy=strategy,
        precision=_arithmetic(device, hardware.precision),
    )


def _check(device: str, devices: int) -> None:
    """Refuse what this machine does not have."""
    available = {
        "cpu": devices,  # as many processes as one likes
        "cuda": torch.cuda.device_count(),
        "mps": int(torch.backends.mps.is_available()),
    }[device]
    if devices > available:
        raise InputError(f"this machine has {available} devices of type {device}, not {devices}")


def _arithmetic(device: str, precision: Precision) -> Literal["bf16-mixed", "32-true"]:
    """A precision in the words of Fabric."""
    rounded = precision == "bf16" or (precision == "auto" and _has_fast_bfloat16(device))
    return "bf16-mixed" if rounded else "32-true"


def _has_fast_bfloat16(device: str) -> bool:
    """Of processors, those with AVX-512 or AMX. Others emulate it, and are far slower than with float32."""
    if device == "cpu":
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return device == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
