"""Work on many items in threads, for work that leaves Python to others while it computes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from bitstream import InputError
from vqcodec.system.processes import processors

__all__ = ["in_threads"]

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 2  # results for each thread that may wait to be taken, to bound the memory


def in_threads(work: Callable[[Item], Result], items: Iterable[Item], threads: int | None = None) -> Iterator[Result]:
    """`work` of every item, in their order. Items are taken as threads become free, and results are not piled up.

    Args:
        work: can be called from several threads at once. The first error ends the work, and is raised in its turn.
        items: any number of them.
        threads: by default one for each processor.

    Raises:
        InputError: there is to be no thread at all.
    """
    count = processors() if threads is None else threads
    if count < 1:
        raise InputError(f"the number of threads must be at least 1, not {threads}")
    return _results(work, iter(items), count)


def _results(work: Callable[[Item], Result], items: Iterator[Item], threads: int) -> Iterator[Result]:
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="vqcodec") as pool:
        try:
            for item in items:
                waiting.append(pool.submit(copy_context().run, work, item))
                if len(waiting) > AHEAD * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
