"""Priors, evaluated by the compiled kernel with chosen instructions, and a record of its calls."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from vqcodec.prior.base import EntropyModel
from vqcodec.prior.kernel import _kernel
from vqcodec.prior.kernel.pixelcnn import KernelPixelCNN
from vqcodec.prior.kernel.wavenet import KernelWaveNet
from vqcodec.prior.pixelcnn import PixelCNN
from vqcodec.prior.wavenet import WaveNet

__all__ = ["FUNCTIONS", "INSTRUCTIONS", "Call", "evaluated", "recorder", "using", "write_calls"]

INSTRUCTIONS = _kernel.supported()
FUNCTIONS = (
    "everywhere",
    "costs",
    "chances",
    "encode_diagonals",
    "decode_diagonals",
    "known_frames",
    "encode_steps",
    "decode_steps",
)


@contextmanager
def using(instructions: str) -> Iterator[None]:
    """Let the kernel use these instructions in the block."""
    _kernel.use(instructions)
    try:
        yield
    finally:
        _kernel.use(INSTRUCTIONS[-1])


def evaluated(prior: PixelCNN | WaveNet, kernel: ModuleType = _kernel) -> EntropyModel:
    """The prior, evaluated by the kernel."""
    return KernelPixelCNN(prior, kernel) if isinstance(prior, PixelCNN) else KernelWaveNet(prior, kernel)


class Call:
    """A call of the kernel.

    Attributes:
        name: of the function.
        before: its arguments.
        after: its buffers, as the call left them.
        is_done: what it gave back.
    """

    def __init__(self, name: str, arguments: tuple[Any, ...]) -> None:
        self.name, self.before = name, tuple(map(_copied, arguments))
        self.is_done = getattr(_kernel, name)(*arguments)
        self.after = tuple(_copied(each) for each in arguments if not isinstance(each, int))


def _copied(argument: int | NDArray[Any] | None) -> int | NDArray[Any] | None:
    return argument.copy() if isinstance(argument, np.ndarray) else argument


def recorder(calls: list[Call]) -> ModuleType:
    """The kernel, whose calls are added to `calls`."""

    def recorded(name: str) -> Callable[..., bool]:
        def function(*arguments: Any) -> bool:
            calls.append(Call(name, arguments))
            is_done: bool = calls[-1].is_done
            return is_done

        return function

    return cast(ModuleType, SimpleNamespace(**{name: recorded(name) for name in FUNCTIONS}))


def write_calls(path: Path, calls: Sequence[Call]) -> None:
    """Write a record that tests/prior/kernel/replay.c reads: all contents of buffers, and then the calls."""
    contents: dict[bytes, int] = {}

    def number_of(buffer: object) -> int:
        data = buffer.tobytes() if isinstance(buffer, np.ndarray) else b""
        return contents.setdefault(data, len(contents))

    records = []
    for call in calls:
        numbers = [each for each in call.before if isinstance(each, int)]
        buffers = [number_of(each) for each in call.before if not isinstance(each, int)]
        after = [number_of(each) for each in call.after]
        head = struct.pack("<32siii", call.name.encode(), len(numbers), len(buffers), not call.is_done)
        records.append(head + struct.pack(f"<{len(numbers)}q{2 * len(buffers)}i", *numbers, *buffers, *after))
    blobs = b"".join(struct.pack("<q", len(data)) + data for data in contents)
    path.write_bytes(struct.pack("<i", len(contents)) + blobs + struct.pack("<i", len(records)) + b"".join(records))
