"""The command line on many files of which some fail: all others are done, and the failures are told in the end."""

from __future__ import annotations

from pathlib import Path

import pytest

import vqcodec
from tests.helpers.commands import VOICE, contents, failed_files, run, unchanged, vq_of

pytestmark = pytest.mark.usefixtures("bundled")


@pytest.mark.posix
def test_failures_are_told_in_the_end_and_stop_nothing(mixed: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.vq").write_bytes(b"old")
    (mixed / "bad.png").write_bytes(b"bad")
    (mixed / "cut.wav").write_bytes(VOICE[:20])
    (mixed / "gone.png").symlink_to(mixed / "nowhere")
    inputs = [tmp_path / "missing.png", tmp_path / "out", mixed]
    result = run("compress", *inputs, "--out-dir", out, "-r")
    lines = dict(line.removeprefix("vqcodec: error: ").split(": ", 1) for line in result.stderr.splitlines()[:-1])
    assert lines == {
        str(tmp_path / "out"): "there is nothing to do in it",
        str(tmp_path / "missing.png"): "no such file or directory",
        str(mixed / "a.png"): f"{out / 'a.vq'}: exists already (--force replaces it)",
        str(mixed / "bad.png"): "not a picture in a format that Pillow reads, or one without pixels",
        str(mixed / "cut.wav"): lines[str(mixed / "cut.wav")],
        str(mixed / "gone.png"): "no such file or directory",
    }
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith("2 files, ")
    assert result.stderr.endswith(", 1 left out, 6 failed\n")
    assert sorted(contents(out)) == ["a.vq", "sub/b.vq", "sub/v.vq"]
    assert (out / "a.vq").read_bytes() == b"old"
    assert failed_files(run("decompress", out / "a.vq", "--out-dir", tmp_path / "back"), lines_of_bad(out)) == (
        "0 files, 1 failed"
    )


def lines_of_bad(out: Path) -> str:
    return f"{out / 'a.vq'}: not a .vq file: it begins with the bytes 6f 6c 64"


def test_existing_targets_are_replaced_if_forced(mixed: Path, tmp_path: Path, tiny_model: Path) -> None:
    out = tmp_path / "out"
    assert run("compress", mixed, "--out-dir", out).exit_code == 0
    (out / "a.vq").write_bytes(b"old")
    with unchanged(out):
        assert run("compress", mixed, "--out-dir", out).exit_code == 1
    assert run("compress", mixed, "--out-dir", out, "--force").exit_code == 0
    assert (out / "a.vq").read_bytes() == vq_of(tiny_model)


def test_neither_defects_nor_want_of_memory_stop_the_others(
    mixed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compress_blocks(*_: object) -> bytes:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(vqcodec.AudioCodec, "compress_blocks", compress_blocks)
    monkeypatch.setattr("vqcodec.media.pictures.reading._read_bytes", exhausted)
    result = run("compress", mixed, "-r", "--out-dir", tmp_path / "out")
    pictures = [f"{mixed / name}: there is not enough memory for this" for name in ("a.png", "sub/b.png")]
    sound = f"{mixed / 'sub/v.wav'}: a defect of vqcodec: ZeroDivisionError: by zero"
    assert failed_files(result, *pictures, sound) == "0 files, 1 left out, 3 failed"
    assert contents(tmp_path / "out") == {}


def exhausted(*_: object) -> None:
    raise MemoryError


WRONG = {
    "one path": (["a.png"], "it takes IN and OUT, or any number of files and --out-dir"),
    "three paths": (["a.png", "b.png", "c.vq"], "it takes IN and OUT, or any number of files and --out-dir"),
    "no path": ([], "Missing argument"),
    "recursive": (["a", "b", "-r"], "--recursive goes with --out-dir"),
    "jobs": (["a", "b", "-j", "1"], "--jobs goes with --out-dir"),
    "stream": (["a", "-", "--out-dir", "new"], "- goes with OUT, not with --out-dir"),
    "no jobs": (["a", "--out-dir", "new", "-j", "0"], "--jobs"),
    "file": (["a", "--out-dir", __file__], "is a file"),
}


@pytest.mark.parametrize("kind", WRONG)
@pytest.mark.parametrize("command", ["compress", "decompress"])
def test_wrong_usage(tmp_path: Path, command: str, kind: str) -> None:
    args, reason = WRONG[kind]
    with unchanged(tmp_path):
        result = run(command, *args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert reason in result.stderr


def test_wrong_usage_of_suffixes(tmp_path: Path) -> None:
    result = run("decompress", tmp_path, "--out-dir", tmp_path, "--suffix", ".txt")
    assert (result.exit_code, "--suffix .txt: nothing is written in that format" in result.stderr) == (2, True)
    result = run("decompress", "a", "b", "--suffix", ".png")
    assert (result.exit_code, "--suffix goes with --out-dir" in result.stderr) == (2, True)


def test_a_model_that_is_missing_is_told_once(mixed: Path, tmp_path: Path) -> None:
    for command in ("compress", "decompress"):
        result = run(command, mixed, "-r", "--out-dir", tmp_path / "out", "-m", "nonesuch")
        assert result.exit_code == 1
        assert result.stderr.startswith("vqcodec: error: no model 'nonesuch'")
        assert result.stderr.count("\n") == 1
