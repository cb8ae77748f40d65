"""The command line: every failure is one line on standard error, exit code 1, and no file left or changed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

import vqcodec
from tests.helpers.commands import SIZE, error_of, fail, program, run, succeed, unchanged, vq_of
from tests.helpers.processes import python

BAD_FILES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "truncated": (lambda data: data[: len(data) // 2], "cut short"),
    "cut in the header": (lambda data: data[:9], "cut short"),
    "bit flipped": (lambda data: data[:40] + bytes([data[40] ^ 4]) + data[41:], "damaged"),
    "longer": (lambda data: data + b"\0", "damaged"),
    "empty": (lambda data: b"", "empty"),
    "PNG": (lambda data: b"\x89PNG\r\n\x1a\n" + data, "not a .vq file"),
    "text": (lambda data: b"just text\n", "not a .vq file"),
    "line ends": (lambda data: data.replace(b"\n", b"\r\n"), "text mode"),
    "UTF-8": (lambda data: data.decode("latin-1").encode(), "text mode"),
}


@pytest.mark.parametrize("kind", BAD_FILES)
@pytest.mark.parametrize("force", [False, True])
def test_a_bad_vq_file(folder: Path, tiny_model: Path, kind: str, force: bool) -> None:
    change, reason = BAD_FILES[kind]
    bad, target = folder / "bad.vq", folder / ("old.png" if force else "new.png")
    bad.write_bytes(change(vq_of(tiny_model)))
    if force:
        target.write_bytes(b"old")
    options = ["--force"] if force else []
    for args in (["decompress", bad, target, "-m", tiny_model, *options], ["decompress", bad, "-"], ["info", bad]):
        text = fail(folder, *args)
        assert text.startswith(f"{bad}: ")
        assert reason in text


def test_a_picture_beyond_the_limit(folder: Path, tiny_model: Path) -> None:
    args = ["decompress", folder / "photo.vq", folder / "new.png", "-m", tiny_model, "--max-pixels"]
    assert "60 x 40 pixels" in fail(folder, *args, SIZE[0] * SIZE[1] - 1)
    succeed(*args, SIZE[0] * SIZE[1])


def test_a_missing_model(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vqcodec.model.bundled.WEIGHTS", folder)
    photo, new = folder / "photo.png", folder / "new.vq"
    assert "no model 'photo'" in fail(folder, "compress", photo, new)
    assert "no model 'nonesuch'" in fail(folder, "compress", photo, new, "-m", "nonesuch")
    assert "not a model file" in fail(folder, "compress", photo, new, "-m", folder / "old")
    assert "--model" in fail(folder, "decompress", folder / "photo.vq", folder / "new.png")
    assert "no model 'nonesuch'" in fail(folder, "tokens", folder, folder / "new.npz", "-m", "nonesuch")


def test_a_missing_device(folder: Path, tiny_model: Path) -> None:
    assert "'nonesuch'" in fail(folder, "compress", folder / "photo.png", "-", "-m", tiny_model, "--device", "nonesuch")


BAD_PICTURES = {
    "text": (b"just text\n", "not a picture"),
    "empty": (b"", "empty"),
    "without pixels": (b"P6 0 5 255\n", "without pixels"),
    "truncated": (b"P6 60 40 255\n" + bytes(100), "damaged"),
}


@pytest.mark.parametrize("kind", BAD_PICTURES)
def test_an_unreadable_picture(folder: Path, tiny_model: Path, kind: str) -> None:
    data, reason = BAD_PICTURES[kind]
    bad = folder / "bad.ppm"
    bad.write_bytes(data)
    text = fail(folder, "compress", bad, folder / "old", "--force", "-m", tiny_model)
    assert text.startswith(f"{bad}: ")
    assert reason in text


def test_missing_input(folder: Path) -> None:
    missing = folder / "missing"
    for args in (
        ["compress", missing, folder / "new.vq"],
        ["decompress", missing, folder / "new.png"],
        ["info", missing],
        ["tokens", missing, folder / "new.npz"],
    ):
        assert fail(folder, *args) == f"{missing}: no such file or directory"
    assert fail(folder, "compress", folder, folder / "new.vq") == f"{folder}: is a directory"
    assert fail(folder, "tokens", folder / "old", folder / "new.npz") == f"{folder / 'old'}: not a directory"


@pytest.mark.parametrize("pictures", [[], ["bad.png"]])
def test_tokens_of_nothing(tmp_path: Path, tiny_model: Path, pictures: list[str]) -> None:
    for name in pictures:
        (tmp_path / name).write_bytes(b"nonsense")
    with unchanged(tmp_path):
        result = run("tokens", tmp_path, tmp_path / "out.npz", "-m", tiny_model)
    assert result.exit_code == 1
    last = result.stderr.splitlines()[-1]
    assert f"none of {len(pictures)} pictures could be read" in error_of(last + "\n")


@pytest.mark.posix
@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("old/new.png", "not a directory"),
        ("missing/new.png", "no such file or directory"),
        ("/proc/new.png", "no such file or directory"),
        ("folder.png", "is a directory"),
    ],
)
def test_an_unwritable_target(folder: Path, tiny_model: Path, place: str, reason: str) -> None:
    (folder / "folder.png").mkdir()
    target = folder / place
    for force in ([], ["--force"]):
        assert fail(folder, "compress", folder / "photo.png", target, "-m", tiny_model, *force) == f"{target}: {reason}"
        assert fail(folder, "decompress", folder / "photo.vq", target, *force) == f"{target}: {reason}"
        assert fail(folder, "tokens", folder, target, *force) == f"{target}: {reason}"


def test_an_existing_target(folder: Path, tiny_model: Path) -> None:
    old = folder / "old"
    assert fail(folder, "compress", folder / "photo.png", old) == f"{old}: exists already (--force replaces it)"
    assert fail(folder, "tokens", folder, old).startswith(f"{old}: exists already")
    photo = folder / "photo.png"
    assert fail(folder, "decompress", folder / "photo.vq", photo).startswith(f"{photo}: exists already")
    succeed("compress", photo, old, "--force", "-m", tiny_model)
    assert old.read_bytes() == vq_of(tiny_model)


@pytest.mark.parametrize(("name", "reason"), [("new.xyz", "'.xyz'"), ("new", "no suffix")])
def test_an_unknown_output_format(folder: Path, name: str, reason: str) -> None:
    assert reason in fail(folder, "decompress", folder / "photo.vq", folder / name)


@pytest.mark.parametrize("quality", ["0", "101", "nan"])
def test_a_quality_out_of_range(folder: Path, tiny_model: Path, quality: str) -> None:
    with unchanged(folder):
        result = run("compress", folder / "photo.png", folder / "new.vq", "-q", quality, "-m", tiny_model)
    assert result.exit_code in (1, 2)
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (MemoryError(), "not enough memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"), "memory"),
        (RuntimeError("CUDA out of memory. Tried to allocate 9 bytes"), "memory"),
        (OSError(5, "Input/output error"), "new.vq: input/output error"),
        (vqcodec.ModelError("two\nlines"), "two lines"),
    ],
)
def test_other_failures(folder: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, text: str) -> None:
    def load(*_: object) -> None:
        raise error

    monkeypatch.setattr("vqcodec.codec.loading.load", load)
    assert text in fail(folder, "compress", folder / "photo.png", folder / "new.vq")


def test_an_interruption(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("vqcodec.codec.loading.load", load)
    with unchanged(folder):
        result = run("compress", folder / "photo.png", folder / "new.vq")
    assert result.exit_code == 130
    assert result.stderr.strip() == "vqcodec: error: interrupted"  # after the end of the line with the ^C


def test_a_defect_is_not_hidden(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("vqcodec.codec.loading.load", load)
    with unchanged(folder):
        assert isinstance(run("compress", folder / "photo.png", folder / "new.vq").exception, ZeroDivisionError)


TERMINATED = """
import os, signal, sys, time
from vqcodec.codec import loading
from vqcodec.cli import main

def load(*_):
    try:
        os.kill(os.getpid(), int(sys.argv[1]))
        time.sleep(60)
    finally:
        os.kill(os.getpid(), signal.SIGTERM)  # again, on its way out

loading.load = load
main(["compress", *sys.argv[2:]])
"""


@pytest.mark.posix
@pytest.mark.usefixtures("usual_signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_termination_leaves_nothing(folder: Path, name: str) -> None:
    number = signal.Signals[name]
    with unchanged(folder):
        done = python(TERMINATED, int(number), folder / "photo.png", folder / "new.vq", timeout=50)
    assert (done.returncode, done.stderr) == (128 + number, "")


UNDISTURBED = """
import os, signal, sys
from vqcodec.codec import loading
from vqcodec.cli import main

def load(*given):
    os.kill(os.getpid(), signal.SIGHUP)
    return real(*given)

signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
real, loading.load = loading.load, load
main(["compress", *sys.argv[1:]])
"""


@pytest.mark.posix
def test_a_hang_up_that_is_ignored_stays_so(folder: Path, tiny_model: Path) -> None:
    done = python(UNDISTURBED, folder / "photo.png", folder / "new.vq", "-m", tiny_model, timeout=50)
    assert (done.returncode, done.stderr) == (0, "")
    assert (folder / "new.vq").read_bytes()[:4] == b"\x8eVQ\n"


FULL_DISK = """
import resource, sys
from vqcodec.cli import main

resource.setrlimit(resource.RLIMIT_FSIZE, (50, 50))
main(sys.argv[1:])
"""


@pytest.mark.posix
def test_a_full_disk(folder: Path, tiny_model: Path) -> None:
    with unchanged(folder):
        done = python(FULL_DISK, "compress", folder / "photo.png", folder / "old", "--force", "-m", tiny_model)
    assert (done.returncode, error_of(done.stderr)) == (1, f"{folder / 'old'}: file too large")


@pytest.mark.linux
def test_a_full_standard_output(folder: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = program("info", folder / "photo.vq", stdout=full)
    assert (done.returncode, error_of(done.stderr.decode())) == (1, "no space left on device")


@pytest.mark.posix
def test_a_reader_that_stops_is_no_error_to_tell(folder: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = program("info", folder / "photo.vq", stdout=writing)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")
