"""What only extras install is not needed for anything else."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.helpers.processes import PYTHONPATH, worker


@pytest.mark.slow
def test_without_torch(tmp_path: Path) -> None:
    """The tests that `.ci/run` also runs in an environment without extras."""
    command = worker("without_torch", tmp_path / "inner")
    environment = os.environ | {"PYTHONPATH": PYTHONPATH}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert result.returncode == 0, result.stdout[-3000:]
