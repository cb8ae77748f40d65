"""Work in several processes: all of it is done, whatever becomes of the processes, and they end when they should."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bitstream import VqcodecError
from tests.helpers.processes import PYTHONPATH
from vqcodec.system.files import atomic_write, remove_temporaries
from vqcodec.system.processes import Ended, Processes

SEEN: list[int] = []  # of this process


def prepare() -> None:
    SEEN.append(-1)


def square(number: int) -> tuple[int, int, list[int]]:
    """The square, who computed it, and what that process had seen before."""
    before = list(SEEN)
    SEEN.append(number)
    return number**2, os.getpid(), before


def square_or_die(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    if number == 5:
        os._exit(7)
    return number**2


def invert(number: int) -> float:
    return 1 / number


def write_for_ever(path: Path) -> None:
    with atomic_write(path) as file:
        file.write(b"half")
        time.sleep(600)


def test_every_task_has_its_result_and_every_process_its_memory() -> None:
    with Processes(square, 2, prepare) as processes:
        results = dict([*processes.each(range(6)), *processes.each(range(6, 9))])
    done = {task: result for task, result in results.items() if not isinstance(result, Ended)}
    assert {task: result[0] for task, result in done.items()} == {task: task**2 for task in range(9)}
    workers = {result[1] for result in done.values()}
    assert len(workers) == 2
    assert os.getpid() not in workers
    for worker in workers:
        seen = [(task, before) for task, (_, process, before) in done.items() if process == worker]
        assert all(before[:1] == [-1] and len(before) == 1 + place for place, (_, before) in enumerate(seen))


def test_no_process_without_a_task() -> None:
    with Processes(square, 8, prepare) as processes:
        assert list(processes.each([])) == []
        ((task, result),) = processes.each([1])
    assert not isinstance(result, Ended)
    assert (task, result[0]) == (1, 1)


@pytest.mark.posix
def test_a_process_that_dies_takes_its_task_with_it_only() -> None:
    with Processes(square_or_die, 2, prepare) as processes:
        results = dict(processes.each(range(8)))
    killed, gone = results.pop(3), results.pop(5)
    assert results == {task: task**2 for task in range(8) if task not in (3, 5)}
    assert isinstance(killed, Ended)
    assert isinstance(gone, Ended)
    assert (killed.exit_code, gone.exit_code) == (-signal.SIGKILL, 7)
    assert killed.reason == "the process that worked on it was ended by signal 9, perhaps because memory ran out"
    assert gone.reason == "the process that worked on it was ended with code 7"


def test_work_of_which_nothing_may_be_missing() -> None:
    with Processes(square_or_die, 2) as processes:
        assert dict(processes.results([1, 2, 4], "squares")) == {1: 1, 2: 4, 4: 16}
        with pytest.raises(VqcodecError, match="squares failed: the process that worked on it was ended with code 7"):
            list(processes.results([1, 5, 2], "squares"))


def test_errors_come_with_where_they_were() -> None:
    with Processes(invert, 1, prepare) as processes, pytest.raises(ZeroDivisionError) as caught:
        dict(processes.each([1, 0]))
    assert "in invert" in caught.value.__notes__[0]


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 100
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def run_and_interrupt(folder: Path) -> None:
    paths = [folder / name for name in "abc"]
    with Processes(write_for_ever, 2, prepare) as processes:
        results = processes.each(paths)
        signal.signal(signal.SIGALRM, lambda *_: interrupt_with(folder))
        signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
        next(results)


def interrupt_with(folder: Path) -> None:
    if len(list(folder.iterdir())) == 2:
        signal.setitimer(signal.ITIMER_REAL, 0)
        raise KeyboardInterrupt


@pytest.mark.posix
def test_an_interruption_ends_all_and_leaves_nothing(tmp_path: Path) -> None:
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_and_interrupt(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert time.monotonic() - start < 100


ORPHANS = """
import sys
from pathlib import Path
from tests.system.test_processes import prepare, wait_and_write
from vqcodec.system.processes import Processes

if __name__ == "__main__":
    with Processes(wait_and_write, 2, prepare) as processes:
        list(processes.each([Path(sys.argv[1], name) for name in "abcdefghij"]))
"""


def wait_and_write(path: Path) -> None:
    path.with_name(f"{path.name}.begun").touch()
    time.sleep(0.5)
    path.touch()


@pytest.mark.posix
def test_processes_do_not_outlive_their_parent(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(ORPHANS)
    (tmp_path / "out").mkdir()
    environment = os.environ | {"PYTHONPATH": PYTHONPATH}
    command = [sys.executable, str(script), str(tmp_path / "out")]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for(lambda: len(list((tmp_path / "out").glob("*.begun"))) == 2)
    process.kill()
    stdout, stderr = process.communicate(timeout=100)  # which waits for all who can write to either
    assert (stdout, stderr) == (b"", b"")
    assert not (tmp_path / "out/j.begun").exists()


def test_what_a_killed_process_leaves_is_removed(tmp_path: Path) -> None:
    names = [".vqcodec-12-abc.tmp", ".vqcodec-12-def.tmp", ".vqcodec-123-abc.tmp", ".vqcodec-12-abc", "photo.vq"]
    for name in names:
        (tmp_path / name).touch()
    remove_temporaries(tmp_path / "photo.vq", 12)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names[2:])
