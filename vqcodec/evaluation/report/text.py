"""Results as Markdown tables, and dataclasses as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["csv_text", "markdown_table", "number", "write_csv"]


def number(value: float, digits: int = 2, sign: bool = False) -> str:
    """A number with so many decimals, and with its sign if wanted; a dash for NaN."""
    if math.isnan(value):
        return "-"
    return f"{value:{'+' if sign else ''}.{digits}f}"


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table: the first column is aligned to the left, all others to the right."""
    cells = [header, *rows]
    widths = [max(3, *(len(row[column]) for row in cells)) for column in range(len(header))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]

    def line(row: Sequence[str]) -> str:
        numbers = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        return f"| {' | '.join([row[0].ljust(widths[0]), *numbers])} |"

    return "\n".join([line(header), line(rule), *(line(row) for row in cells[1:])])


def write_csv(path: Path, kind: type[DataclassInstance], rows: Iterable[Any]) -> None:
    """Write dataclasses to a CSV file, as `csv_text` has them."""
    path.write_text(csv_text(kind, rows), encoding="utf-8", newline="")


def csv_text(kind: type[DataclassInstance], rows: Iterable[Any]) -> str:
    """Dataclasses of one kind as CSV, with the names of their fields as the header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [each.name for each in fields(kind)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    return text.getvalue()
