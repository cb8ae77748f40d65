"""Files are whole or absent, and none is replaced unasked."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bitstream.errors import InputError
from vqcodec.system.files import (
    atomic_write,
    is_vq,
    read_input,
    refuse_own_source,
)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write(path: Path, data: bytes, force: bool = False) -> None:
    with atomic_write(path, force) as file:
        file.write(data)


def test_the_file_appears_complete_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "new"
    with atomic_write(target) as file:
        file.write(b"first")
        file.flush()
        assert not target.exists()
        file.write(b", second")
    assert target.read_bytes() == b"first, second"
    assert names(tmp_path) == ["new"]


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_nothing(tmp_path: Path, error: type[BaseException], force: bool) -> None:
    def fail() -> None:
        with atomic_write(tmp_path / "new", force) as file:
            file.write(b"half")
            raise error

    with pytest.raises(error):
        fail()
    assert names(tmp_path) == []


def test_an_existing_file_stays_unless_forced(tmp_path: Path) -> None:
    target = tmp_path / "old"
    target.write_bytes(b"old")
    with pytest.raises(FileExistsError) as caught:
        write(target, b"new")
    assert caught.value.filename == str(target)
    assert target.read_bytes() == b"old"
    write(target, b"new", force=True)
    assert target.read_bytes() == b"new"
    assert names(tmp_path) == ["old"]


def test_a_failure_leaves_the_existing_file(tmp_path: Path) -> None:
    target = tmp_path / "old"
    target.write_bytes(b"old")

    def fail() -> None:
        with atomic_write(target, force=True) as file:
            file.write(b"half")
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - which has no text
        fail()
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["old"]


def lose_race(target: Path) -> None:
    """Write `target` while another program does."""
    with atomic_write(target) as file:
        file.write(b"late")
        target.write_bytes(b"early")


@pytest.mark.parametrize("links", [True, False], ids=["hard links", "no hard links"])
def test_of_two_writers_the_first_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    if not links:
        monkeypatch.setattr(os, "link", refuse_link)
    target = tmp_path / "both"
    with pytest.raises(FileExistsError) as caught:
        lose_race(target)
    assert caught.value.filename == str(target)
    assert target.read_bytes() == b"early"
    assert names(tmp_path) == ["both"]


def refuse_link(*_: object) -> None:
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


def test_file_systems_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "link", refuse_link)
    write(tmp_path / "new", b"data")
    assert (tmp_path / "new").read_bytes() == b"data"
    assert names(tmp_path) == ["new"]


@pytest.mark.posix
@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_permissions_are_those_of_any_new_file(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        write(tmp_path / "ours", b"")
        (tmp_path / "any").write_bytes(b"")
    finally:
        os.umask(before)
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "any").stat().st_mode


@pytest.mark.posix
def test_a_replaced_file_keeps_its_permissions(tmp_path: Path) -> None:
    target = tmp_path / "old"
    target.write_bytes(b"old")
    target.chmod(0o640)
    write(target, b"new", force=True)
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


@pytest.mark.posix
@pytest.mark.parametrize("exists", [True, False])
def test_a_symbolic_link_stays_one(tmp_path: Path, exists: bool) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    if exists:
        target.write_bytes(b"old")
    link.symlink_to(target)
    write(link, b"new", force=exists)
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


@pytest.mark.posix
def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()))
    reader.start()
    write(pipe, b"data")
    reader.join()
    assert received == [b"data"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.linux
def test_devices_are_not_replaced() -> None:
    write(Path("/dev/null"), b"data", force=True)
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    with pytest.raises(OSError, match="No space left on device") as caught:
        write(Path("/dev/full"), b"data")
    assert caught.value.filename == "/dev/full"


@pytest.mark.posix
@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize(
    ("place", "reason"),
    [
        (".", errno.EISDIR),
        ("missing/new", errno.ENOENT),
        ("file/new", errno.ENOTDIR),
        ("/proc/new", errno.ENOENT),
        ("n" * 300, errno.ENAMETOOLONG),
    ],
)
def test_errors_name_the_target(tmp_path: Path, place: str, reason: int, force: bool) -> None:
    (tmp_path / "file").write_bytes(b"old")
    target = tmp_path / place
    with pytest.raises(OSError) as caught:  # noqa: PT011 - the number is checked below
        write(target, b"data", force)
    assert (caught.value.errno, caught.value.filename) == (reason, str(target))
    assert names(tmp_path) == ["file"]


FULL_DISK = """
import resource, sys
from pathlib import Path
from vqcodec.system.files import atomic_write

resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    with atomic_write(Path(sys.argv[1]), force=True) as file:
        file.write(bytes(100_000))
except OSError as error:
    print(error.filename, error.strerror)
"""


@pytest.mark.posix
def test_a_full_disk(tmp_path: Path) -> None:
    target = tmp_path / "old"
    target.write_bytes(b"old")
    done = subprocess.run([sys.executable, "-c", FULL_DISK, target], capture_output=True, text=True, check=True)
    assert done.stdout == f"{target} File too large\n"
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["old"]


def test_errors_of_reading_name_the_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        read_input(str(tmp_path / "missing"), is_vq)
    assert caught.value.filename == str(tmp_path / "missing")


@pytest.mark.posix
def test_an_output_that_is_its_own_source(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.touch()
    (tmp_path / "soft").symlink_to(source)
    (tmp_path / "hard").hardlink_to(source)
    (tmp_path / "other").touch()
    for name in ("source", "soft", "hard"):
        with pytest.raises(InputError, match="is also the input"):
            refuse_own_source(str(source), str(tmp_path / name))
    for name in (str(tmp_path / "other"), str(tmp_path / "missing"), "-", "/dev/null"):
        refuse_own_source(str(source), name)
    refuse_own_source("-", str(source))
    refuse_own_source("/dev/null", "/dev/null")
