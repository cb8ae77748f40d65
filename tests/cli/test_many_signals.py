"""The command line on many files, in several processes that are interrupted, ended and killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

COUNT = 6


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures that take a while."""
    (tmp_path / "in").mkdir()
    rng = np.random.default_rng(5)
    for number in range(COUNT):
        pixels = rng.integers(0, 256, (640, 640, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"in/{number}.bmp")
    return tmp_path


def begin(folder: Path, model: Path, jobs: int) -> subprocess.Popen[str]:
    """Compress them; it returns as soon as one of them is being written."""
    command = ["compress", folder / "in", "--out-dir", folder / "out", "-m", model, "-j", jobs]
    process = subprocess.Popen(
        [sys.executable, "-m", "vqcodec", *map(str, command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not temporaries(folder):
        assert process.poll() is None
        time.sleep(0.005)
    return process


def temporaries(folder: Path) -> list[Path]:
    return list(folder.glob("out/.*"))


@pytest.mark.posix
@pytest.mark.usefixtures("usual_signals")
@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize(
    ("name", "code", "text"),
    [("SIGINT", 130, "vqcodec: error: interrupted"), ("SIGTERM", 143, ""), ("SIGHUP", 129, "")],
)
def test_an_early_end_is_a_clean_one(
    folder: Path, tiny_model: Path, jobs: int, name: str, code: int, text: str
) -> None:
    process = begin(folder, tiny_model, jobs)
    os.killpg(process.pid, signal.Signals[name])  # as a terminal does, to all processes
    stdout, stderr = process.communicate(timeout=120)  # which waits for all of them
    # Python ends itself by SIGINT, which a shell counts as 130, too, if that came while `exec` ran, as in dataclasses.
    assert process.returncode in (code, -signal.SIGINT if name == "SIGINT" else code)
    assert (stdout, stderr.strip()) == ("", text)
    assert temporaries(folder) == []
    assert len(list((folder / "out").iterdir())) < COUNT
    assert all(path.read_bytes()[:4] == b"\x8eVQ\n" for path in (folder / "out").iterdir())


def test_the_end_of_the_first_process_is_that_of_all(folder: Path, tiny_model: Path) -> None:
    process = begin(folder, tiny_model, 2)
    process.terminate()
    _, stderr = process.communicate(timeout=120)
    assert (process.returncode, stderr) == (143, "")
    assert temporaries(folder) == []


@pytest.mark.posix
def test_a_process_that_is_killed_is_the_failure_of_its_file(folder: Path, tiny_model: Path) -> None:
    process = begin(folder, tiny_model, 2)
    worker = int(temporaries(folder)[0].name.split("-")[1])
    assert worker != process.pid
    os.kill(worker, signal.SIGKILL)
    _, stderr = process.communicate(timeout=300)
    error, summary = stderr.splitlines()
    source = next(path for path in sorted((folder / "in").iterdir()) if f": {path}: " in error)
    reason = "the process that worked on it was ended by signal 9, perhaps because memory ran out"
    assert error == f"vqcodec: error: {source}: {reason}"
    assert summary.startswith(f"{COUNT - 1} files, ")
    assert summary.endswith(", 1 failed")
    assert process.returncode == 1
    wanted = {f"{number}.vq" for number in range(COUNT)} - {f"{source.stem}.vq"}
    assert {path.name for path in (folder / "out").iterdir()} == wanted
