"""How far a long pass through a sequence is, told to whoever wants to know: by default nobody, as in a library."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["Watch", "watched", "watching"]

# Gives back the runs of steps of a pass, one after the other, and is told how many steps there are in all.
Watch = Callable[[Iterable[range], int], Iterable[range]]

_watch: ContextVar[Watch | None] = ContextVar("watch", default=None)


def watched(runs: Iterable[range], steps: int) -> Iterable[range]:
    """The runs of a pass of `steps` steps, on their way through the watch of the block around, if there is one."""
    watch = _watch.get()
    return runs if watch is None else watch(runs, steps)


@contextmanager
def watching(watch: Watch) -> Iterator[None]:
    """Let `watch` see every pass that begins in the block."""
    before = _watch.set(watch)
    try:
        yield
    finally:
        _watch.reset(before)
