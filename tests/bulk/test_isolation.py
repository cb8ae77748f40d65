"""A death in the work on an item costs the item a retry, and nobody else anything."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from vqcodec.bulk.coding import Row
from vqcodec.bulk.isolation import Isolated
from vqcodec.bulk.items import Item


class Deadly:
    """Ends its process, as the system does when memory runs out, so many times as its item says."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, data: bytes) -> Row:
        name, _, deaths = data.decode().partition(" ")
        for number in range(int(deaths or 0)):
            mark = self._folder / f"{name}-{number}"
            if not mark.exists():
                mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
        return {"vq": data, "process": os.getpid()}


@pytest.mark.posix
def test_a_death_costs_a_retry_and_two_cost_the_item(tmp_path: Path) -> None:
    items = [Item(name, name.encode()) for name in ("a", "b 1", "c", "d 2", "e")]
    items.insert(3, Item("unread", error="it cannot be read"))
    with Isolated(Deadly(tmp_path)) as isolated:
        results = [(item.name, row) for item, row in isolated.each(items)]
    assert [name for name, _ in results] == [item.name for item in items]
    rows = dict(results)
    memory = "the process that worked on it was ended by signal 9, perhaps because memory ran out, twice"
    assert rows.pop("d 2") == {"error": memory}
    assert rows.pop("unread") == {"error": "it cannot be read"}
    assert all("error" not in row for row in rows.values())
    assert rows["a"]["process"] != rows["c"]["process"]


@pytest.mark.linux
def test_the_child_goes_first_when_memory_runs_out() -> None:
    with Isolated(_score) as isolated:
        ((_, row),) = isolated.each([Item("a")])
    assert row == {"score": 1000}


def _score(_: bytes) -> Row:
    return {"score": int(Path("/proc/self/oom_score_adj").read_text())}
