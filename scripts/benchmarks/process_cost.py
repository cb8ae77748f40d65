"""What a process of vqcodec costs, for the scripts that measure it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bitstream import VqcodecError

__all__ = ["ProcessCost", "cost_of"]

# A small process that starts the one to measure: on Linux, a process that is started from a large one counts the peak
# of that one as its own.
LAUNCHER = """
import resource, subprocess, sys, time
started = time.perf_counter()
status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
seconds = time.perf_counter() - started
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
sys.exit(status != 0)
"""
MAXRSS_PER_MEGABYTE = 1e6 if sys.platform == "darwin" else 1e6 / 1024


@dataclass(frozen=True)
class ProcessCost:
    """Wall clock and processor time of a process, and its peak memory."""

    seconds: float
    cpu_seconds: float
    megabytes: float


def cost_of(*arguments: str | Path) -> ProcessCost:
    """Run `vqcodec` with these arguments, once; what it says on standard error is seen.

    Raises:
        VqcodecError: it failed.
    """
    command = [sys.executable, "-c", LAUNCHER, sys.executable, "-m", "vqcodec", *map(str, arguments)]
    process = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if process.returncode:
        raise VqcodecError(f"vqcodec {' '.join(map(str, arguments))} failed")
    seconds, cpu_seconds, peak = map(float, process.stdout.split())
    return ProcessCost(seconds, cpu_seconds, peak / MAXRSS_PER_MEGABYTE)
