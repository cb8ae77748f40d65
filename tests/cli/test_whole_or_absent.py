"""The target is whole or absent: killed in mid-write, on a full disk, in a read-only folder, and with two writers."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import vqcodec
from tests.helpers.commands import error_of, fill, program, vq_of
from vqcodec.system.files import remove_temporaries

SIZE = 300_000
OLD, NEW = b"o" * SIZE, b"n" * SIZE

# Writes the file piece by piece, and says so after each; the last word is said when it has its name.
WRITER = f"""
import sys
from pathlib import Path
from vqcodec.system.files import atomic_write

target, letter, force = Path(sys.argv[1]), sys.argv[2].encode(), sys.argv[3] == "force"
try:
    with atomic_write(target, force) as file:
        for _ in range(30):
            file.write(letter * ({SIZE} // 30))
            print("piece", flush=True)
            if "paused" in sys.argv:
                sys.stdin.readline()
    print("done", flush=True)
except OSError as error:
    print(error.strerror, flush=True)
"""


def writer(target: Path, letter: str, force: bool, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(target), letter, "force" if force else "careful", *more]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


# kill -9 -------------------------------------------------------------------------------------------------------------


@pytest.mark.posix
@pytest.mark.parametrize("pieces", [1, 15, 30])
@pytest.mark.parametrize("exists", [True, False])
def test_killed_between_two_pieces(tmp_path: Path, pieces: int, exists: bool) -> None:
    target = tmp_path / "target"
    if exists:
        target.write_bytes(OLD)
    with writer(target, "n", exists, "paused") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for piece in range(pieces):
            assert process.stdout.readline() == "piece\n"
            if piece < pieces - 1:
                process.stdin.write("\n")
                process.stdin.flush()
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert target.read_bytes() == OLD if exists else not target.exists()
    left = [path.name for path in tmp_path.iterdir() if path != target]
    assert len(left) == 1
    assert left[0].startswith(".vqcodec-")
    remove_temporaries(target, process.pid)  # as the commands do for a worker that was killed
    assert [path for path in tmp_path.iterdir() if path != target] == []


@pytest.mark.posix
def test_killed_at_any_time(tmp_path: Path) -> None:
    """At moments that nobody chose, up to the end and after it."""
    target, seen = tmp_path / "target", set()
    for turn in range(12):
        target.write_bytes(OLD)
        with writer(target, "n", True) as process:
            assert process.stdout is not None
            # The kill falls some pieces after the one that was seen, as far as the writer gets meanwhile.
            for _ in range(1 + 3 * turn):
                process.stdout.readline()
            process.kill()
        seen.add(target.read_bytes())
        assert seen <= {OLD, NEW}
        remove_temporaries(target, process.pid)
    assert NEW in seen  # it was done before the last ones
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


# A full disk ---------------------------------------------------------------------------------------------------------


def mounting_is_permitted(folder: Path) -> bool:
    """Whether this process may mount at all, of which only the kernel knows."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    done = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True)
    if done.returncode == 0:
        subprocess.run(["umount", folder], check=True)
    return done.returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not mounting_is_permitted(folder):
        pytest.skip("needs root, and the right to mount a file system")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.linux
@pytest.mark.parametrize("exists", [True, False])
def test_a_disk_that_becomes_full(small_disk: Path, exists: bool) -> None:
    target = small_disk / "target"
    if exists:
        target.write_bytes(b"old")
    with writer(target, "n", exists) as process:
        assert process.stdout is not None
        said = process.stdout.read().split("\n")
    assert os.strerror(errno.ENOSPC) in said
    assert "done" not in said
    assert [path.name for path in small_disk.iterdir()] == ["target"] * exists
    assert not exists or target.read_bytes() == b"old"


@pytest.mark.linux
def test_commands_on_a_full_disk(small_disk: Path, tmp_path: Path, tiny_model: Path) -> None:
    """One line, and neither a piece nor a changed file; and when there is room again, it works."""
    fill(tmp_path, tiny_model)
    old = small_disk / "old.vq"
    old.write_bytes(b"old")
    filler = small_disk / "filler"
    room = os.statvfs(small_disk)
    filler.write_bytes(bytes(room.f_bavail * room.f_frsize))
    for args in (
        ["compress", tmp_path / "photo.png", old, "--force", "-m", tiny_model],
        ["compress", tmp_path / "photo.png", small_disk / "new.vq", "-m", tiny_model],
        ["decompress", tmp_path / "photo.vq", small_disk / "new.png", "-m", tiny_model],
    ):
        done = program(*args)
        assert (done.returncode, error_of(done.stderr.decode())) == (1, f"{args[2]}: no space left on device")
        assert {path.name for path in small_disk.iterdir()} == {"old.vq", "filler"}
        assert old.read_bytes() == b"old"
    filler.unlink()
    assert program("compress", tmp_path / "photo.png", old, "--force", "-m", tiny_model).returncode == 0
    assert old.read_bytes() == vq_of(tiny_model)


# A read-only folder --------------------------------------------------------------------------------------------------


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A folder with the file `old.vq` in which nothing can be written, not even by root where mounting is permitted."""
    folder = tmp_path / "frozen"
    folder.mkdir()
    if os.geteuid() != 0:
        (folder / "old.vq").write_bytes(b"old")
        folder.chmod(0o555)
        yield folder
        folder.chmod(0o755)
        return
    if not mounting_is_permitted(folder):
        pytest.skip("root writes everywhere, where it may not mount a read-only file system")
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], check=True)
    try:
        (folder / "old.vq").write_bytes(b"old")
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.posix
def test_commands_in_a_read_only_folder(read_only: Path, tmp_path: Path, tiny_model: Path) -> None:
    fill(tmp_path, tiny_model)
    reason = "read-only file system" if os.geteuid() == 0 else "permission denied"
    for name, options in (("new.vq", []), ("old.vq", ["--force"])):
        done = program("compress", tmp_path / "photo.png", read_only / name, "-m", tiny_model, *options)
        assert (done.returncode, error_of(done.stderr.decode())) == (1, f"{read_only / name}: {reason}")
    assert [path.name for path in read_only.iterdir()] == ["old.vq"]
    assert (read_only / "old.vq").read_bytes() == b"old"


# Two writers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("force", [True, False])
def test_two_writers_at_once(tmp_path: Path, force: bool) -> None:
    """Without --force exactly one of them has its way; with it both have, and the file is of one of them."""
    for turn in range(4):
        target = tmp_path / f"target{turn}"
        processes = [writer(target, letter, force) for letter in "on"]
        ends = [process.communicate()[0].split("\n")[-2] for process in processes]
        content = target.read_bytes()
        assert content in (OLD, NEW)
        if force:
            assert ends == ["done", "done"]
        else:
            assert sorted(ends) == sorted(["done", os.strerror(errno.EEXIST)])
            assert content == (OLD, NEW)[ends.index("done")]
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_two_programs_on_one_target(tmp_path: Path, tiny_model: Path) -> None:
    """The whole program, twice at once with other settings: the file decodes, and is that of the one that succeeded."""
    fill(tmp_path, tiny_model)
    target = tmp_path / "both.vq"
    base = [sys.executable, "-m", "vqcodec", "compress", str(tmp_path / "photo.png"), str(target)]
    base += ["-m", str(tiny_model), "-q"]
    processes = [subprocess.Popen([*base, quality], stderr=subprocess.PIPE, text=True) for quality in ("20", "90")]
    errors = [process.communicate()[1] for process in processes]
    codes = [process.returncode for process in processes]
    assert sorted(codes) == [0, 1]
    assert error_of(errors[codes.index(1)]) == f"{target}: exists already (--force replaces it)"
    assert vqcodec.inspect(target.read_bytes()).rate_point == codes.index(0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["both.vq", "old", "photo.png", "photo.vq"]
