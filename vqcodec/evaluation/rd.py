"""The whole of `vqcodec eval rd`: what is in a folder, measuring it, and the report."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bitstream.errors import InputError
from vqcodec.defaults import Effort
from vqcodec.evaluation.report.files import write_report
from vqcodec.evaluation.report.gallery import Exhibit, Gallery, evenly, exhibit_budget
from vqcodec.evaluation.report.report import Report
from vqcodec.evaluation.report.wording import Wording
from vqcodec.evaluation.shared.cache import ResultCache
from vqcodec.evaluation.shared.codecs import EvaluatedCodec
from vqcodec.evaluation.shared.folder import OriginalFile, Skipped
from vqcodec.evaluation.shared.jobs import Job, job_processes, run_missing
from vqcodec.evaluation.shared.modality import Modality
from vqcodec.evaluation.shared.published import Published, read_published
from vqcodec.evaluation.shared.results import Results
from vqcodec.media.pictures.reading import is_picture_name
from vqcodec.system.folders import files_named
from vqcodec.system.processes import Processes

__all__ = ["Evaluation", "Subject", "look_into", "measure", "prepare", "write_report"]


@dataclass(frozen=True)
class Subject:
    """The files of one modality in a folder.

    Attributes:
        modality: how they are measured.
        wording: how the results are told.
        gallery: how the files are shown.
        folder: where they are.
        paths: of the files, at least one.
        notes: on what is left out, a line each.
    """

    modality: Modality
    wording: Wording
    gallery: Gallery
    folder: Path
    paths: tuple[Path, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evaluation:
    """All that is measured, and where the report goes.

    Attributes:
        subject: the files.
        out: the folder of the report, which also keeps what was measured.
        codecs: the first one is compared with the others.
        originals: what could be read of the files.
        unreadable: the files that could not be read.
        published: curves of others.
        notes: on what is left out, a line each.
    """

    subject: Subject
    out: Path
    codecs: tuple[EvaluatedCodec[Any], ...]
    originals: tuple[OriginalFile, ...]
    unreadable: tuple[Skipped, ...]
    published: tuple[Published, ...]
    notes: tuple[str, ...]


def look_into(folder: Path) -> Subject:
    """The pictures directly in a folder; or its sounds, if it has no pictures.

    Raises:
        InputError: there are neither.
        OSError: the folder cannot be read.
    """
    from vqcodec.media.sounds.recordings import is_sound_name

    pictures, sounds = (files_named(folder, named) for named in (is_picture_name, is_sound_name))
    if pictures:
        from vqcodec.evaluation.pictures.modality import PICTURES
        from vqcodec.evaluation.report.picture_gallery import PICTURE_GALLERY
        from vqcodec.evaluation.report.picture_wording import PICTURE_WORDING

        text = f"{folder.name} also has sounds, which are left out: they can be evaluated in a folder of their own"
        notes = (text,) if sounds else ()
        return Subject(PICTURES, PICTURE_WORDING, PICTURE_GALLERY, folder, tuple(pictures), notes)
    if sounds:
        from vqcodec.evaluation.report.sound_gallery import SOUND_GALLERY
        from vqcodec.evaluation.report.sound_wording import SOUND_WORDING
        from vqcodec.evaluation.sounds.modality import SOUNDS

        return Subject(SOUNDS, SOUND_WORDING, SOUND_GALLERY, folder, tuple(sounds))
    raise InputError(f"no picture in {folder}, and no sound")


def prepare(
    subject: Subject,
    out: Path,
    codecs: Sequence[str] | None,
    settings: Sequence[float] | None,
    model: str | None,
    effort: Effort,
    published: Sequence[Path],
) -> Evaluation:
    """Check all that was given, and read the originals, before anything is measured.

    Args:
        subject: what is measured.
        out: the folder of the report.
        codecs, settings, model, effort: see `Modality.codecs`.
        published: files with curves of others.

    Raises:
        VqcodecError: a codec, a published curve or the model cannot be used.
        OSError: a file or folder cannot be read, or `out` cannot be written.
    """
    modality = subject.modality
    curves = read_published(published, modality.spelling)
    evaluated, notes = modality.codecs(codecs, settings, model, effort)
    if out.exists() and not out.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(out))
    if out.resolve() == subject.folder.resolve():
        raise InputError(f"{out}: the report needs a folder of its own, or its plots would be evaluated the next time")
    out.mkdir(parents=True, exist_ok=True)
    originals, unreadable = modality.read(subject.paths)
    return Evaluation(
        subject=subject,
        out=out,
        codecs=tuple(evaluated),
        originals=tuple(originals),
        unreadable=tuple(unreadable),
        published=tuple(curves),
        notes=(*subject.notes, *notes),
    )


def measure(evaluation: Evaluation) -> Report:
    """Measure what is not in the cache yet. What was measured is kept even if this is interrupted.

    Raises:
        VqcodecError: no original could be measured, or a process was ended from outside.
        OSError: results cannot be kept.
    """
    subject = evaluation.subject
    with job_processes(subject.modality.prepare) as processes:
        results = _results(evaluation, processes)
        exhibits = _exhibits(evaluation, results, processes)
    return Report(results, subject.wording, subject.gallery, exhibits)


def _results(evaluation: Evaluation, processes: Processes[Job, Any]) -> Results:
    subject, modality = evaluation.subject, evaluation.subject.modality
    points, refused = _points(evaluation, processes)
    names = {each.name for each in refused}
    originals = tuple(each for each in evaluation.originals if each.name not in names)
    conclusion = modality.conclude(evaluation.codecs, points)
    if len(originals) == len(conclusion.unscored):
        total = len(evaluation.originals) + len(evaluation.unreadable)
        raise InputError(
            f"{subject.folder}: there is no report, as none of {subject.wording.count(total)} could be measured"
        )
    return Results(
        modality=modality,
        folder=subject.folder.resolve().name,
        codecs=conclusion.codecs,
        originals=originals,
        skipped=(*evaluation.unreadable, *refused),
        unscored=conclusion.unscored,
        notes=(*evaluation.notes, *conclusion.notes),
        published=evaluation.published,
        points=conclusion.points,
    )


def _points(evaluation: Evaluation, processes: Processes[Job, Any]) -> tuple[list[Any], list[Skipped]]:
    """The points of all originals, codecs and settings; and the originals that a codec does not take."""
    modality = evaluation.subject.modality
    cache: ResultCache[Any] = ResultCache(evaluation.out / "cache.jsonl", modality.point)
    jobs = [
        modality.job(original, codec, quality)
        for original in evaluation.originals
        for codec in evaluation.codecs
        for quality in codec.qualities
    ]
    refused = run_missing(jobs, cache, processes, "measuring")
    names = {each.name for each in refused}
    return _found([job for job in jobs if job.file not in names], cache, modality), refused


def _exhibits(evaluation: Evaluation, results: Results, processes: Processes[Job, Any]) -> tuple[Exhibit, ...]:
    """What is shown, in the order of the originals."""
    gallery = evaluation.subject.gallery
    cache: ResultCache[Any] = ResultCache(evaluation.out / "gallery.jsonl", gallery.kind)
    shown = evenly(results.originals, gallery.most)
    jobs = gallery.jobs(results, shown, exhibit_budget(len(shown)))
    run_missing(jobs, cache, processes, "showing")
    return tuple(_found(jobs, cache, results.modality))


def _found(jobs: Sequence[Job], cache: ResultCache[Any], modality: Modality) -> list[Any]:
    """The results in the cache, with the names of the files now: they may have had others when they were measured."""
    known = [(job.file, cache.get(job.key)) for job in jobs]
    return [replace(result, **{modality.field: name}) for name, result in known if result]
