"""Every item in a child process, whose death costs the item a retry and nobody else anything."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from vqcodec.bulk.coding import Coder, Row, attempt
from vqcodec.bulk.items import Item
from vqcodec.system.processes import Ended, Processes

__all__ = ["Isolated", "end_order"]


class Isolated:
    """Works on items in a child process; a context manager.

    A child that dies, for want of memory or of a crash in a library, is replaced. Its item is tried once more, and then
    has an error. The system ends the child before anything else when memory runs out.

    Args:
        coder: the work; the child has a copy of it.
        threads: that compute in the child.
    """

    def __init__(self, coder: Coder, threads: int = 1) -> None:
        self._processes = Processes(_Attempt(coder), 1, partial(_prepare, threads))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._processes.__exit__(kind, error, at)

    def each(self, items: Iterable[Item]) -> Iterator[tuple[Item, Row]]:
        """Every item, in order, with its columns or its error. The next item is taken when the child is free."""
        for item, row in self._processes.each(items):
            yield item, self._again(item) if isinstance(row, Ended) else row

    def _again(self, item: Item) -> Row:
        ((_, row),) = self._processes.each([item])
        return {"error": f"{row.reason}, twice"} if isinstance(row, Ended) else row


class _Attempt:
    """`attempt`, as a task of a process."""

    def __init__(self, coder: Coder) -> None:
        self._coder = coder

    def __call__(self, item: Item) -> Row:
        return {"error": item.error} if item.error else attempt(self._coder, item.data)


def end_order(score: int) -> None:
    """Say how early the system is to end this process when memory runs out: 1000 is first.

    Ray says 1000 of all its workers, so one that has a child must say less.
    """
    if sys.platform == "linux":
        with suppress(OSError):  # who may not lower it
            Path("/proc/self/oom_score_adj").write_text(str(score))


def _prepare(threads: int) -> None:
    from vqcodec.system.threads import limit_threads

    limit_threads(threads)
    end_order(1000)
