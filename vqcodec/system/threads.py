"""Small matrix products on one thread, and all of it on one thread in a forked process.

The wavefront multiplies matrices of a few rows, thousands of times. Handing each to a pool of threads gains nothing on
an idle machine, and on a busy one it waits for the slowest thread every time: 40 times slower in a measurement.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController

__all__ = ["one_blas_thread", "one_thread_in_forks"]


@cache
def _libraries() -> ThreadpoolController:
    """The BLAS libraries of this process; looking for them takes milliseconds."""
    return ThreadpoolController()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Numpy's matrix products run on one thread within this context, or in a function that it decorates."""
    with _libraries().limit(limits=1, user_api="blas"):
        yield


@cache
def one_thread_in_forks() -> None:
    """Let processes that are forked from this one compute on one thread, from now on.

    A fork copies what OpenMP knows of its threads, but not the threads: torch would wait for them for ever (GCC's bug
    60035). A thread alone waits for nobody. It is also what a pool of forked processes wants.
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_compute_on_one_thread)


def _compute_on_one_thread() -> None:
    import torch

    torch.set_num_threads(1)
    _libraries().limit(limits=1, user_api="blas")
