"""Sessions of ONNX Runtime: how many threads they have, and what becomes of errors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from tests.helpers.processes import python
from vqcodec.transform.graph.expression import Graph, Value
from vqcodec.transform.graph.session import Session

THREADS = """
import os, sys, time, threading
import numpy as np
from vqcodec.transform.graph.expression import Graph
from vqcodec.transform.graph.session import Session
from vqcodec.system.threads import limit_threads

def build():
    graph = Graph()
    x = graph.input()
    return graph, [x], [x + 1.0]

def added(session):
    before = set(os.listdir("/proc/self/task"))
    session(np.zeros((1, 1, 2, 2), np.float32))
    return len(set(os.listdir("/proc/self/task")) - before)

import onnxruntime
print(added(Session(build)))
limit_threads(3)
print(added(Session(build)))
limit_threads(1)
print(added(Session(build)))
"""


def doubled() -> tuple[Graph, Sequence[Value], Sequence[Value]]:
    graph = Graph()
    x = graph.input()
    return graph, [x], [x * 2]


@pytest.mark.linux
@pytest.mark.parametrize(("wanted", "threads"), [("1", 0), ("3", 2), ("2,1", 1), ("1,4", 0)])
def test_the_environment_says_how_many_threads(monkeypatch: pytest.MonkeyPatch, wanted: str, threads: int) -> None:
    """One thread is the caller's own."""
    monkeypatch.setenv("OMP_NUM_THREADS", wanted)
    assert python(THREADS).stdout.split() == [str(threads), "2", "0"]


def test_no_session_before_the_first_use() -> None:
    built = []

    def build() -> tuple[Graph, Sequence[Value], Sequence[Value]]:
        built.append(1)
        return doubled()

    session = Session(build)
    assert not built
    for _ in range(2):
        (found,) = session(np.ones((1, 1, 1, 3), np.float32))
        np.testing.assert_array_equal(found, np.full((1, 1, 1, 3), 2, np.float32))
    assert built == [1]
    session.forget()
    session(np.ones((1, 1, 1, 3), np.float32))
    assert built == [1, 1]


def test_too_little_memory_is_a_memory_error() -> None:
    def build() -> tuple[Graph, Sequence[Value], Sequence[Value]]:
        graph = Graph()
        x = graph.input()
        return graph, [x], [graph.apply("Expand", x, graph.constant([1 << 20, 1 << 20, 1, 1], np.int64))]

    with pytest.raises(MemoryError):
        Session(build)(np.ones((1, 1, 1, 1), np.float32))
