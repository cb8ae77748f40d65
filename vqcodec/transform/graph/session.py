"""Graphs that are evaluated by ONNX Runtime, on a CPU.

Sessions are made on first use. One that is made before a fork has threads that the child does not have, and would wait
for them for ever. So a child makes its own, on one thread, which suits a pool of forked processes.
"""

from __future__ import annotations

import ctypes
import os
import re
import threading
import weakref
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from vqcodec.system.signals import signals_later
from vqcodec.system.threads import network_threads, one_thread_in_forks
from vqcodec.transform.graph.expression import Graph, Value
from vqcodec.transform.graph.onnx_file import onnx_model

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

__all__ = ["Session"]

NO_MEMORY = re.compile("allocate memory|bad_alloc")
FATAL = 4  # ONNX Runtime says nothing on standard error but this


class Session:
    """Some values of a graph as a function of others. Threads may share it.

    Args:
        build: gives a graph, inputs and outputs. It is called whenever a session of ONNX Runtime is made.
    """

    def __init__(self, build: Callable[[], tuple[Graph, Sequence[Value], Sequence[Value]]]) -> None:
        self._build = build
        self._made: tuple[InferenceSession, list[str], list[str]] | None = None
        self._lock = threading.Lock()
        _all.add(self)
        one_thread_in_forks()
        _forget_in_forks()

    def __call__(self, *inputs: NDArray[Any]) -> list[NDArray[Any]]:
        """The outputs, of these inputs, in the order of the graph's.

        Raises:
            MemoryError: there is not enough memory.
        """
        with self._lock:
            if self._made is None:
                self._made = self._make()
            session, names, outputs = self._made
        try:
            found: list[NDArray[Any]] = session.run(outputs, dict(zip(names, inputs, strict=True)))
        except Exception as error:  # ONNX Runtime derives its own from nothing else
            if NO_MEMORY.search(str(error)):
                raise MemoryError(str(error)) from None
            raise
        return found

    def _make(self) -> tuple[InferenceSession, list[str], list[str]]:
        graph, inputs, outputs = self._build()
        session = _inference_session(onnx_model(graph, inputs, outputs))
        return session, [value.name for value in inputs], [value.name for value in outputs]

    def end(self) -> None:
        """Let the session of ONNX Runtime go, with all memory that it keeps. The next call makes another one."""
        with self._lock:
            self._made = None

    def forget(self) -> None:
        """After a fork: let the next call make a session. The old one is never ended, as that waits for its threads."""
        if self._made is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._made[0]))
        self._made, self._lock = None, threading.Lock()


_all: weakref.WeakSet[Session] = weakref.WeakSet()


@cache
def _forget_in_forks() -> None:
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_forget_all)


def _forget_all() -> None:
    for session in list(_all):
        session.forget()


def _inference_session(model: bytes) -> InferenceSession:
    with signals_later():
        import onnxruntime  # as late as possible: it takes a while

    onnxruntime.set_default_logger_severity(FATAL)
    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = FATAL
    options.intra_op_num_threads = network_threads()
    options.enable_mem_pattern = False  # it would plan memory for each size of inputs, and hold it
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # processors are shared with others
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
