"""Codecs that were loaded and used before a fork work in the forked process."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.helpers.processes import PYTHONPATH, worker


@pytest.mark.posix
def test_forks_do_the_same(tiny_model: Path, tiny_voice: Path) -> None:
    """Without the hook of `vqcodec.system.threads` they wait for ever."""
    command = worker("fork_worker", tiny_model, tiny_voice)
    environment = os.environ | {"PYTHONPATH": PYTHONPATH}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            printed, _ = process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)  # with the forks
            raise
    ways = ("pool", "threads-of-a-pool", "executor", "fork", "parent")
    assert printed.splitlines() == [f"{way} True" for way in ways]
