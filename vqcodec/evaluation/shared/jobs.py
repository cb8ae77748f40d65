"""The work of an evaluation, done in as many processes as there are processors, each on one thread."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from tqdm import tqdm

from bitstream.errors import VqcodecError
from vqcodec.evaluation.shared.cache import ResultCache
from vqcodec.evaluation.shared.folder import Skipped
from vqcodec.system.processes import Ended, Processes, processors
from vqcodec.system.threads import limit_threads

__all__ = ["CODING_ERRORS", "Job", "job_processes", "results_of", "run_missing", "work_on_one_thread"]

# What codecs raise for a picture or a sound that they cannot take: too large, too many bytes, not enough memory.
CODING_ERRORS = (VqcodecError, OSError, ValueError, RuntimeError, MemoryError)

Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Job:
    """Work on one file. It can be sent to another process.

    Attributes:
        file: the name of the file.
        title: what is done with the file, for messages.
        key: all that the result depends on, for `ResultCache`.
        work: gives the result: a function of a module, or a `functools.partial` of one.
    """

    file: str
    title: str
    key: dict[str, object]
    work: Callable[[], Any]


def job_processes(prepare: Callable[[], object]) -> Processes[Job, Any]:
    """Processes for jobs; each of them calls `prepare` first, `work_on_one_thread` or more."""
    return Processes(_run, processors(), prepare)


def run_missing(
    jobs: Sequence[Job], cache: ResultCache[Any], processes: Processes[Job, Any], title: str
) -> list[Skipped]:
    """Run the jobs whose results are not in the cache, and put their results there.

    Returns:
        The files of jobs that failed with one of CODING_ERRORS, a file once.

    Raises:
        VqcodecError: a process was ended from outside.
        OSError: the cache cannot be written.
    """
    failed: dict[str, Skipped] = {}
    missing = [job for job in jobs if cache.get(job.key) is None]
    for job, result in results_of(processes, missing, title):
        if isinstance(result, Skipped):
            failed.setdefault(result.name, result)
        else:
            cache.add(job.key, result)
    return list(failed.values())


def results_of(processes: Processes[Task, Result], tasks: Sequence[Task], title: str) -> Iterator[tuple[Task, Result]]:
    """The result of every task, as soon as it is there. Progress is shown on a terminal.

    Raises:
        VqcodecError: a process was ended from outside.
    """
    for task, result in tqdm(processes.each(tasks), title, len(tasks), unit="", disable=None):
        if isinstance(result, Ended):
            cause = "was ended from outside, perhaps for want of memory"
            raise VqcodecError(f"a process that measured {cause}; what it measured is kept")
        yield task, result


def work_on_one_thread() -> None:
    """Prepare a process: one thread, no warnings."""
    import torch

    warnings.simplefilter("ignore")
    torch.set_num_threads(1)  # of some metrics
    limit_threads(1)


def _run(job: Job) -> Any:
    """The result of a job, or why its file is left out."""
    try:
        return job.work()
    except CODING_ERRORS as error:
        return Skipped(job.file, f"{job.title}: {error}")
