"""Progress of passes: told step by step, several of them as one, and nothing to those who do not ask."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vqcodec.system.progress import as_one, watched, watching


class Log:
    """Of everything that is told: for each work its steps, and what of them was done, until it ended."""

    def __init__(self) -> None:
        self.works: list[tuple[int, list[int]]] = []
        self.open = 0

    @contextmanager
    def watch(self, steps: int) -> Iterator[Log]:
        self.works.append((steps, []))
        self.open += 1
        yield self
        self.open -= 1

    def update(self, steps: int, /) -> None:
        self.works[-1][1].append(steps)


def runs(*lengths: int) -> Iterable[range]:
    """A pass in runs of these lengths."""
    return watched((range(length) for length in lengths), sum(lengths))


def test_every_pass_is_work_of_its_own() -> None:
    log = Log()
    with watching(log.watch):
        assert [len(run) for run in runs(2, 3)] == [2, 3]
        list(runs(4))
    assert log.works == [(5, [2, 3]), (4, [4])]
    assert log.open == 0
    assert list(runs(1)) == [range(1)]  # outside of the block
    assert len(log.works) == 2


@given(st.integers(0, 30), st.lists(st.lists(st.integers(1, 9), max_size=4), max_size=4))
def test_passes_as_one_are_never_more_or_less_than_was_said(steps: int, passes: list[list[int]]) -> None:
    log = Log()
    with watching(log.watch), as_one(steps):
        for lengths in passes:
            list(runs(*lengths))
    assert [(wanted, sum(done)) for wanted, done in log.works] == [(steps, steps)]
    assert min(log.works[0][1]) >= 0


def test_a_part_of_work_is_done_when_it_ends() -> None:
    log = Log()
    with watching(log.watch), as_one(100):
        with as_one(30):
            list(runs(10))
        assert sum(log.works[0][1]) == 30
        with as_one(20):
            list(runs(15, 15))
        assert sum(log.works[0][1]) == 50
        list(runs(7))
        assert sum(log.works[0][1]) == 57
    assert len(log.works) == 1


def test_work_that_fails_is_left_undone() -> None:
    def fail() -> None:
        with as_one(9):
            list(runs(4))
            raise KeyError

    log = Log()
    with watching(log.watch), pytest.raises(KeyError):
        fail()
    assert log.works == [(9, [4])]


def test_nobody_needs_to_watch() -> None:
    with as_one(9):
        assert list(runs(3)) == [range(3)]
