"""How many threads compute: all processors by default, one for small matrix products and in forked processes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController

from vqcodec.system.processes import processors

__all__ = ["blas_libraries", "limit_threads", "network_threads", "one_blas_thread", "one_thread_in_forks"]

_limit: int | None = None


def network_threads() -> int:
    """Threads for networks that are made from now on: `limit_threads`, or OMP_NUM_THREADS, or all processors."""
    if _limit is not None:
        return _limit
    wanted = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return max(1, int(wanted)) if wanted.isdecimal() else processors()


def limit_threads(count: int) -> None:
    """Let this process compute on so many threads from now on."""
    global _limit
    _limit = count
    blas_libraries().limit(limits=count, user_api="blas")
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(count)


@cache
def one_thread_in_forks() -> None:
    """Let processes that are forked from this one compute on one thread, from now on.

    A fork copies what a pool knows of its threads, but not the threads: OpenMP would wait for them for ever (GCC's bug
    60035). One thread waits for nobody, and suits a pool of forked processes.
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=lambda: limit_threads(1))


@cache
def blas_libraries() -> ThreadpoolController:
    """The BLAS libraries of this process; looking for them takes milliseconds."""
    return ThreadpoolController()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Numpy's matrix products run on one thread within this context, or in a function that it decorates.

    The wavefront multiplies matrices of a few rows, thousands of times. A pool of threads gains nothing for these on an
    idle machine. On a busy one every product waits for the slowest thread: it was 40 times slower in a measurement.
    """
    with blas_libraries().limit(limits=1, user_api="blas"):
        yield
