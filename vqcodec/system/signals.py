"""Signals while a library is loaded."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["signals_later"]

NAMES = "SIGINT", "SIGTERM", "SIGHUP"  # of which Windows does not have all


@contextmanager
def signals_later() -> Iterator[None]:
    """Let handlers of signals run after the block.

    A C library that is loaded may take the exception of a handler, such as KeyboardInterrupt, for a failure of its own.
    """
    if threading.current_thread() is not threading.main_thread():  # where handlers run
        yield
        return
    numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
    handlers = {number: handler for number in numbers if callable(handler := signal.getsignal(number))}
    seen: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        seen.append(number)

    for number in handlers:
        signal.signal(number, note)
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    for number in seen:
        signal.raise_signal(number)
