"""Running the command line in tests, and what all its failures have in common."""

from __future__ import annotations

import functools
import io
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from click.testing import CliRunner, Result
from PIL import Image

import vqcodec
from tests.helpers.sounds import saved, voices
from vqcodec.cli import main
from vqcodec.codec.loading import for_pictures

__all__ = [
    "PHOTO",
    "SIZE",
    "VOICE",
    "contents",
    "error_of",
    "fail",
    "failed_files",
    "fill",
    "left_out_note",
    "program",
    "run",
    "succeed",
    "unchanged",
    "vq_of",
]

SIZE = (60, 40)


def _photo() -> bytes:
    rng = np.random.default_rng(3)
    ramp = np.linspace(0, 200, SIZE[0])[None, :, None] + np.zeros((SIZE[1], 1, 3))
    memory = io.BytesIO()
    Image.fromarray((ramp + rng.integers(0, 50, ramp.shape)).astype(np.uint8)).save(memory, "PNG")
    return memory.getvalue()


PHOTO = _photo()  # a PNG file: smooth, with some noise
VOICE = saved(voices(1, 16_000, seed=4), rate=16_000)  # a WAV file: a second


@functools.cache
def vq_of(model: Path) -> bytes:
    """PHOTO as a `.vq` file."""
    return for_pictures(vqcodec.load(model)).compress(Image.open(io.BytesIO(PHOTO)))


def fill(folder: Path, model: Path) -> Path:
    """Make `photo.png`, `photo.vq`, and `old`, which is not to be changed."""
    for name, data in (("photo.png", PHOTO), ("photo.vq", vq_of(model)), ("old", b"old")):
        (folder / name).write_bytes(data)
    return folder


def run(*args: object, stdin: bytes = b"") -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(main, [str(arg) for arg in args], input=stdin)


def succeed(*args: object, stdin: bytes = b"", said: str = "") -> Result:
    """Run a command that has to succeed, and to say nothing else on standard error."""
    result = run(*args, stdin=stdin)
    assert (result.exit_code, result.stderr) == (0, said)
    return result


def left_out_note(folder: Path, count: int) -> str:
    """What a command on a folder says of files that it leaves out, if they could not have been meant."""
    files = "1 file is" if count == 1 else f"{count} files are"
    return f"vqcodec: note: {folder}: {files} left out (-v names them)\n"


def contents(folder: Path) -> dict[str, bytes]:
    """All files below the folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextmanager
def unchanged(folder: Path) -> Iterator[None]:
    """Check that the block leaves no file behind, and changes none."""
    before = contents(folder)
    yield
    assert contents(folder) == before


def error_of(stderr: str) -> str:
    """The text of the one line that a failure prints."""
    prefix = "vqcodec: error: "
    assert stderr.startswith(prefix)
    assert stderr.endswith("\n")
    assert stderr.count("\n") == 1
    assert "Traceback" not in stderr
    return stderr[len(prefix) : -1]


def fail(folder: Path, *args: object) -> str:
    """Run a command that has to fail without a trace; what it says."""
    with unchanged(folder):
        result = run(*args)
    assert (result.exit_code, result.stdout_bytes) == (1, b"")
    return error_of(result.stderr)


def program(*args: object, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Run the program as a process of its own."""
    command = [sys.executable, "-m", "vqcodec", *map(str, args)]
    given: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.run(command, **given)


def failed_files(result: Result, *wanted: str) -> str:
    """Check the failures of a run on many files; its summary."""
    *errors, summary = result.stderr.splitlines()
    assert (result.exit_code, result.stdout) == (1, "")
    assert errors == [f"vqcodec: error: {text}" for text in wanted]
    return summary
