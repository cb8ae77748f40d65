"""What all trials share: which of them are run, the file that keeps their results, and pictures that are held out."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.command_line import parser_of
from vqcodec.training.data.pictures import PictureCache

__all__ = ["Pictures", "Result", "run_trials", "trials_parser", "upper_left", "with_held_out"]

HELD_OUT = 50  # one picture in so many

# What came of a trial, as JSON has it.
Result = dict[str, Any]
Pictures = list[NDArray[np.uint8]]  # `[H, W, 3]` each


def trials_parser(documentation: str | None, names: Iterable[str], steps: int) -> argparse.ArgumentParser:
    """The command line of a module of trials, with `trials`, `steps` and `out`."""
    parser, all_names = parser_of(documentation), list(names)
    which = f"which, of: {'; '.join(all_names)}"
    parser.add_argument("--trials", nargs="+", choices=all_names, default=all_names, metavar="NAME", help=which)
    parser.add_argument("--steps", type=int, default=steps, help=f"of a trial (default: {steps})")
    parser.add_argument("--out", type=Path, required=True, help="folder for trials.jsonl and what is decoded")
    return parser


def run_trials(arguments: argparse.Namespace, run: Callable[[str], Result]) -> list[Result]:
    """Run the chosen trials, and add their results to trials.jsonl; returns all that are there."""
    log = arguments.out / "trials.jsonl"
    for name in arguments.trials:
        result = {"trial": name} | run(name)
        with log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(result) + "\n")
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()]


def with_held_out(folder: Path, cache: Path) -> tuple[Pictures, Pictures]:
    """Pictures to train on, and every HELD_OUT-th one to measure on."""
    pictures = PictureCache(folder, cache).pictures
    training = [picture for number, picture in enumerate(pictures) if number % HELD_OUT]
    return training, pictures[::HELD_OUT]


def upper_left(picture: NDArray[np.uint8], stride: int, most: int = 512) -> NDArray[np.uint8]:
    """The upper left part of a picture, at most `most` pixels wide and high, in whole strides."""
    height, width = (min(extent, most) // stride * stride for extent in picture.shape[:2])
    return np.ascontiguousarray(picture[:height, :width])
