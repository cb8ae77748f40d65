"""The whole of `vqcodec eval rd`: what is to be measured, measuring it, and the report."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bitstream.errors import InputError
from vqcodec.evaluation.cache import Cache
from vqcodec.evaluation.entrants import Entrant, choose_entrants
from vqcodec.evaluation.gallery import Exhibit, choose_aims, choose_settings
from vqcodec.evaluation.page import exhibit_budget, shown_pictures, write_page
from vqcodec.evaluation.pictures import Original, Skipped, find_pictures, read_originals
from vqcodec.evaluation.plot import write_plots
from vqcodec.evaluation.pool import Processes
from vqcodec.evaluation.published import Published, read_published
from vqcodec.evaluation.rate_distortion import Point
from vqcodec.evaluation.report import write_csv
from vqcodec.evaluation.results import Results
from vqcodec.evaluation.summary import as_json, as_markdown
from vqcodec.evaluation.tasks import Measuring, Showing

__all__ = ["Plan", "measure", "plan", "write_report"]


@dataclass(frozen=True)
class Plan:
    """What is to be measured.

    Attributes:
        folder: with the pictures.
        out: where the report goes, and what is measured is kept.
        entrants: the codecs.
        pictures: those that can be read.
        unreadable: those that cannot.
        published: curves of others.
        notes: on codecs that are missing.
    """

    folder: Path
    out: Path
    entrants: tuple[Entrant, ...]
    pictures: tuple[Original, ...]
    unreadable: tuple[Skipped, ...]
    published: tuple[Published, ...]
    notes: tuple[str, ...]


def plan(
    folder: Path,
    out: Path,
    codecs: Sequence[str] | None,
    qualities: Sequence[float],
    model: str,
    published: Sequence[Path],
) -> Plan:
    """Look at all that was given, before any of the work.

    Raises:
        VqcodecError: a codec, a published curve or the model cannot be used, or there is no picture.
        OSError: a file or folder cannot be read, or `out` cannot be written.
    """
    paths = find_pictures(folder)
    curves = read_published(published)
    entrants, notes = choose_entrants(codecs, qualities, model)
    if out.exists() and not out.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(out))
    if out.resolve() == folder.resolve():
        raise InputError(f"{out}: the report needs a folder of its own, or its plots would be pictures of the next run")
    out.mkdir(parents=True, exist_ok=True)
    pictures, unreadable = read_originals(paths)
    return Plan(folder, out, tuple(entrants), tuple(pictures), tuple(unreadable), tuple(curves), tuple(notes))


def measure(plan: Plan) -> Results:
    """Measure what is not known yet; what was measured is kept even if this is interrupted.

    Raises:
        InputError: no picture is left.
        OSError: results cannot be kept.
    """
    with Processes() as processes:
        points, refused = _points(plan, processes)
        pictures = tuple(picture for picture in plan.pictures if picture.name not in refused)
        if not pictures:
            total = len(plan.pictures) + len(plan.unreadable)
            raise InputError(f"{plan.folder}: none of {total} pictures could be measured, there is no report")
        exhibits = _exhibits(plan, pictures, points, processes)
    return Results(
        folder=plan.folder.resolve().name,
        entrants=plan.entrants,
        pictures=pictures,
        skipped=(*plan.unreadable, *refused.values()),
        notes=plan.notes,
        published=plan.published,
        points=tuple(points),
        exhibits=exhibits,
    )


def _points(plan: Plan, processes: Processes) -> tuple[list[Point], dict[str, Skipped]]:
    """Points of all pictures, codecs and qualities, and the pictures that a codec does not take."""
    cache = Cache(plan.out / "cache.jsonl", Point)
    tasks = [
        Measuring(picture, entrant, quality)
        for picture in plan.pictures
        for entrant in plan.entrants
        for quality in entrant.qualities
    ]
    refused: dict[str, Skipped] = {}
    missing = [task for task in tasks if cache.get(task.key) is None]
    for task, result in processes.each(Measuring.run, missing, "measuring"):
        if isinstance(result, Skipped):
            refused.setdefault(result.name, result)
        else:
            cache.add(task.key, result)
    # A picture may have had another name when it was measured.
    known = [(task.original.name, cache.get(task.key)) for task in tasks if task.original.name not in refused]
    return [replace(point, image=name) for name, point in known if point], refused


def write_report(results: Results, out: Path) -> str:
    """Write all files of the report into the folder `out`; the summary of it, in Markdown."""
    summary = as_markdown(results)
    write_csv(out / "results.csv", Point, results.points)
    (out / "results.json").write_text(as_json(results), encoding="utf-8")
    (out / "summary.md").write_text(summary, encoding="utf-8")
    write_plots(results, out)
    write_page(results, out / "report.html")
    return summary


def _exhibits(
    plan: Plan, pictures: Sequence[Original], points: Sequence[Point], processes: Processes
) -> tuple[Exhibit, ...]:
    """What is shown, in the order of the pictures."""
    cache = Cache(plan.out / "gallery.jsonl", Exhibit)
    chosen = shown_pictures(pictures)
    budget = exhibit_budget(len(chosen))
    aims = choose_aims(points, plan.entrants[0])
    tasks = []
    for picture in chosen:
        own = [point for point in points if point.image == picture.name]
        tasks.append(Showing(picture, choose_settings(own, plan.entrants, aims), budget))
    missing = [task for task in tasks if cache.get(task.key) is None]
    for task, result in processes.each(Showing.run, missing, "showing"):
        if isinstance(result, Exhibit):
            cache.add(task.key, result)
    known = [(task.original.name, cache.get(task.key)) for task in tasks]
    return tuple(replace(exhibit, image=name) for name, exhibit in known if exhibit)
