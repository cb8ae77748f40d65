"""Handlers of signals for a while."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["handled", "signals_later"]

Handler = Callable[[int, FrameType | None], object]

NAMES = "SIGINT", "SIGTERM", "SIGHUP"  # of which Windows does not have all


@contextmanager
def handled(numbers: Iterable[int], handler: Handler) -> Iterator[None]:
    """Let `handler` have these signals in the block. Out of the main thread nothing is changed: handlers run there."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, each in before.items():
            signal.signal(number, each)


@contextmanager
def signals_later() -> Iterator[None]:
    """Let handlers of signals run after the block.

    A C library that is loaded may take the exception of a handler, such as KeyboardInterrupt, for a failure of its own.
    """
    numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
    seen: list[int] = []
    with handled([each for each in numbers if callable(signal.getsignal(each))], lambda number, _: seen.append(number)):
        yield
    for number in seen:
        signal.raise_signal(number)
