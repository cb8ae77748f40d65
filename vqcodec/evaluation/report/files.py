"""All files of a report."""

from __future__ import annotations

from pathlib import Path

from vqcodec.evaluation.report.page import write_page
from vqcodec.evaluation.report.plot import write_plots
from vqcodec.evaluation.report.report import Report
from vqcodec.evaluation.report.results_json import results_json
from vqcodec.evaluation.report.summary import summary_markdown
from vqcodec.evaluation.report.text import write_csv

__all__ = ["write_report"]


def write_report(report: Report, folder: Path) -> str:
    """Write all files of the report into `folder`.

    Returns:
        The summary, in Markdown.

    Raises:
        OSError: a file cannot be written.
    """
    results, wording = report.results, report.wording
    summary = summary_markdown(results, wording)
    write_csv(folder / "results.csv", results.modality.point, results.points)
    (folder / "results.json").write_text(results_json(results, wording), encoding="utf-8")
    (folder / "summary.md").write_text(summary, encoding="utf-8")
    write_plots(results, wording, folder)
    write_page(report, folder / "report.html")
    return summary
