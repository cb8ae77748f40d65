"""The frame of benchmarks: what processes of vqcodec cost, and on which machine."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bitstream import VqcodecError
from vqcodec.system.threads import limit_threads, network_threads

__all__ = [
    "ProcessCost",
    "RoundTrip",
    "add_threads",
    "cost_of",
    "machine",
    "process_cost",
    "round_trip",
    "use_threads",
]

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
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
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


def add_threads(parser: argparse.ArgumentParser) -> None:
    """The option `--threads`."""
    parser.add_argument("--threads", type=int, default=1, help="of each process (default: 1)")


def use_threads(count: int) -> None:
    """Let this process compute on so many threads, and those that it starts."""
    os.environ.update(dict.fromkeys(THREADS, str(max(1, count))))
    limit_threads(max(1, count))


def machine() -> str:
    """The machine that this runs on, in a line, and the threads that compute."""
    processor, information = platform.processor() or platform.machine(), Path("/proc/cpuinfo")
    if information.exists():
        names = [line.partition(": ")[2] for line in information.read_text().splitlines() if "model name" in line]
        processor = names[0] if names else processor
    return f"{processor}: {os.cpu_count()} processors, threads used: {network_threads()}"


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
    costs = [process_cost(*arguments) for _ in range(runs + 1)]
    counted = costs[1:] or costs
    return ProcessCost(
        median(cost.seconds for cost in counted),
        median(cost.cpu_seconds for cost in counted),
        max(cost.megabytes for cost in counted),
    )


def process_cost(*arguments: str | Path, environment: Mapping[str, str] | None = None) -> ProcessCost:
    """Run `vqcodec` with these arguments once, in an environment (default: that of this process).

    Raises:
        VqcodecError: it failed; what it says on standard error is seen.
    """
    command = [sys.executable, "-c", LAUNCHER, sys.executable, "-m", "vqcodec", *map(str, arguments)]
    process = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment)
    if process.returncode:
        raise VqcodecError(f"vqcodec {' '.join(map(str, arguments))} failed")
    seconds, cpu_seconds, peak = map(float, process.stdout.split())
    return ProcessCost(seconds, cpu_seconds, peak / MAXRSS_PER_MEGABYTE)
