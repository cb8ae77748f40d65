"""Work in threads: in order, bounded, and errors in their turn."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from bitstream import InputError
from vqcodec.system.many import in_threads


def test_results_are_in_order() -> None:
    def slow_at_first(number: int) -> int:
        time.sleep(0.02 if number == 0 else 0)
        return number**2

    assert list(in_threads(slow_at_first, range(40), 4)) == [number**2 for number in range(40)]
    assert list(in_threads(slow_at_first, [])) == []


def test_threads_work_at_the_same_time() -> None:
    together = threading.Barrier(3, timeout=30)

    def wait(_: int) -> bool:
        return together.wait() >= 0

    assert all(in_threads(wait, range(3), 3))


def test_items_are_not_taken_long_before_their_turn() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    results = in_threads(lambda number: number, items(), 2)
    assert next(results) == 0
    assert len(taken) < 10
    results.close()  # type: ignore[attr-defined]
    assert len(taken) < 10


def test_an_error_comes_in_its_turn() -> None:
    def work(number: int) -> int:
        return 10 // (3 - number)

    results = in_threads(work, range(9), 2)
    assert [next(results) for _ in range(3)] == [3, 5, 10]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_no_threads() -> None:
    with pytest.raises(InputError, match="at least 1, not 0"):
        in_threads(abs, [1], 0)
