"""Measuring in as many processes as there are processors, each on one thread."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from tqdm import tqdm

from bitstream.errors import VqcodecError
from vqcodec.system.processes import Ended, Processes, processors

__all__ = ["Measuring"]

Task = TypeVar("Task")
Result = TypeVar("Result")


class Measuring(Processes[Task, Result]):
    """`Processes` for work of which nothing may be missing.

    Args:
        work: a function of a module.
    """

    def __init__(self, work: Callable[[Task], Result]) -> None:
        super().__init__(work, processors(), _start)

    def measured(self, tasks: Sequence[Task], title: str) -> Iterator[tuple[Task, Result]]:
        """The result of every task, as soon as it is there; progress is shown on a terminal.

        Raises:
            VqcodecError: a process was ended from outside.
        """
        for task, result in tqdm(self.each(tasks), title, len(tasks), unit="", disable=None):
            if isinstance(result, Ended):
                cause = "was ended from outside, perhaps for want of memory"
                raise VqcodecError(f"a process that measured {cause}; what it measured is kept")
            yield task, result


def _start() -> None:
    """Prepare a process: one thread, no warnings."""
    import torch
    from threadpoolctl import threadpool_limits

    from vqcodec.evaluation.pictures.anchors import work_on_one_thread

    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    threadpool_limits(1)
    work_on_one_thread()
