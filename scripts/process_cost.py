"""What a run of `vqcodec` costs, start to end, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["ProcessCost", "run_vqcodec"]

# A small process that starts the one to measure: on Linux, a process that is started from a large one counts the peak
# of that one as its own.
LAUNCHER = """
import resource, subprocess, sys, time
started = time.perf_counter()
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
seconds = time.perf_counter() - started
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
"""
MAXRSS_PER_MEGABYTE = 1e6 if sys.platform == "darwin" else 1e6 / 1024


@dataclass(frozen=True)
class ProcessCost:
    """Wall clock and processor time of a process, and its peak memory."""

    seconds: float
    cpu_seconds: float
    megabytes: float


def run_vqcodec(arguments: Sequence[str]) -> ProcessCost:
    """Run `vqcodec` with these arguments, once; SystemExit if it fails."""
    command = [sys.executable, "-c", LAUNCHER, sys.executable, "-m", "vqcodec", *arguments]
    output = subprocess.run(command, capture_output=True, text=True)
    if output.returncode:
        raise SystemExit(f"error: vqcodec {' '.join(arguments)} failed: {output.stderr.strip()}")
    seconds, cpu_seconds, peak = (float(each) for each in output.stdout.split())
    return ProcessCost(seconds, cpu_seconds, peak / MAXRSS_PER_MEGABYTE)
