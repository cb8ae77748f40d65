"""How a training tells what it does: a bar or a line a minute, a log, and events for TensorBoard."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

from tensorboardX import SummaryWriter
from tqdm import tqdm

from vqcodec.training.engine.folder import add_entry

__all__ = ["Monitor"]

SECONDS = 60  # between two lines, where there is no terminal


class Monitor:
    """Writes log.jsonl and events into the folder of a training, and progress to stderr. To be closed.

    Args:
        folder: is made.
        stage: that is told of.
        first: the step that it begins with, or goes on from.
        active: whether this process tells anything.
    """

    def __init__(self, folder: Path, stage: str, first: int, active: bool) -> None:
        self.folder, self.stage, self.first, self.active = folder, stage, first, active
        self._latest: Mapping[str, float] = {}
        folder.mkdir(parents=True, exist_ok=True)
        # The name has seconds only: within one of them, another stage or step tells files apart.
        suffix = f".{stage}-{first}"
        self._events = SummaryWriter(str(folder / "events"), filename_suffix=suffix, write_to_disk=active)

    def steps(self, steps: int) -> Iterator[int]:
        """The numbers of the steps that are left of `steps`, while progress is shown."""
        terminal = self.active and sys.stderr.isatty()
        began = told = time.monotonic()
        with tqdm(range(self.first, steps), self.stage, initial=self.first, total=steps, disable=not terminal) as bar:
            for number in bar:
                yield number
                if terminal:
                    bar.set_postfix({name: f"{value:.4g}" for name, value in self._latest.items()}, refresh=False)
                elif self.active and time.monotonic() - told >= SECONDS:
                    told = time.monotonic()
                    self._tell(number + 1, steps, (number + 1 - self.first) / (told - began))

    def log(self, step: int, figures: Mapping[str, float], others: Mapping[str, object]) -> None:
        """Add an entry.

        Args:
            step: the steps taken.
            figures: numbers, for TensorBoard, too.
            others: what only the log has.
        """
        self._latest = figures
        if not self.active:
            return
        add_entry(self.folder, {"stage": self.stage, "step": step, **figures, **others})
        for name, value in figures.items():
            self._events.add_scalar(f"{self.stage}/{name}", value, step)
        self._events.flush()

    def close(self) -> None:
        """Close the file of events."""
        self._events.close()

    def _tell(self, step: int, steps: int, each_second: float) -> None:
        left = timedelta(seconds=round((steps - step) / each_second))
        figures = "".join(f", {name} {value:.4g}" for name, value in self._latest.items() if name == "loss")
        print(f"{self.stage}: step {step:,} of {steps:,}{figures}, {left} left", file=sys.stderr, flush=True)
