"""The frame of benchmarks: what processes of vqcodec cost, and on which machine."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bitstream import VqcodecError
from vqcodec.system.threads import network_threads

__all__ = ["ProcessCost", "RoundTrip", "cost_of", "machine", "round_trip"]

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


@dataclass(frozen=True)
class RoundTrip:
    """What `vqcodec compress` and `vqcodec decompress` cost, and the bytes of the file between them."""

    compress: ProcessCost
    decompress: ProcessCost
    file_bytes: int


def machine() -> str:
    """The machine that this runs on, in a line."""
    processor, information = platform.processor() or platform.machine(), Path("/proc/cpuinfo")
    if information.exists():
        names = [line.partition(": ")[2] for line in information.read_text().splitlines() if "model name" in line]
        processor = names[0] if names else processor
    return f"{processor}: {os.cpu_count()} processors, {network_threads()} threads"


def round_trip(source: Path, packed: Path, target: Path, model: str, *options: str, runs: int = 0) -> RoundTrip:
    """Compress `source` with `options`, and decompress it; see `cost_of`.

    Raises:
        VqcodecError: a command failed.
    """
    always = ("--force", "--model", model)
    there = cost_of("compress", *always, *options, source, packed, runs=runs)
    back = cost_of("decompress", *always, packed, target, runs=runs)
    return RoundTrip(there, back, packed.stat().st_size)


def cost_of(*arguments: str | Path, runs: int = 0) -> ProcessCost:
    """Run `vqcodec` with these arguments: the median of its times, and its highest peak.

    Args:
        arguments: of the command line.
        runs: how often it is measured after a run that is not counted, so that files are in the cache of the system.
            With 0, there is that run alone, and it counts.

    Raises:
        VqcodecError: it failed; what it says on standard error is seen.
    """
    costs = [_cost_once(*arguments) for _ in range(runs + 1)]
    counted = costs[1:] or costs
    return ProcessCost(
        median(cost.seconds for cost in counted),
        median(cost.cpu_seconds for cost in counted),
        max(cost.megabytes for cost in counted),
    )


def _cost_once(*arguments: str | Path) -> ProcessCost:
    command = [sys.executable, "-c", LAUNCHER, sys.executable, "-m", "vqcodec", *map(str, arguments)]
    process = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if process.returncode:
        raise VqcodecError(f"vqcodec {' '.join(map(str, arguments))} failed")
    seconds, cpu_seconds, peak = map(float, process.stdout.split())
    return ProcessCost(seconds, cpu_seconds, peak / MAXRSS_PER_MEGABYTE)
