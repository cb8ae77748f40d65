"""A table with a heading, which both the Markdown summary and the page show."""

from __future__ import annotations

from dataclasses import dataclass

from vqcodec.evaluation.report.text import markdown_table

__all__ = ["Section", "escaped", "section_markdown"]


@dataclass(frozen=True)
class Section:
    """A table.

    Attributes:
        heading: above it.
        remarks: paragraphs below the heading.
        header: names of the columns.
        rows: cells; the first column has text, the others numbers.
        wordy: the other columns have text, too.
        first: the page shows it first.
    """

    heading: str
    remarks: tuple[str, ...]
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    wordy: bool = False
    first: bool = False


def section_markdown(section: Section) -> str:
    """The section in Markdown."""
    cells = [[escaped(cell) for cell in row] for row in section.rows]
    return "\n\n".join([f"## {section.heading}", *section.remarks, markdown_table(section.header, cells)])


def escaped(text: str) -> str:
    """Text that cannot become markup in Markdown, nor leave its cell: names of files may hold anything."""
    marked = "".join(f"\\{each}" if each in "\\`*_[]<>|" else each for each in text)
    return " ".join(marked.split())
