"""What all trials share: which of them are run and where, the file that keeps their results, and pictures."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.command_line import parser_of
from vqcodec.training.data.picture_crops import PictureCrops, central_crops
from vqcodec.training.data.pictures import PictureCache
from vqcodec.training.engine.machine import this_process
from vqcodec.training.engine.run import Run
from vqcodec.training.stages.sequence import TrainingData

__all__ = [
    "Pictures",
    "Result",
    "picture_data",
    "run_in",
    "run_trials",
    "trials_parser",
    "upper_left",
    "with_held_out",
]

HELD_OUT = 50  # one picture in so many
JUDGED = 8  # pictures by which a training keeps its weights

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


def run_in(folder: Path) -> Run:
    """A training of this process; all trials have the same seed."""
    return Run(this_process(), folder, seed=0)


def picture_data(pictures: Pictures) -> TrainingData:
    """Pictures to train on. Weights are kept by some of these, as a trial is measured on those held out."""
    return TrainingData(partial(PictureCrops, pictures), partial(central_crops, pictures[:JUDGED]), digest="")


def upper_left(picture: NDArray[np.uint8], stride: int, most: int = 512) -> NDArray[np.uint8]:
    """The upper left part of a picture, at most `most` pixels wide and high, in whole strides."""
    height, width = (min(extent, most) // stride * stride for extent in picture.shape[:2])
    return np.ascontiguousarray(picture[:height, :width])
