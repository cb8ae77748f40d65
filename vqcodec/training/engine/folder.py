"""The folder of a training, beside its model. Nothing heavy is imported: the command line uses it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

__all__ = ["SUFFIX", "add_entry", "work_folder"]

SUFFIX = ".training"


def work_folder(model: Path) -> Path:
    """Where the checkpoints, the log and the decoded originals of a model file are."""
    return model.with_name(model.name + SUFFIX)


def add_entry(folder: Path, entry: Mapping[str, object]) -> None:
    """Add a line to the log, log.jsonl."""
    with (folder / "log.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")
