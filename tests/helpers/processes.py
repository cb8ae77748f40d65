"""Processes that import the same `vqcodec` as this one, whether that is installed or lies here; and these tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import vqcodec
from tests.helpers.paths import ROOT

__all__ = ["PYTHONPATH", "python", "worker"]

# For processes that `python -P` starts, which do not look into the working directory.
PYTHONPATH = os.pathsep.join([str(Path(vqcodec.__file__).parents[1]), str(ROOT)])


def python(code: str, *args: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run code, with arguments."""
    command = [sys.executable, "-P", "-c", code, *map(str, args)]
    environment = os.environ | {"PYTHONPATH": PYTHONPATH}
    return subprocess.run(command, env=environment, capture_output=True, text=True, **options)


def worker(name: str, *args: object) -> list[str]:
    """The command that runs a module of `tests.helpers`, for an environment with `PYTHONPATH`."""
    return [sys.executable, "-P", "-W", "ignore", "-m", f"tests.helpers.{name}", *map(str, args)]
