"""Runs that lose a machine, their driver, or a worker's memory; from S3 to S3, on a cluster of two nodes."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.helpers.bulk_files import MODEL, POISON, command, png
from vqcodec import load
from vqcodec.codec.loading import for_pictures

pytestmark = [pytest.mark.slow, pytest.mark.linux]

COUNT = 2000
POISONED = 20  # 1 %
WAIT = 240  # seconds


@pytest.fixture(scope="module")
def archive(store: Any) -> Any:
    """A bucket with tiny pictures, 1 % of them poisoned."""
    kinds = list(POISON.values())
    files = {f"pictures/{n % 7}/{n:05d}.png": png(n) for n in range(COUNT - POISONED)}
    files |= {f"pictures/poison/{n:05d}.png": kinds[n % len(kinds)] for n in range(POISONED)}
    store.mkdir("pictures")
    store.pipe(files)
    return store


@pytest.fixture
def cluster(store: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Two nodes of one processor each, besides that of the driver, which has none."""
    from ray.cluster_utils import Cluster

    for name, value in (("initial_delay_ms", 0), ("period_ms", 500), ("timeout_ms", 2000), ("failure_threshold", 4)):
        monkeypatch.setenv(f"RAY_health_check_{name}", str(value))  # or it takes half a minute to miss one
    started = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    try:
        started.nodes = [started.add_node(num_cpus=1) for _ in range(2)]
        yield started
    finally:
        started.shutdown()


def compress(target: str, address: str | None, source: str = "s3://pictures") -> subprocess.Popen[str]:
    place = ["--address", address] if address else []
    args = command("compress", source, target, "-m", MODEL, *place)
    return subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def wait_for(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.3)


def coded(store: Any, bucket: str) -> dict[str, str]:
    """The objects of a bucket, with their checksums."""
    store.invalidate_cache()
    names = [name for name in store.find(bucket) if "_vqcodec" not in name]
    return {
        name.removeprefix(f"{bucket}/"): hashlib.sha256(data).hexdigest() for name, data in store.cat(names).items()
    }


@pytest.fixture(scope="module")
def wanted() -> dict[str, str]:
    """What is to come of the archive: files of the codec itself."""
    codec = for_pictures(load(MODEL))
    names = {f"{n % 7}/{n:05d}.png.vq": n for n in range(COUNT - POISONED)}
    return {name: hashlib.sha256(codec.compress(png(n))).hexdigest() for name, n in names.items()}


def test_a_machine_dies(archive: Any, cluster: Any, wanted: dict[str, str]) -> None:
    archive.mkdir("one-dies")
    run = compress("s3://one-dies", cluster.address)
    wait_for(lambda: _count(archive, "one-dies") > COUNT // 4)
    cluster.remove_node(cluster.nodes[0], allow_graceful=False)
    _, said = run.communicate(timeout=WAIT)
    assert run.returncode == 1, said
    assert coded(archive, "one-dies") == wanted
    summary = said.splitlines()[-1]
    assert summary.startswith(f"{COUNT - POISONED:,} done")
    assert summary.endswith(f"{POISONED} failed")
    errors = archive.cat_file("one-dies/_vqcodec/errors.jsonl").splitlines()
    assert len(errors) == POISONED


def test_the_other_end_of_a_connection(pictures: Path, tmp_path: Path) -> None:
    """With `ray://` the driver is in the cluster, as Ray Data does not run elsewhere."""
    from ray.cluster_utils import Cluster

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    head = {"num_cpus": 2, "include_dashboard": False, "ray_client_server_port": port}
    started = Cluster(initialize_head=True, head_node_args=head)
    try:
        run = compress(str(tmp_path / "out"), f"ray://127.0.0.1:{port}", str(pictures))
        _, said = run.communicate(timeout=WAIT)
    finally:
        started.shutdown()
    assert run.returncode == 0, said
    assert said.startswith("12 done in ")
    assert len(list((tmp_path / "out").rglob("*.vq"))) == 12


def test_the_driver_dies(archive: Any, wanted: dict[str, str]) -> None:
    archive.mkdir("driver-dies")
    run = compress("s3://driver-dies", None)
    wait_for(lambda: _count(archive, "driver-dies") > COUNT // 4)
    os.killpg(run.pid, signal.SIGKILL)  # the driver alone: Ray's processes have groups of their own
    run.communicate()
    _settle(archive, "driver-dies")
    first = {name: info["LastModified"] for name, info in archive.find("driver-dies", detail=True).items()}
    assert COUNT // 4 < len(first) < COUNT - POISONED
    run = compress("s3://driver-dies", None)
    _, said = run.communicate(timeout=WAIT)
    assert coded(archive, "driver-dies") == wanted
    summary = said.splitlines()[-1]
    assert summary.startswith(f"{COUNT - POISONED - len(first):,} done")
    assert f" {len(first):,} skipped" in summary
    second = archive.find("driver-dies", detail=True)
    assert {name: second[name]["LastModified"] for name in first} == first


def test_a_worker_wants_memory(tmp_path: Path) -> None:
    """The process that works on one of the items is killed, as the system does it, whenever it begins with it."""
    for number in range(4):
        (tmp_path / "in" / f"{number}.png").parent.mkdir(exist_ok=True)
        (tmp_path / "in" / f"{number}.png").write_bytes(png(number))
    Image.new("RGB", (6000, 6000), "teal").save(tmp_path / "in" / "large.png")
    run = compress(str(tmp_path / "out"), None, str(tmp_path / "in"))
    killed = 0
    while run.poll() is None:
        for process in _coding(run.pid):
            if _megabytes(process) > 250:  # which only the large picture takes
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
                    killed += 1
        time.sleep(0.02)
    assert killed == 2
    assert run.stderr is not None
    said = run.stderr.read()
    assert (
        "large.png: the process that worked on it was ended by signal 9, perhaps because memory ran out, twice" in said
    )
    assert said.splitlines()[-1].startswith("4 done")
    assert {path.name for path in (tmp_path / "out").glob("*.vq")} == {f"{number}.png.vq" for number in range(4)}


def _count(store: Any, bucket: str) -> int:
    store.invalidate_cache()
    return len(store.find(bucket))


def _settle(store: Any, bucket: str) -> None:
    """Wait until the workers of a driver that is gone write no more."""
    before = -1
    while (now := _count(store, bucket)) != before:
        before = now
        time.sleep(3)


def _coding(driver: int) -> list[int]:
    """The processes that code, below a driver: those that the system is told to end first."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])

    def is_below(process: int) -> bool:
        while process > 1:
            if process == driver:
                return True
            process = parents.get(process, 0)
        return False

    return [each for each in parents if is_below(each) and _codes(each)]


def _codes(process: int) -> bool:
    """Whether it is the child of a worker, and not one of Ray's processes."""
    with contextlib.suppress(OSError):
        return b"spawn_main" in Path(f"/proc/{process}/cmdline").read_bytes() and _score(process) == 1000
    return False


def _score(process: int) -> int:
    return int(Path(f"/proc/{process}/oom_score_adj").read_text())


def _megabytes(process: int) -> float:
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * 4096 / 1e6
    return 0
