"""How a training tells what it does: a bar or a line a minute, a log, and events for TensorBoard."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

from tensorboardX import SummaryWriter
from tqdm import tqdm

__all__ = ["Monitor"]

SECONDS = 60  # between two lines, where there is no terminal


class Monitor:
    """Writes log.jsonl and events into the folder of a training, and progress to stderr.

    Args:
        folder: is made.
        active: whether this process tells anything.
    """

    def __init__(self, folder: Path, active: bool) -> None:
        self.folder, self.active = folder, active
        self._latest: Mapping[str, float] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def steps(self, stage: str, first: int, steps: int) -> Iterator[int]:
        """The numbers of the steps that are left, while progress is shown."""
        terminal = self.active and sys.stderr.isatty()
        began = told = time.monotonic()
        with tqdm(range(first, steps), stage, initial=first, total=steps, disable=not terminal) as bar:
            for number in bar:
                yield number
                if terminal:
                    bar.set_postfix({name: f"{value:.4g}" for name, value in self._latest.items()}, refresh=False)
                elif self.active and time.monotonic() - told >= SECONDS:
                    told = time.monotonic()
                    self._tell(stage, number + 1, steps, (number + 1 - first) / (told - began))

    def log(self, stage: str, step: int, figures: Mapping[str, float], others: Mapping[str, object]) -> None:
        """Add an entry.

        Args:
            stage: which.
            step: the steps taken.
            figures: numbers, for TensorBoard, too.
            others: what only the log has.
        """
        self._latest = figures
        if not self.active:
            return
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({"stage": stage, "step": step, **figures, **others}) + "\n")
        with SummaryWriter(str(self.folder / "events"), filename_suffix=f".{stage}") as writer:
            for name, value in figures.items():
                writer.add_scalar(f"{stage}/{name}", value, step)

    def _tell(self, stage: str, step: int, steps: int, each_second: float) -> None:
        left = timedelta(seconds=round((steps - step) / each_second))
        figures = "".join(f", {name} {value:.4g}" for name, value in self._latest.items() if name == "loss")
        print(f"{stage}: step {step:,} of {steps:,}{figures}, {left} left", file=sys.stderr, flush=True)
