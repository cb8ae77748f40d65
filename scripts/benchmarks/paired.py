"""The same work in several ways, in turn: A B A B ... What disturbs the machine then disturbs all of them alike."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Protocol, TypeVar

from vqcodec.evaluation.report.text import markdown_table, number

__all__ = ["Pairs", "Seconds", "Timed", "add_rounds", "in_turn", "pair_cells", "pair_header", "pair_table", "timed"]

T = TypeVar("T")

ROUNDS = 7


class Timed(Protocol):
    """What some work took: seconds by the clock, and processor time of all its threads."""

    @property
    def seconds(self) -> float: ...

    @property
    def cpu_seconds(self) -> float: ...


@dataclass(frozen=True)
class Seconds:
    """A `Timed` of work within this process."""

    seconds: float
    cpu_seconds: float


Pairs = Sequence[tuple[Timed, ...]]  # what two ways took, in each round


def add_rounds(parser: argparse.ArgumentParser) -> None:
    """The option `--rounds`."""
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"to take the median of (default: {ROUNDS})")


def in_turn(ways: Sequence[Callable[[], T]], rounds: int) -> list[tuple[T, ...]]:
    """What each way gives in each round. One more round comes first and is not counted, so that caches are filled."""
    return [tuple(way() for way in ways) for _ in range(max(1, rounds) + 1)][1:]


def timed(work: Callable[[], object]) -> Callable[[], Seconds]:
    """Work that gives what it took."""

    def seconds() -> Seconds:
        started = time.perf_counter(), time.process_time()
        work()
        return Seconds(time.perf_counter() - started[0], time.process_time() - started[1])

    return seconds


def pair_header(labels: Sequence[str]) -> list[str]:
    """What `pair_cells` has, for two ways with labels."""
    return [*(f"{label}, s" for label in labels), "times as fast", "least", "most", "in processor time"]


def pair_cells(pairs: Pairs) -> list[str]:
    """The median seconds of both ways, and how many times as fast the second one is.

    That is the median of the ratios within a round, beside the least and the most of them; and the median of the ratios
    of processor time, which other work on the machine disturbs less.
    """
    by_clock = [one.seconds / other.seconds for one, other in pairs]
    by_processor = [one.cpu_seconds / other.cpu_seconds for one, other in pairs]
    seconds = [number(median(each.seconds for each in way), 4) for way in zip(*pairs, strict=True)]
    return [*seconds, *map(number, (median(by_clock), min(by_clock), max(by_clock), median(by_processor)))]


def pair_table(labels: Sequence[str], pairs: Mapping[str, Pairs]) -> str:
    """Both ways of each work, by the names of works."""
    return markdown_table(["work", *pair_header(labels)], [[name, *pair_cells(each)] for name, each in pairs.items()])
