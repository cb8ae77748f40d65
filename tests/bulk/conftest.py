from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import bulk_files
from tests.helpers.object_store import object_store
from tests.helpers.processes import PYTHONPATH

collect_ignore_glob = [] if find_spec("ray") else ["test_*.py"]  # the extra is not installed everywhere


@pytest.fixture(scope="module", autouse=True)
def _one_thread_each() -> Iterator[None]:
    """Of the workers, too; and they import the package that is tested."""
    before = dict(os.environ)
    os.environ |= {"OMP_NUM_THREADS": "1", "RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": PYTHONPATH}
    yield
    os.environ.clear()
    os.environ |= before


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """An S3 server, as a file system."""
    import s3fs

    with object_store(tmp_path_factory.mktemp("store")) as variables:
        os.environ |= variables
        s3fs.S3FileSystem.clear_instance_cache()
        yield s3fs.S3FileSystem()


@pytest.fixture(scope="module")
def here() -> Iterator[None]:
    """Ray on this machine, which runs in this process then use."""
    import ray

    quiet = {"include_dashboard": False, "log_to_driver": False, "logging_level": logging.ERROR}
    ray.init("local", num_cpus=2, object_store_memory=1 << 27, **quiet)
    yield
    ray.shutdown()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder with twelve pictures, in a tree."""
    for number in range(12):
        path = tmp_path / "pictures" / f"{number % 3}" / f"{number:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bulk_files.png(number))
    return tmp_path / "pictures"
