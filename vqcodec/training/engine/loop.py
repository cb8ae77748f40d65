"""The loop that every training stage shares: progress, a log of means, checkpoints, resuming."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tqdm import tqdm

from vqcodec.training.engine.checkpoint import Checkpoint

__all__ = ["run_stage"]

SAVE_EVERY = 500
LOG_EVERY = 100


def run_stage(
    name: str,
    steps: int,
    checkpoint: Checkpoint,
    log: Path,
    step: Callable[[int], dict[str, float]],
    report: Callable[[], dict[str, object]] = dict,
) -> None:
    """Call `step(n)` until `steps` are done, from where the checkpoint stands.

    Args:
        name: of the stage, for the progress bar and the log.
        steps: how many steps the stage has in all.
        checkpoint: saved every 500 steps and at the end.
        log: a file of JSON lines; means of what `step` returns are appended every 100 steps.
        step: takes one training step and returns figures to average.
        report: called for every entry of the log; what it returns is added.
    """
    figures: dict[str, list[float]] = defaultdict(list)
    begin = time.monotonic()
    first = checkpoint.resume()
    bar = tqdm(range(first, steps), initial=first, total=steps, desc=name, disable=None)
    for number in bar:
        for key, value in step(number).items():
            figures[key].append(value)
        done = number + 1
        if done % LOG_EVERY == 0 or done == steps:
            means = {key: float(np.mean(values)) for key, values in figures.items()}
            entry = {"stage": name, "step": done, "seconds": round(time.monotonic() - begin), **means, **report()}
            with log.open("a") as file:
                file.write(json.dumps(entry) + "\n")
            bar.set_postfix({key: f"{value:.4g}" for key, value in means.items()})
            figures.clear()
        if done % SAVE_EVERY == 0 or done == steps:
            checkpoint.save(done)
