"""A whole run: a plan, the work on Ray, and the record of what failed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from vqcodec.bulk.job import Job
from vqcodec.bulk.names import ERRORS
from vqcodec.bulk.pipeline import Cluster, connected, run
from vqcodec.bulk.planning import make_plan
from vqcodec.bulk.progress import Progress
from vqcodec.bulk.reports import Totals
from vqcodec.bulk.storage import Place

__all__ = ["Result", "run_job"]

SHOWN = 5  # errors that are told at the end


@dataclass(frozen=True)
class Result:
    """What came of a run.

    Attributes:
        totals: counts.
        seconds: that the work took.
        errors: the first errors, a line each.
        left_out: files in the source that are not meant.
        stale: shards or tables in the target that are of an earlier, longer source.
    """

    totals: Totals
    seconds: float
    errors: tuple[str, ...]
    left_out: int
    stale: int


def run_job(job: Job, cluster: Cluster, shard_size: int, tell: Callable[[str], object]) -> Result:
    """Do what is left of a job.

    What fails is listed in `_vqcodec/errors.jsonl` in the target, an object with path and error a line; an older list
    is removed.

    Args:
        job: what is to be done.
        cluster: where.
        shard_size: files of a shard or table.
        tell: called with a line a minute.

    Raises:
        InputError: there is nothing to do, or nothing answers at the address of the cluster.
        ConnectionError: there is no cluster.
    """
    plan = make_plan(job, shard_size)
    job = replace(job, source=plan.source, target=Place(job.target).url)
    totals, told = plan.totals, list[str]()
    progress = Progress(tell, plan.items, max(1, len(plan.parts)))
    totals.undone = len(plan.parts)
    if not plan.parts:
        return Result(totals, 0, (), plan.left_out, plan.stale)
    with TemporaryDirectory(prefix="vqcodec-bulk-") as folder, connected(cluster) as workers:
        listed = Path(folder) / "errors.jsonl"
        with listed.open("w", encoding="utf-8") as errors:
            for number, report in enumerate(run(job, plan.parts, cluster, workers), 1):
                totals.add(report)
                for name, reason in report.errors:
                    errors.write(json.dumps({"path": name, "error": reason}) + "\n")
                    told += [f"{name}: {reason}"] if len(told) < SHOWN else []
                totals.undone = len(plan.parts) - number
                progress.update(totals, number)
        _publish(Place(job.target), listed)
    return Result(totals, progress.seconds, tuple(told), plan.left_out, plan.stale)


def _publish(target: Place, errors: Path) -> None:
    """Put the list of errors where the results are, or remove an old one."""
    if errors.stat().st_size:
        target.upload(errors, ERRORS)
    elif target.exists(ERRORS):
        target.remove(ERRORS)
