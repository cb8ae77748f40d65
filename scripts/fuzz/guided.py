"""The same targets, seeds and mutations with libFuzzer, which chooses what to change by coverage.

    pip install atheris
    python -m scripts.fuzz.guided containers --corpus FOLDER --seconds 600

What it finds to matter is kept in the corpus. It stops at the first finding, FOLDER/crash-*, to be tried with
`python -m scripts.fuzz TARGET --replay`.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path
from random import Random

import atheris

from .target import MIB
from .targets import NAMES, target_of

__all__ = ["main"]

MEMORY = 2048 * MIB  # of the process, as libFuzzer measures it
SECONDS_AN_INPUT = 10


def main() -> None:
    """Run libFuzzer, which ends the process."""
    parser = argparse.ArgumentParser(prog="python -m scripts.fuzz.guided")
    parser.add_argument("target", choices=NAMES)
    parser.add_argument("--corpus", type=Path, required=True, help="folder of seeds, for what is found to matter")
    parser.add_argument("--seconds", type=int, default=600)
    args = parser.parse_args()
    with atheris.instrument_imports(include=["bitstream", "vqcodec"]):
        target = target_of(args.target)
    seeds = (*target.whole, *target.damaged)
    args.corpus.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(seeds):
        (args.corpus / f"seed-{number}").write_bytes(data)

    def judge(data: bytes) -> None:
        try:
            target.judge(data)
        except target.refusals:
            return

    def change(data: bytes, size: int, seed: int) -> bytes:
        return target.mutate(data, Random(seed), seeds)[:size]

    warnings.simplefilter("ignore")
    options = [f"-max_total_time={args.seconds}", f"-artifact_prefix={args.corpus}/crash-", "-len_control=0"]
    options += [
        f"-timeout={SECONDS_AN_INPUT}",
        f"-rss_limit_mb={MEMORY // MIB}",
        f"-max_len={2 * max(map(len, seeds))}",
    ]
    atheris.Setup([sys.argv[0], *options, str(args.corpus)], judge, custom_mutator=change)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
