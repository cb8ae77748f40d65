"""Bits per dim as a table."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from vqcodec.evaluation.report.text import markdown_table, number
from vqcodec.evaluation.shared.bits import FileBits, mean_bits

__all__ = ["bits_table"]

# The figures of pictures and of sounds, and their names for people.
LABELS = {
    "pixels": "x given z",
    "samples": "x given z",
    "codes": "z",
    "bound": "bound",
    "uniform_bound": "bound, uniform prior",
    "png": "PNG",
    "webp": "lossless WebP",
    "flac": "FLAC",
}


def bits_table(rows: Sequence[FileBits], figures: Sequence[str], counted: str) -> str:
    """Figures in Markdown: the mean of every file, and that of all. `counted` says what a row is of."""
    groups = [(file, list(group)) for file, group in itertools.groupby(rows, lambda row: row.file)]
    cells = []
    for file, group in [*groups, ("mean over all dims", list(rows))]:
        means = mean_bits(group, figures)
        cells.append([file, str(len(group)), *(number(means[name], 3) for name in figures)])
    return markdown_table(["file", counted, *(LABELS[name] for name in figures)], cells)
