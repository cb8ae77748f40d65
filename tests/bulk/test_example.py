"""The example of a training on tokens runs, and learns."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.helpers.paths import ROOT


@pytest.mark.slow
def test_a_tiny_gpt_learns_from_tokens() -> None:
    command = [sys.executable, str(ROOT / "examples" / "tiny_gpt.py")]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stderr
    first, last = map(float, re.findall(r"\d+\.\d+", result.stdout.splitlines()[-1]))
    assert last < 0.7 * first
