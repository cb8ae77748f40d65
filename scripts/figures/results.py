"""Write docs/RESULTS.md from the text and the tables in docs/results.

    python -m scripts.figures.results

RESULTS.md.j2 is the text, a Jinja template. In it `table` puts a CSV file of the folder, or a part of it, and `link`
puts a link to one; both say how it was measured. `commands` puts the commands of measurements, `models` the models.
measurements.csv lists all measurements: each is of the version of its model that models.csv has, or it is an error.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from vqcodec.evaluation.report.text import markdown_table

DOCUMENTS = Path(__file__).parents[2] / "docs"
TEMPLATE = "RESULTS.md.j2"


@dataclass(frozen=True)
class Measurement:
    """How figures were measured: a row of measurements.csv.

    Attributes:
        name: by which the text refers to it.
        model: that was measured, or other codecs.
        version: of the model; empty for other codecs.
        date: of the measurement.
        commit: that brought the figures.
        machine: on which they were measured.
        command: by which they were measured.
    """

    name: str
    model: str
    version: str
    date: str
    commit: str
    machine: str
    command: str

    @property
    def subject(self) -> str:
        """What was measured."""
        return f"`{self.model}` {self.version}" if self.version else self.model


class Results:
    """The tables of a folder and how they were measured.

    Args:
        folder: with models.csv, measurements.csv, the other tables and the text.

    Raises:
        ValueError: a measurement is of another version of a model than models.csv has.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.versions = {model: version for model, version, _ in self.rows("models")[1:]}
        measurements = [Measurement(*row) for row in self.rows("measurements")[1:]]
        for each in measurements:
            if each.version != self.versions.get(each.model, ""):
                raise ValueError(f"{each.name}: measured with version {each.version} of {each.model}")
        self.measurements = {each.name: each for each in measurements}

    def rows(self, name: str) -> list[list[str]]:
        """The header of a table and its rows."""
        with (self.folder / f"{name}.csv").open(newline="", encoding="utf-8") as file:
            return list(csv.reader(file))

    def table(
        self,
        name: str,
        *measurements: str,
        columns: Sequence[str] = (),
        only: Mapping[str, Sequence[str]] | None = None,
    ) -> str:
        """A table in Markdown, and below it how it was measured.

        Args:
            name: of the file, without its suffix.
            measurements: that its figures are of.
            columns: to be shown, if not all.
            only: what some columns have in the rows to be shown, if not all rows are.
        """
        header, *rows = self.rows(name)
        for column, values in (only or {}).items():
            rows = [row for row in rows if row[header.index(column)] in values]
        chosen = [header.index(column) for column in columns] or list(range(len(header)))
        cells = [[row[number] for number in chosen] for row in (header, *rows)]
        caption = self.caption(*measurements)
        if columns or only:
            caption = f"{caption}; all of it: [{name}.csv](results/{name}.csv)"
        return f"{markdown_table(cells[0], cells[1:])}\n\n*{caption}*"

    def link(self, name: str, *measurements: str) -> str:
        """A table that is not shown, and how it was measured."""
        return f"[{name}.csv](results/{name}.csv) (*{self.caption(*measurements)}*)"

    def caption(self, *measurements: str) -> str:
        """How figures were measured, in a few words."""
        commits: dict[tuple[str, str, str], dict[str, None]] = {}
        for each in (self.measurements[name] for name in measurements):
            commits.setdefault((each.subject, each.date, each.machine), {})[each.commit] = None
        return "; ".join(
            f"{what} at {', '.join(own)}, {date}, {machine}" for (what, date, machine), own in commits.items()
        )

    def commands(self, *measurements: str) -> str:
        """The commands of some measurements, as a block of code."""
        return "\n".join(dict.fromkeys(f"    {self.measurements[each].command}" for each in measurements))

    def models(self) -> str:
        """The table of the models that were measured."""
        header, *rows = self.rows("models")
        return markdown_table(header, rows)

    def document(self) -> str:
        """The text with all tables."""
        environment = Environment(
            loader=FileSystemLoader(self.folder),
            undefined=StrictUndefined,
            keep_trailing_newline=True,
            autoescape=False,
        )
        text = environment.get_template(TEMPLATE)
        return text.render(table=self.table, link=self.link, commands=self.commands, models=self.models)


if __name__ == "__main__":
    (DOCUMENTS / "RESULTS.md").write_text(Results(DOCUMENTS / "results").document(), encoding="utf-8")
