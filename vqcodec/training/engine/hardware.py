"""What a training is to run on, as it is asked for. Nothing heavy is imported: the command line reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["ANY", "Device", "Hardware", "Precision"]

Device = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["auto", "bf16", "32"]


@dataclass(frozen=True)
class Hardware:
    """What a training is to run on.

    Attributes:
        device: of every process; "auto" is CUDA or else the CPU.
        precision: of networks; "auto" is bfloat16 where that is fast, and float32 elsewhere.
        devices: how many of this machine, one process each. Under `torchrun` its processes are taken instead.
    """

    device: Device = "auto"
    precision: Precision = "auto"
    devices: int = 1


ANY = Hardware()
