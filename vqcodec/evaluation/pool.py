"""The same work on many tasks, in as many processes as there are processors, each on one thread."""

from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children, get_context
from types import TracebackType
from typing import Self, TypeVar

from tqdm import tqdm

from bitstream.errors import VqcodecError

__all__ = ["Processes"]

Task = TypeVar("Task")
Result = TypeVar("Result")


class Processes:
    """Processes that start when there is something to do, and that end with a `with` block: at once if it fails."""

    def __enter__(self) -> Self:
        self._others = set(active_children())
        self._pool: ProcessPoolExecutor | None = None
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._pool is None:
            return
        self._pool.shutdown(wait=kind is None, cancel_futures=True)
        for process in set(active_children()) - self._others:
            process.terminate()

    def each(self, work: Callable[[Task], Result], tasks: Sequence[Task], title: str) -> Iterator[tuple[Task, Result]]:
        """The result of every task, as soon as it is there; progress is shown on a terminal.

        Args:
            work: a function of a module; it and the tasks are sent to other processes.
            tasks: what it is called with.
            title: of the progress bar.

        Raises:
            VqcodecError: a process was ended from outside.
        """
        if not tasks:
            return
        if self._pool is None:
            # Not forked: a copy of a process with threads, of which torch has some, may hang.
            self._pool = ProcessPoolExecutor(_processors(), get_context("spawn"), _start)
        try:
            futures = {self._pool.submit(work, task): task for task in tasks}
            for future in tqdm(as_completed(futures), title, len(futures), unit="", disable=None):
                yield futures.pop(future), future.result()
        except BrokenProcessPool:
            raise VqcodecError(
                "a process that measured was ended from outside, perhaps for want of memory; what it measured is kept"
            ) from None


def _processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _start() -> None:
    """Prepare a process: one thread, no warnings, and the end of an interrupted run is its parent's to announce."""
    import torch
    from threadpoolctl import threadpool_limits

    from vqcodec.evaluation.peers import decode_on_one_thread

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    threadpool_limits(1)
    decode_on_one_thread()
