"""One thread for all computations in forked processes, where more threads would wait for ever."""

from __future__ import annotations

import os
from functools import cache

import torch

from vqcodec.system.threads import blas_libraries

__all__ = ["one_thread_in_forks"]


@cache
def one_thread_in_forks() -> None:
    """Let processes that are forked from this one compute on one thread, from now on.

    A fork copies what OpenMP knows of its threads, but not the threads: torch would wait for them for ever (GCC's bug
    60035). One thread waits for nobody, and suits a pool of forked processes.
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_compute_on_one_thread)


def _compute_on_one_thread() -> None:
    torch.set_num_threads(1)
    blas_libraries().limit(limits=1, user_api="blas")
