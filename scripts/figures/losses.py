"""The loss of training runs over time: docs/runs/losses.png, from docs/runs/losses.csv.

    python -m scripts.figures.losses docs/runs/losses.csv docs/runs/losses.png [--add RUN LOG ...]

Without --add, this draws what is in the table. With it, the logs of runs (MODEL.training/log.jsonl) go into the table
first, in place of what it had of runs of these names. A row is the mean of 100 steps of the first or the third stage of
training. Hours are those that the steps of the run have taken so far, in all stages, and with what was done twice after
an interruption.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scripts.command_line import parser_of, run_script
from vqcodec.evaluation.report.text import write_csv

STAGES = {"noise": "under additive noise", "codes": "on hard codes"}
LOG_EVERY = 100  # steps: those before an entry of a log, unless another one is nearer
SMOOTHED_OVER = 5  # rows

Entry = dict[str, Any]  # of a log


@dataclass(frozen=True)
class Row:
    """A line of the table, as it is written there."""

    run: str
    stage: str
    hours: str
    step: str
    loss: str
    bpp: str
    distortion: str


def rows_of_log(run: str, log: Path) -> Iterator[Row]:
    """The rows of a run."""
    spent, last = 0.0, Entry()
    for entry in map(json.loads, log.read_text().splitlines()):
        if "step" not in entry:
            continue
        spent += seconds_between(last, entry)
        if entry["stage"] in STAGES:
            figures = {name: f"{entry[name]:.4g}" for name in ("loss", "bpp", "distortion")}
            yield Row(run, entry["stage"], f"{spent / 3600:.3f}", str(entry["step"]), **figures)
        last = entry


def seconds_between(last: Entry, entry: Entry) -> float:
    """How long the steps between two entries took.

    Either the stage goes on, or it begins, or it takes up an earlier step after an interruption.
    """
    same = entry["stage"] == last.get("stage")
    if "seconds" in entry:  # logs of before 2026-11-30 have those since the stage began or was taken up
        seconds = float(entry["seconds"])
        return seconds - (last["seconds"] if same and seconds > last["seconds"] else 0)
    goes_on = same and entry["step"] > last["step"]
    steps = entry["step"] - last["step"] if goes_on else min(entry["step"], LOG_EVERY)
    return float(steps / entry["steps_a_second"])


def read_table(path: Path) -> list[Row]:
    """The rows of a table, none if it does not exist."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [Row(**row) for row in csv.DictReader(file)]


def draw(axes: Axes, rows: list[Row], stage: str) -> None:
    """The curves of all runs in a stage: means of 100 steps, and of 500."""
    for number, run in enumerate(dict.fromkeys(row.run for row in rows)):
        mine = [row for row in rows if (row.run, row.stage) == (run, stage)]
        if not mine:
            continue
        hours, loss = np.array([(row.hours, row.loss) for row in mine], float).T
        axes.plot(hours, loss, color=f"C{number}", alpha=0.25, linewidth=1)
        count = SMOOTHED_OVER if len(loss) >= 2 * SMOOTHED_OVER else 1
        window, middle = np.ones(count) / count, slice(count // 2, len(hours) - count // 2)
        axes.plot(hours[middle], np.convolve(loss, window, "valid"), color=f"C{number}", linewidth=2, label=run)
    axes.set_title(f"{stage}: {STAGES[stage]}", fontsize=10)
    axes.set_xlabel("hours of training")
    axes.grid(alpha=0.3)


def plot(rows: list[Row], path: Path) -> None:
    """Write the plot."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    panels = figure.subplots(1, len(STAGES), sharey=True)
    for axes, stage in zip(panels, STAGES, strict=True):
        draw(axes, rows, stage)
    panels[0].set_ylabel("loss, weighted mean of rate points")
    for axes in panels:
        axes.legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=120)


def main() -> None:
    """See the module."""
    parser = parser_of(__doc__)
    parser.add_argument("table", type=Path)
    parser.add_argument("plot", type=Path)
    parser.add_argument("--add", nargs=2, action="append", default=[], metavar=("RUN", "LOG"))
    arguments = parser.parse_args()
    rows = read_table(arguments.table)
    if arguments.add:
        added = dict(arguments.add)
        rows = [row for row in rows if row.run not in added]
        for run, log in added.items():
            rows += rows_of_log(run, Path(log))
        write_csv(arguments.table, Row, rows)
    plot(rows, arguments.plot)


if __name__ == "__main__":
    run_script(main)
