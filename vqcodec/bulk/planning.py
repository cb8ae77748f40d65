"""What of a source is left to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bitstream.errors import InputError, VqcodecError
from vqcodec.bulk.coding import failure
from vqcodec.bulk.items import Part
from vqcodec.bulk.job import Job, possible_names
from vqcodec.bulk.reports import Totals
from vqcodec.bulk.sources import Source, list_source, split
from vqcodec.bulk.storage import Place
from vqcodec.bulk.targets import records

__all__ = ["Plan", "make_plan"]

FILES = 16  # of a tree that a worker takes at once


@dataclass(frozen=True)
class Plan:
    """What is left to do.

    Attributes:
        parts: to do, each by one worker.
        totals: what was done before.
        items: how many items there are in parts; 0 if only the workers will know.
        left_out: files in the source that are not meant.
        stale: shards or tables in the target that are of no part.
        source: the folder that parts name files of.
    """

    parts: list[Part]
    totals: Totals
    items: int
    left_out: int
    stale: int
    source: str


def make_plan(job: Job, shard_size: int) -> Plan:
    """List source and target, and plan what is left to do.

    Args:
        job: whose `source` may be a glob or one file; that of the plan is the folder above it.
        shard_size: files of a shard or table.

    Raises:
        InputError: there is nothing to do, target and source are the same, or one cannot be listed.
    """
    with _explained(job.source):
        source = list_source(job.source, job.settings.work)
    with _explained(job.target):
        return _planned(job, shard_size, source, Place(job.target))


@contextmanager
def _explained(url: str) -> Iterator[None]:
    """Let errors of any file system be InputError."""
    try:
        yield
    except VqcodecError:
        raise
    except Exception as error:
        raise InputError(f"{url}: it cannot be listed: {failure(error)}") from error


def _planned(job: Job, shard_size: int, source: Source, target: Place) -> Plan:
    if (source.place.root, source.place.files) == (target.root, target.files) and job.format != "files":
        raise InputError(f"{job.target}: it is also the source")
    totals = Totals()
    if job.format == "files":
        source = _without_done(job, source, target, totals)
        parts, stale = split(source, FILES, job.settings.digest()), 0
    else:
        parts = split(source, shard_size, job.settings.digest())
        parts, stale = _left(job, parts, target, totals)
    items = sum(len(part.names) for part in parts) if source.kind == "files" else 0
    return Plan(parts, totals, items, source.left_out, stale, source.place.url)


def _without_done(job: Job, source: Source, target: Place, totals: Totals) -> Source:
    """A source of files without those of which there is a file in the target."""
    if source.kind != "files" or job.force or job.verify:
        return source
    there = target.sizes()
    left = {
        name: size
        for name, size in source.sizes.items()
        if not any(made in there for made in possible_names(name, job.settings))
    }
    totals.skipped = len(source.sizes) - len(left)
    return Source(source.place, source.kind, left, source.left_out)


def _left(job: Job, parts: list[Part], target: Place, totals: Totals) -> tuple[list[Part], int]:
    """The parts without those that are done; and the number of shards of an earlier, longer source."""
    found = {} if job.force else records(target)
    stale = sum(number >= len(parts) for number in found)
    if job.verify:
        return parts, stale
    left = []
    for part in parts:
        done = [record for record in found.get(part.number, ()) if record.digest == part.digest]
        if not done:
            left.append(part)
            continue
        totals.skipped += done[0].done
        totals.failed_before += done[0].failed
    return left, stale
