"""Machines to train on: this process, by itself."""

from __future__ import annotations

from vqcodec.training.engine.machine import Machine, this_process

__all__ = ["one_process"]


def one_process() -> Machine:
    """This process, on the CPU, in float32."""
    return this_process("32")
