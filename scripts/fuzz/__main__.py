"""The command line of the fuzzer: see the package."""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from functools import partial
from pathlib import Path

import bitstream
from vqcodec.system.threads import limit_threads

from .loop import Outcome, Problem, fuzz, judged
from .seeds import ROOT
from .target import MIB, Target
from .targets import NAMES, target_of

__all__ = ["main"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.fuzz", description="Exit code 1 if something is wrong.")
    parser.add_argument("target", choices=NAMES)
    parser.add_argument("--count", type=int, default=10_000, help="inputs to try")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="try no more after so long")
    parser.add_argument("--seed", type=int, default=0, help="of the mutations")
    parser.add_argument("--findings", type=Path, default=Path("findings"), help="folder for what is found")
    parser.add_argument("--first", action="store_true", help="stop at the first finding")
    parser.add_argument("--replay", type=Path, help="try nothing but this file")
    args = parser.parse_args()
    if Path(bitstream.__file__).resolve().parents[1] != ROOT:
        parser.error(f"this would fuzz {bitstream.__file__}: run it in {ROOT}")
    target = target_of(args.target)
    if args.replay is not None:
        return _replay(target, args.replay)
    began = time.perf_counter()
    outcome = fuzz(target, args.count, args.seconds, args.seed, partial(_keep, args.findings), args.first)
    _tell(outcome, time.perf_counter() - began)
    return bool(outcome.problems)


def _replay(target: Target, path: Path) -> int:
    name, trace, spent = judged(target, path.read_bytes())
    print(f"{trace}{name} in {spent:.2f} s")
    return bool(trace)


def _keep(folder: Path, problem: Problem) -> None:
    """Write the input and what is wrong with it."""
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(problem.data).hexdigest()[:12]  # no CRC-32, as that of a file that ends with its own is fixed
    path = folder / f"{problem.name.replace(' ', '_')}-{name}.bin"
    path.write_bytes(problem.data)
    path.with_suffix(".txt").write_text(problem.trace)
    print(f"finding: {path}: {problem.trace.splitlines()[-1]}", flush=True)


def _tell(outcome: Outcome, seconds: float) -> None:
    speed = f"{outcome.runs} inputs in {seconds:.0f} s, {outcome.runs / seconds:.0f} a second"
    print(f"{speed}; the slowest {outcome.slowest:.2f} s, the largest batch {outcome.largest / MIB:.0f} MiB")
    for name, count in outcome.counts.most_common():
        print(f"{count:9} {name}")
    print(f"{len(outcome.problems)} findings")


if __name__ == "__main__":
    limit_threads(1)  # networks this small are slower on several
    sys.exit(main())
