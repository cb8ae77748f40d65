"""Progress of long work on a sequence, for those who want to watch it; by default nobody does, as in a library."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Protocol

__all__ = ["Progress", "Watch", "as_one", "watched", "watching"]


class Progress(Protocol):
    """Receives the progress of work, as a bar of tqdm does."""

    def update(self, steps: int, /) -> object:
        """So many more steps are done."""


# Called with the number of all steps when work begins. The context that it returns is left when the work ends.
Watch = Callable[[int], AbstractContextManager[Progress]]

_watch: ContextVar[Watch | None] = ContextVar("watch", default=None)


def watched(runs: Iterable[range], steps: int) -> Iterable[range]:
    """The runs of a pass of `steps` steps; the watch of the block around, if there is one, sees them."""
    watch = _watch.get()
    return runs if watch is None else _told(runs, steps, watch)


def _told(runs: Iterable[range], steps: int, watch: Watch) -> Iterator[range]:
    with watch(steps) as progress:
        for run in runs:
            yield run
            progress.update(len(run))


@contextmanager
def watching(watch: Watch) -> Iterator[None]:
    """Let `watch` see all work that begins in the block."""
    before = _watch.set(watch)
    try:
        yield
    finally:
        _watch.reset(before)


class _Part:
    """A part of longer work, `left` steps of it."""

    def __init__(self, whole: Progress, left: int) -> None:
        self._whole, self._left = whole, left

    def update(self, steps: int, /) -> None:
        done = min(steps, self._left)
        self._left -= done
        self._whole.update(done)


@contextmanager
def as_one(steps: int) -> Iterator[None]:
    """Let a watch see all work in the block as one piece of `steps` steps.

    `steps` may be an estimate: further steps are not reported, and missing ones are reported at the end.
    """
    watch = _watch.get()
    if watch is None:
        yield
        return
    with watch(steps) as progress:
        part = _Part(progress, steps)
        with watching(lambda _: nullcontext(part)):
            yield
        part.update(steps)
