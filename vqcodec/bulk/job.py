"""A job: what is to be done, in which parts; and how a worker does one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from vqcodec.bulk.coding import coder_of
from vqcodec.bulk.isolation import Isolated
from vqcodec.bulk.items import Item, Part
from vqcodec.bulk.names import Record, target_name
from vqcodec.bulk.reports import Report
from vqcodec.bulk.settings import Settings
from vqcodec.bulk.sources import items_of
from vqcodec.bulk.storage import Place
from vqcodec.bulk.targets import Format, made_of, records, report_failure, target_of, verified_file, verified_part

__all__ = ["Job", "PartWorker"]


@dataclass(frozen=True)
class Job:
    """What is to be done.

    Attributes:
        settings: with each item.
        source: the folder that parts name files of.
        target: the folder for what is made.
        format: of what is made.
        column: of the bytes in tables, if it is not the first one that can be.
        verify: read what is there already, and make what is damaged anew.
        force: make all anew.
        again: parts may have been begun by workers that died: what these wrote is kept.
    """

    settings: Settings
    source: str
    target: str
    format: Format = "files"
    column: str | None = None
    verify: bool = False
    force: bool = False
    again: bool = False


class PartWorker:
    """Does parts of a job, with one child process that codes. It can be pickled before its first part."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._source, self._target = Place(job.source), Place(job.target)
        self._isolated = Isolated(coder_of(job.settings), job.settings.threads)

    def __call__(self, part: Part) -> Report:
        """Do a part. What cannot be read, coded or written is in the report; nothing is raised."""
        report = Report(part.number)
        try:
            self._work(part, report)
        except Exception as error:  # of any file system: a shard or table could not be written
            return Report(part.number, errors=[(name, report_failure(error)) for name in part.names])
        return report

    def close(self) -> None:
        """End the child process."""
        self._isolated.__exit__(None, None, None)

    def _work(self, part: Part, report: Report) -> None:
        job = self._job
        whole = self._whole(part) if job.format != "files" and job.verify and not job.force else None
        if whole is not None:
            report.skipped, report.failed_before = whole.done, whole.failed
            return
        with target_of(job.format, self._target, part, job.settings) as target:
            for item, row in self._isolated.each(self._items(part, report)):
                error = row.get("error")
                if not error:
                    try:
                        target.add(item, row)
                    except Exception as failed:  # of any file system
                        if job.format != "files":
                            raise
                        error = report_failure(failed)
                elif job.format != "files":
                    target.add(item, row)
                _count(report, item, error, len(row.get(made_of(job.settings.work)) or b""))

    def _whole(self, part: Part) -> Record | None:
        """The record of a part whose shard or table is as it says."""
        found = records(self._target).get(part.number, [])
        return next((each for each in found if each.digest == part.digest and self._is_whole(each)), None)

    def _is_whole(self, record: Record) -> bool:
        return verified_part(self._target, record.name)

    def _items(self, part: Part, report: Report) -> Iterator[Item]:
        """The items to code; those that are done are counted."""
        job = self._job
        for item in items_of(part, self._source, job.settings.work, job.column, self._done(part)):
            if isinstance(item, Item):
                yield item
            elif job.again and not job.verify:
                report.done += 1  # in this run, by a worker that died
            else:
                report.skipped += 1

    def _done(self, part: Part) -> _Done:
        return _Done(self._job, self._target, part)


def _count(report: Report, item: Item, error: str | None, written: int) -> None:
    if error:
        report.errors.append((item.name, error))
    else:
        report.done += 1
        report.read += len(item.data)
        report.written += written


class _Done:
    """Whether an item needs no work, as its file is there. Only a tree of files has files of items.

    The driver has left out the files that are there, so a worker looks for them only in what it begins again, in what
    it is to verify, and in shards and tables, whose items the driver does not know.
    """

    def __init__(self, job: Job, target: Place, part: Part) -> None:
        self._job, self._target = job, target
        self._looks = job.format == "files" and (job.again or (not job.force and (job.verify or part.kind != "files")))
        self._there: set[str] | None = None
        if self._looks and part.kind != "files":
            self._there = set(target.sizes(part.names[0].rpartition(".")[0]))

    def __call__(self, item: str) -> bool:
        return self._looks and any(self._is_there(name) for name in possible_names(item, self._job.settings))

    def _is_there(self, name: str) -> bool:
        there = name in self._there if self._there is not None else self._target.exists(name)
        if there and self._job.verify and not self._job.again:
            return verified_file(self._target, name, self._job.settings.work)
        return there


def possible_names(item: str, settings: Settings) -> Iterable[str]:
    """The names that the file of an item may have: what is decompressed may be a picture or a sound."""
    if settings.work == "compress":
        return [target_name(item, "compress")]
    return {target_name(item, "decompress", suffix) for suffix in (settings.suffix or ".png", ".png", ".wav")}
