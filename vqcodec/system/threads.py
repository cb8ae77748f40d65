"""Small matrix products on one thread.

The wavefront multiplies matrices of a few rows, thousands of times. A pool of threads gains nothing for these on an
idle machine. On a busy one every product waits for the slowest thread: it was 40 times slower in a measurement.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController

__all__ = ["blas_libraries", "one_blas_thread"]


@cache
def blas_libraries() -> ThreadpoolController:
    """The BLAS libraries of this process; looking for them takes milliseconds."""
    return ThreadpoolController()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Numpy's matrix products run on one thread within this context, or in a function that it decorates."""
    with blas_libraries().limit(limits=1, user_api="blas"):
        yield
