"""The same work on many tasks, in several processes. If one is killed, only its own task fails."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from bitstream.errors import VqcodecError

__all__ = ["Ended", "Processes", "processors"]

Task = TypeVar("Task")
Result = TypeVar("Result")

GRACE = 20  # seconds until a process that was asked to end is killed
# Signals that a terminal sends to all its processes. Only the main process acts on them.
OF_TERMINALS = [getattr(signal, name) for name in ("SIGINT", "SIGHUP") if hasattr(signal, name)]


@dataclass(frozen=True)
class Ended:
    """Stands for a result whose process has ended, perhaps killed because memory ran out.

    Attributes:
        process: its number.
        exit_code: what it ended with; negative is the number of a signal.
    """

    process: int
    exit_code: int

    @property
    def reason(self) -> str:
        """Why there is no result, in one line."""
        how = f"by signal {-self.exit_code}" if self.exit_code < 0 else f"with code {self.exit_code}"
        memory = ", perhaps because memory ran out" if self.exit_code == -9 else ""
        return f"the process that worked on it was ended {how}{memory}"


class Processes(Generic[Task, Result]):
    """Processes that start when there are tasks, and end with a `with` block; at once, if the block fails.

    Args:
        work: the function for each task, of a module or an object that can be pickled. Every process has one copy of it
            for all its tasks, which can keep what it has loaded.
        count: the number of processes, at most.
        prepare: called once in every process, before the first task.
    """

    def __init__(self, work: Callable[[Task], Result], count: int, prepare: Callable[[], object] | None = None) -> None:
        self._work, self._count, self._prepare = work, count, prepare
        self._workers: list[_Worker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for worker in self._workers:
            worker.dismiss(at_once=kind is not None)
        for worker in self._workers:
            worker.join()

    def each(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Result | Ended]]:
        """Every task with its result, in the order in which they are done.

        Raises:
            Exception: what `work` raised.
        """
        waiting, idle = iter(tasks), list(self._workers)
        busy: dict[Connection, tuple[_Worker, Task]] = {}
        while True:
            while len(busy) < self._count:
                try:
                    task = next(waiting)
                except StopIteration:
                    break
                worker = idle.pop() if idle else self._start()
                worker.give(task)
                busy[worker.connection] = (worker, task)
            if not busy:
                return
            ready = wait(list(busy))
            for connection in [each for each in busy if each in ready]:
                worker, task = busy.pop(connection)
                outcome = worker.take()
                (self._workers.remove if isinstance(outcome, Ended) else idle.append)(worker)
                yield task, outcome

    def results(self, tasks: Sequence[Task], title: str) -> Iterator[tuple[Task, Result]]:
        """As `each`, for work of which nothing may be missing; progress is shown on a terminal.

        Raises:
            VqcodecError: a process was ended from outside.
        """
        from tqdm import tqdm

        for task, result in tqdm(self.each(tasks), title, len(tasks), disable=None):
            if isinstance(result, Ended):
                raise VqcodecError(f"{title} failed: {result.reason}")
            yield task, result

    def _start(self) -> _Worker:
        worker = _Worker(self._work, self._prepare)
        self._workers.append(worker)
        return worker


class _Worker:
    """A process, and our end of the pipe to it, which is closed when one of the two processes ends."""

    def __init__(self, work: Callable[[Any], Any], prepare: Callable[[], object] | None) -> None:
        # Not forked: a copy of a process with threads, of which torch has some, may hang.
        context = get_context("spawn")
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, work, prepare), daemon=True)
        with _uninterrupted():
            self._process.start()
        theirs.close()

    def give(self, task: object) -> None:
        with suppress(ConnectionError):  # it is gone already, which `take` finds out
            self.connection.send(task)

    def take(self) -> Any:
        """Wait for the result of the task that was given."""
        try:
            result, error = self.connection.recv()
        except (EOFError, ConnectionError):
            self.dismiss(at_once=False)
            self.join()
            return Ended(self._process.pid or 0, self._process.exitcode or 0)
        if error is not None:
            raise error
        return result

    def dismiss(self, at_once: bool) -> None:
        """Let the process end after its task, or at once; its temporary files are removed in both cases."""
        self.connection.close()
        if at_once:
            self._process.terminate()

    def join(self) -> None:
        self._process.join(GRACE)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()


def processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Keep signals of the terminal from processes that are started in the block."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # or it is started in the block, and the signal no longer blocked after that
    before = signal.pthread_sigmask(signal.SIG_BLOCK, OF_TERMINALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(connection: Connection, work: Callable[[Any], Any], prepare: Callable[[], object] | None) -> None:
    """Work on tasks until there are no more, or the main process is gone."""
    for number in OF_TERMINALS:
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _unwind)
    if prepare is not None:
        prepare()
    with suppress(EOFError, ConnectionError):
        while True:
            connection.send(_outcome(work, connection.recv()))


def _unwind(*_: object) -> None:
    """Unwind the stack, so that temporary files are removed. A second signal is ignored."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(128 + signal.SIGTERM)


def _outcome(work: Callable[[Any], Any], task: object) -> tuple[Any, Exception | None]:
    try:
        return work(task), None
    except Exception as error:
        error.add_note(f"In another process:\n{traceback.format_exc()}")  # which a traceback does not survive
        return None, error
