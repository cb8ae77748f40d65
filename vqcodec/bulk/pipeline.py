"""The run of a job on Ray Data: parts go to a pool of workers, one a task, and reports come back."""

from __future__ import annotations

import logging
import os
import socket
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bitstream.errors import InputError
from vqcodec.bulk.isolation import end_order
from vqcodec.bulk.items import Part
from vqcodec.bulk.job import Job, PartWorker
from vqcodec.bulk.reports import Report

__all__ = ["Cluster", "connected", "run"]

PASSES = 3  # times that parts are tried whose workers, or their machines, died
ANSWER = 10  # seconds in which a cluster answers
OBJECTS = 1 << 28  # bytes of Ray's store on one machine: parts and reports are small


@dataclass(frozen=True)
class Cluster:
    """Where and how widely a job runs.

    Attributes:
        address: of a cluster: "auto", host:port, or ray://host:port; None starts Ray on this machine.
        workers: how many; by default as many as there are processors for.
        cpus: processors of each worker.
        gpu: whether each worker has a GPU.
        bars: whether Ray shows its progress bars.
    """

    address: str | None = None
    workers: int | None = None
    cpus: int = 1
    gpu: bool = False
    bars: bool = False


@contextmanager
def connected(cluster: Cluster) -> Iterator[int]:
    """Start Ray, or connect to a cluster, for the block; how many workers there are to be.

    Raises:
        InputError: nothing answers at the address.
        ConnectionError: there is no cluster.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # the future default, without its warning
    import ray

    _check(cluster.address)
    ours = not ray.is_initialized()
    if ours:
        quiet: dict[str, Any] = {"include_dashboard": False, "log_to_driver": False, "logging_level": logging.ERROR}
        if cluster.address is None:
            count = (cluster.workers or _processors() // cluster.cpus or 1) * cluster.cpus
            # "local", as Ray would join a cluster that somebody else has started here.
            ray.init("local", num_cpus=max(count, cluster.cpus), object_store_memory=OBJECTS, **quiet)
        else:
            ray.init(cluster.address, runtime_env=_environment(), log_to_driver=False, logging_level=logging.ERROR)
    try:
        yield cluster.workers or max(1, int(ray.cluster_resources().get("CPU", 1)) // cluster.cpus)
    finally:
        if ours:
            ray.shutdown()


def run(job: Job, parts: Sequence[Part], cluster: Cluster, workers: int) -> Iterator[Report]:
    """Do the parts of a job, and yield a report of each as it is done; of no part twice.

    Workers are not restarted, as Ray restarts them for ever and waits for ever where there is no room: a part whose
    worker died, or its machine, is tried again in another pass, by a new worker. Parts without a report failed each
    time.
    """
    if (cluster.address or "").startswith("ray://"):
        yield from _run_there(job, parts, cluster, workers)
        return
    left = {part.number: part for part in parts}
    for number in range(PASSES):
        if not left:
            return
        for report in _pass(replace(job, again=job.again or number > 0), list(left.values()), cluster, workers):
            if left.pop(report.number, None) is not None:
                yield report


class Driver:
    """Runs a job in the cluster, as Ray Data does not run at the other end of `ray://`."""

    def __init__(self, job: Job, parts: Sequence[Part], cluster: Cluster, workers: int) -> None:
        self._reports = run(job, parts, cluster, workers)

    def next(self) -> str | None:
        """The next report; None if there are no more."""
        report = next(self._reports, None)
        return None if report is None else report.dumps()


def _run_there(job: Job, parts: Sequence[Part], cluster: Cluster, workers: int) -> Iterator[Report]:
    import ray

    driver: Any = ray.remote(num_cpus=0)(Driver).remote(
        job, parts, replace(cluster, address="auto", bars=False), workers
    )
    while (text := ray.get(driver.next.remote())) is not None:
        yield Report.loads(text)


class PartTask:
    """A worker, as Ray Data calls it: with batches of one part."""

    def __init__(self, job: Job) -> None:
        end_order(500)
        self._worker = PartWorker(job)

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[str]]:
        """The reports of the parts of a batch."""
        return {"report": [self._worker(Part.loads(str(text))).dumps() for text in batch["part"]]}


def _pass(job: Job, parts: Sequence[Part], cluster: Cluster, workers: int) -> Iterator[Report]:
    import ray.data
    from ray.data import ActorPoolStrategy, DataContext

    context = DataContext.get_current()
    context.enable_progress_bars = cluster.bars
    context.print_on_execution_start = False
    context.max_errored_blocks = -1  # they are counted by what is left
    context.execution_options.preserve_order = False
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    # Ray 2.60 deprecates these arguments without saying what takes their place.
    warnings.filterwarnings("ignore", "`ray_remote_args` is deprecated")
    data = ray.data.from_items([{"part": part.dumps()} for part in parts], override_num_blocks=len(parts))
    count = max(1, min(workers, len(parts)))
    reports = data.map_batches(
        PartTask,
        fn_constructor_args=(job,),
        batch_size=1,
        compute=ActorPoolStrategy(size=count, max_tasks_in_flight_per_actor=2),
        num_cpus=cluster.cpus,
        num_gpus=1 if cluster.gpu else None,
        max_restarts=0,
        max_task_retries=0,
    )
    for row in reports.iter_rows():
        yield Report.loads(row["report"])


def _check(address: str | None) -> None:
    """Raise InputError if nothing answers at an address; Ray would wait for minutes, without a word."""
    host, colon, port = (address or "").rpartition("://")[2].rpartition(":")
    if colon and port.isdecimal():
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWER).close()
        except OSError as error:
            raise InputError(f"--address {address}: {(error.strerror or str(error)).lower()}") from None


def _processors() -> int:
    from vqcodec.system.processes import processors

    return processors()


def _environment() -> dict[str, Any] | None:
    """What the workers of a cluster need: this package, unless a job has brought its own."""
    if "RAY_JOB_CONFIG_JSON_ENV_VAR" in os.environ:
        return None
    import bitstream
    import vqcodec

    return {"py_modules": [str(Path(str(module.__file__)).parent) for module in (vqcodec, bitstream)]}
