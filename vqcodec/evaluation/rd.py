"""The whole of `vqcodec eval rd`: what is to be measured, measuring it, and the report."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bitstream.errors import InputError
from vqcodec.defaults import Effort
from vqcodec.evaluation.pictures.entrants import Entrant
from vqcodec.evaluation.report.page import evenly, exhibit_budget, write_page
from vqcodec.evaluation.report.plot import write_plots
from vqcodec.evaluation.report.summary import as_json, as_markdown
from vqcodec.evaluation.report.text import write_csv
from vqcodec.evaluation.shared.cache import Cache
from vqcodec.evaluation.shared.folder import Skipped
from vqcodec.evaluation.shared.modality import Exhibit, Modality, Original, Outcome, Task
from vqcodec.evaluation.shared.pool import Measuring
from vqcodec.evaluation.shared.published import Published, read_published
from vqcodec.evaluation.shared.results import Results
from vqcodec.media.pictures.reading import is_picture_name
from vqcodec.system.folders import files_named

__all__ = ["Plan", "Subject", "look_into", "measure", "plan", "write_report"]


@dataclass(frozen=True)
class Subject:
    """What there is in a folder.

    Attributes:
        modality: pictures, or sounds.
        folder: where they are.
        paths: of the files, at least one.
        notes: on what is left out.
    """

    modality: Modality
    folder: Path
    paths: tuple[Path, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What is to be measured.

    Attributes:
        modality: pictures, or sounds.
        folder: with the originals.
        out: where the report goes, and what is measured is kept.
        entrants: the codecs.
        originals: those that can be read.
        unreadable: those that cannot.
        published: curves of others.
        notes: on what is left out.
    """

    modality: Modality
    folder: Path
    out: Path
    entrants: tuple[Entrant[Any], ...]
    originals: tuple[Original, ...]
    unreadable: tuple[Skipped, ...]
    published: tuple[Published, ...]
    notes: tuple[str, ...]


def look_into(folder: Path) -> Subject:
    """What is evaluated in a folder: the pictures directly in it, or if there are none, the sounds.

    Raises:
        InputError: there is neither.
        OSError: the folder cannot be read.
    """
    from vqcodec.media.sounds.recordings import is_sound_name

    pictures, sounds = (files_named(folder, named) for named in (is_picture_name, is_sound_name))
    if pictures:
        from vqcodec.evaluation.pictures.modality import PICTURES

        text = f"{folder.name} also has sounds, which are left out: they can be evaluated in a folder of their own"
        return Subject(PICTURES, folder, tuple(pictures), (text,) if sounds else ())
    if sounds:
        from vqcodec.evaluation.sounds.modality import SOUNDS

        return Subject(SOUNDS, folder, tuple(sounds))
    raise InputError(f"no picture in {folder}, and no sound")


def plan(
    subject: Subject,
    out: Path,
    codecs: Sequence[str] | None,
    settings: Sequence[float] | None,
    model: str | None,
    effort: Effort,
    published: Sequence[Path],
) -> Plan:
    """Look at all that was given, before any of the work.

    Args:
        subject: what there is.
        out: where the report goes.
        codecs, settings, model, effort: see `Modality.entrants`.
        published: files with curves of others.

    Raises:
        VqcodecError: a codec, a published curve or the model cannot be used.
        OSError: a file or folder cannot be read, or `out` cannot be written.
    """
    modality, folder = subject.modality, subject.folder
    curves = read_published(published, modality.spelling)
    entrants, notes = modality.entrants(codecs, settings, model, effort)
    if out.exists() and not out.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(out))
    if out.resolve() == folder.resolve():
        raise InputError(f"{out}: the report needs a folder of its own, or its plots would be pictures of the next run")
    out.mkdir(parents=True, exist_ok=True)
    originals, unreadable = modality.read(subject.paths)
    return Plan(
        modality=modality,
        folder=folder,
        out=out,
        entrants=tuple(entrants),
        originals=tuple(originals),
        unreadable=tuple(unreadable),
        published=tuple(curves),
        notes=(*subject.notes, *notes),
    )


def measure(plan: Plan) -> Results:
    """Measure what is not known yet; what was measured is kept even if this is interrupted.

    Raises:
        InputError: no original is left.
        OSError: results cannot be kept.
    """
    with Measuring(_run) as processes:
        points, refused = _points(plan, processes)
        originals = tuple(each for each in plan.originals if each.name not in refused)
        outcome = plan.modality.conclude(plan.entrants, points)
        if len(originals) == len(outcome.unscored):
            total = len(plan.originals) + len(plan.unreadable)
            raise InputError(
                f"{plan.folder}: none of {total} {plan.modality.many} could be measured, there is no report"
            )
        exhibits = _exhibits(plan, originals, outcome, processes)
    return Results(
        modality=plan.modality,
        folder=plan.folder.resolve().name,
        entrants=outcome.entrants,
        originals=originals,
        skipped=(*plan.unreadable, *refused.values()),
        unscored=outcome.unscored,
        notes=(*plan.notes, *outcome.notes),
        published=plan.published,
        points=outcome.points,
        exhibits=exhibits,
    )


def _points(plan: Plan, processes: Measuring[Task, Any]) -> tuple[list[Any], dict[str, Skipped]]:
    """Points of all originals, codecs and qualities, and the originals that a codec does not take."""
    modality = plan.modality
    cache: Cache[Any] = Cache(plan.out / "cache.jsonl", modality.point)
    tasks = [
        modality.measuring(original, entrant, quality)
        for original in plan.originals
        for entrant in plan.entrants
        for quality in entrant.qualities
    ]
    refused: dict[str, Skipped] = {}
    missing = [task for task in tasks if cache.get(task.key) is None]
    for task, result in processes.measured(missing, "measuring"):
        if isinstance(result, Skipped):
            refused.setdefault(result.name, result)
        else:
            cache.add(task.key, result)
    known = [(task.original.name, cache.get(task.key)) for task in tasks if task.original.name not in refused]
    return [_renamed(point, name, modality) for name, point in known if point], refused


def _run(task: Task) -> Any:
    return task.run()


def _renamed(result: Any, name: str, modality: Modality) -> Any:
    """An original may have had another name when it was measured."""
    return replace(result, **{modality.field: name})


def write_report(results: Results, out: Path) -> str:
    """Write all files of the report into the folder `out`; the summary of it, in Markdown."""
    summary = as_markdown(results)
    write_csv(out / "results.csv", results.modality.point, results.points)
    (out / "results.json").write_text(as_json(results), encoding="utf-8")
    (out / "summary.md").write_text(summary, encoding="utf-8")
    write_plots(results, out)
    write_page(results, out / "report.html")
    return summary


def _exhibits(
    plan: Plan, originals: Sequence[Original], outcome: Outcome, processes: Measuring[Task, Any]
) -> tuple[Exhibit, ...]:
    """What is shown, in the order of the originals."""
    modality = plan.modality
    cache: Cache[Any] = Cache(plan.out / "gallery.jsonl", modality.exhibit)
    chosen = evenly(originals, modality.most_shown)
    tasks = modality.showings(chosen, outcome.points, outcome.entrants, exhibit_budget(len(chosen)))
    missing = [task for task in tasks if cache.get(task.key) is None]
    for task, result in processes.measured(missing, "showing"):
        if not isinstance(result, Skipped):
            cache.add(task.key, result)
    known = [(task.original.name, cache.get(task.key)) for task in tasks]
    return tuple(_renamed(exhibit, name, modality) for name, exhibit in known if exhibit)
