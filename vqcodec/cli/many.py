"""A command on many files: in several processes, with one bar for all, and a summary of failures at the end."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable, Generator
from contextlib import closing, redirect_stderr
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import click

from vqcodec.cli.plan import Plan, Task
from vqcodec.cli.program import explain, report_error, tidy_warnings
from vqcodec.cli.tally import Sizes, Tally, sizes_of
from vqcodec.system.files import refuse_own_source, remove_temporaries
from vqcodec.system.processes import Ended, Processes

__all__ = ["run"]

Work = Callable[[str, str], object]
Direction = Literal["compressing", "decompressing"]


@dataclass(frozen=True)
class Outcome:
    """The outcome of the work on a file.

    Attributes:
        said: what the work wrote to standard error.
        failure: why it failed, in one line that names the file; empty if it did not.
        sizes: of the file, if the work did not fail.
    """

    said: str
    failure: str = ""
    sizes: Sizes | None = None


@dataclass(frozen=True)
class FileWork:
    """Work on a file that turns every failure into an `Outcome`, so that no file stops the others."""

    work: Work
    direction: Direction
    force: bool

    def __call__(self, task: Task) -> Outcome:
        # Away from standard error there are no bars, either.
        with redirect_stderr(io.StringIO()) as said, tidy_warnings(task.source):
            try:
                _check_target(task, self.force)
                Path(task.target).parent.mkdir(parents=True, exist_ok=True)
                self.work(task.source, task.target)
                coded = task.target if self.direction == "compressing" else task.source
                return Outcome(said.getvalue(), sizes=sizes_of(task.source, task.target, coded))
            except Exception as error:
                text = explain(error) or f"a defect of vqcodec: {type(error).__name__}: {error}"
                about = "" if text.startswith(f"{task.source}: ") else f"{task.source}: "
                return Outcome(said.getvalue(), about + text)


def run(work: Work, plan: Plan, jobs: int, direction: Direction, force: bool) -> None:
    """Do `work` on the source and target of every task; print failures and a summary on standard error.

    Args:
        work: can be pickled; every process has one copy of it.
        plan: the tasks.
        jobs: processes; 1 is this process.
        direction: what is done, for the bar.
        force: whether targets may exist.

    Raises:
        click.exceptions.Exit: with code 1, if something failed.
    """
    from tqdm import tqdm

    failures, tally = list(plan.refused), Tally()
    with closing(_outcomes(FileWork(work, direction, force), plan.tasks, jobs)) as outcomes:
        # None: shown on a terminal only.
        for task, outcome in tqdm(outcomes, direction, len(plan.tasks), unit=" files", leave=False, disable=None):
            if isinstance(outcome, Ended):
                remove_temporaries(Path(task.target), outcome.process)
                failures.append(f"{task.source}: {outcome.reason}")
                continue
            if outcome.said:
                with tqdm.external_write_mode(file=sys.stderr):
                    click.echo(outcome.said, err=True, nl=False)
            if outcome.sizes is None:
                failures.append(outcome.failure)
            else:
                tally.add(outcome.sizes)
    for failure in failures:
        report_error(failure)
    click.echo(tally.summary(len(failures), len(plan.left_out)), err=True)
    if failures:
        raise click.exceptions.Exit(1)


def _check_target(task: Task, force: bool) -> None:
    """Refuse a target that exists before its source is read, as most of a long list may be done already."""
    refuse_own_source(task.source, task.target)
    if not force and Path(task.target).exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), task.target)


def _outcomes(
    work: FileWork, tasks: tuple[Task, ...], jobs: int
) -> Generator[tuple[Task, Outcome | Ended], None, None]:
    jobs = min(jobs, len(tasks))
    if jobs <= 1:
        for task in tasks:
            yield task, work(task)
        return
    with Processes(work, jobs, partial(_share_processors, jobs)) as processes:
        yield from processes.each(tasks)


def _share_processors(jobs: int) -> None:
    """Give this process its share of the threads, one of `jobs` parts."""
    from vqcodec.system.threads import limit_threads, network_threads

    limit_threads(max(1, network_threads() // jobs))
