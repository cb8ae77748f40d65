"""Machines to train on: this process, by itself."""

from __future__ import annotations

from lightning_fabric import Fabric

from vqcodec.training.engine.machine import Machine

__all__ = ["one_process"]


def one_process() -> Machine:
    """This process, on the CPU, in float32."""
    return Machine(Fabric(accelerator="cpu", devices=1, precision="32-true"))
