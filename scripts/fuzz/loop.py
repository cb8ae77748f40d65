"""The loop: batches of changed seeds, each in a process of its own whose memory and time are bounded.

A batch depends on the seed of the run and on its number only. An input that ends its process, by a fault or by taking
far too long, is known to the parent by shared memory.
"""

from __future__ import annotations

import mmap
import multiprocessing
import resource
import signal
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count as count_from
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

from .target import Target

__all__ = ["Outcome", "Problem", "fuzz", "judged"]

HANG = 20  # times the seconds of a target after which a process is ended
LARGEST_INPUT = 1 << 24
ACCEPTED = "accepted"


@dataclass(frozen=True)
class Problem:
    """An input with which something is wrong, and what."""

    name: str
    data: bytes
    trace: str

    @property
    def kind(self) -> str:
        """The same for problems that have one cause, more or less."""
        return f"{self.name} {self.trace.splitlines()[-3:-1]}"


@dataclass
class Outcome:
    """What came of inputs."""

    counts: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0  # seconds of processor time for an input
    largest: int = 0  # bytes of address space that a batch took
    problems: list[Problem] = field(default_factory=list)

    @property
    def runs(self) -> int:
        """Inputs in all."""
        return self.counts.total()

    def add(self, other: Outcome) -> list[Problem]:
        """Take in what came of more inputs; the problems that are of a new kind."""
        self.counts += other.counts
        self.slowest, self.largest = max(self.slowest, other.slowest), max(self.largest, other.largest)
        known, new = {each.kind for each in self.problems}, []
        for problem in other.problems:
            if problem.kind not in known:
                known.add(problem.kind)
                new.append(problem)
        self.problems += new
        return new


def fuzz(
    target: Target,
    count: float,
    seconds: float,
    seed: int,
    tell: Callable[[Problem], None],
    first_only: bool = False,
) -> Outcome:
    """Try the seeds, then `count` changed ones, or as many as there is time for.

    Problems are told when they are found, one of each kind; with `first_only` the first one is the end.
    """
    outcome, began = Outcome(), time.perf_counter()
    for problem in outcome.add(_seeds(target)):
        tell(problem)
    for number in count_from():
        left = count - outcome.runs
        if left <= 0 or time.perf_counter() - began > seconds or (first_only and outcome.problems):
            return outcome
        size = int(min(left, target.batch))
        for problem in outcome.add(_batch(target, f"{seed}/{number}", size)):
            tell(problem)
    raise AssertionError


def judged(target: Target, data: bytes) -> tuple[str, str, float]:
    """What comes of an input, with a trace if that is a problem, and the processor time that it took."""
    began, name, trace = time.process_time(), ACCEPTED, ""
    try:
        with warnings.catch_warnings(action="ignore"):
            target.judge(data)
    except target.refusals as error:
        name = type(error).__name__
    except Exception as error:
        name, trace = type(error).__name__, traceback.format_exc()
    return name, trace, time.process_time() - began


def _seeds(target: Target) -> Outcome:
    """Try the seeds, here, so that all is imported; what is whole must be accepted."""
    outcome = Outcome()
    for data in (*target.whole, *target.damaged):
        name, trace, _ = judged(target, data)
        if not trace and name != ACCEPTED and data in target.whole:
            name, trace = "Finding", f"a seed is refused with {name}"
        outcome.counts[name] += 1
        if trace:
            outcome.problems.append(Problem(name, data, trace))
    return outcome


# A process for each batch ------------------------------------------------------------------------------------------


def _batch(target: Target, seed: str, size: int) -> Outcome:
    """Try `size` changed inputs, fewer if one of them takes too much, in another process."""
    context = multiprocessing.get_context("fork")
    receive, send = context.Pipe(duplex=False)
    current = mmap.mmap(-1, LARGEST_INPUT)
    process = context.Process(target=_work, args=(target, seed, size, current, send))
    process.start()
    send.close()
    try:
        outcome: Outcome = receive.recv()
    except EOFError:
        process.join()
        how = "hangs" if process.exitcode == -signal.SIGPROF else f"ended with {process.exitcode}"
        length = int.from_bytes(current[:8], "little")
        outcome = Outcome(Counter({"dead": 1}))
        outcome.problems = [Problem("dead", current[8 : 8 + length], f"the process {how}")]
    process.join()
    return outcome


def _work(target: Target, seed: str, size: int, current: mmap.mmap, send: Connection) -> None:
    rng, outcome, seeds = Random(seed), Outcome(), (*target.whole, *target.damaged)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    before = _address_space()
    for _ in range(size):
        data = target.mutate(rng.choice(seeds), rng, seeds)
        current[: 8 + len(data)] = len(data).to_bytes(8, "little") + data
        name, trace, spent = _bounded(target, data)
        outcome.counts[name] += 1
        outcome.slowest = max(outcome.slowest, spent)
        if trace:
            outcome.problems.append(Problem(name, data, trace))
    outcome.largest = _peak() - before
    send.send(outcome)


def _bounded(target: Target, data: bytes) -> tuple[str, str, float]:
    """As `judged`, with bounds on memory and time; what is too slow once must be so again."""
    unbounded = resource.getrlimit(resource.RLIMIT_AS)
    bound = _address_space() + target.memory + target.memory_a_byte * len(data)
    resource.setrlimit(resource.RLIMIT_AS, (bound, unbounded[1]))
    signal.setitimer(signal.ITIMER_PROF, HANG * target.seconds)
    try:
        name, trace, spent = judged(target, data)
        if spent > target.seconds and not trace:
            name, trace, again = judged(target, data)
            if min(spent, again) > target.seconds and not trace:
                name, trace = "too slow", f"{again:.1f} s of a processor for one input"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        resource.setrlimit(resource.RLIMIT_AS, unbounded)
    return name, trace, spent


def _address_space() -> int:
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def _peak() -> int:
    """The most address space that there has been."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.split("VmPeak:")[1].split()[0])
