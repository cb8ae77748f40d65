"""The command line on many files: each becomes what it would become alone, and none stops the others."""

from __future__ import annotations

import io
import os
import threading
import time
import warnings
from pathlib import Path

import pytest
import soundfile
from PIL import Image

import vqcodec
from tests.helpers.commands import PHOTO, SIZE, VOICE, contents, failed_files, run, vq_of
from tests.helpers.pictures import same_pixels
from vqcodec.cli import many, progress
from vqcodec.cli.plan import plan
from vqcodec.cli.program import note
from vqcodec.cli.tally import Sizes, Tally
from vqcodec.codec.loading import for_pictures
from vqcodec.model.model import Model, load_model
from vqcodec.system.progress import watched

pytestmark = pytest.mark.usefixtures("bundled")


def test_pictures_and_sounds_make_the_round_trip(mixed: Path, tmp_path: Path, tiny_model: Path) -> None:
    small, back = tmp_path / "small", tmp_path / "back"
    result = run("compress", mixed, "-r", "--out-dir", small)
    assert (result.exit_code, result.stdout) == (0, "")
    files = contents(small)
    assert sorted(files) == ["a.vq", "sub/b.vq", "sub/v.vq"]
    assert files["a.vq"] == files["sub/b.vq"] == vq_of(tiny_model)
    pictures, sound = 8 * 2 * len(vq_of(tiny_model)) / (2 * SIZE[0] * SIZE[1]), 8 * len(files["sub/v.vq"]) / 1000
    before, after = (2 * len(PHOTO) + len(VOICE)) / 1000, sum(map(len, files.values()))
    rates = f"{pictures:.2f} bit per pixel, {sound:.2f} kbit/s"
    assert result.stderr == f"3 files, {before:.3g} kB to {after} bytes ({rates}), 1 left out\n"

    result = run("decompress", small, "-r", "--out-dir", back)
    assert (result.exit_code, result.stdout) == (0, "")
    assert sorted(contents(back)) == ["a.png", "sub/b.png", "sub/v.wav"]
    assert result.stderr.startswith(f"3 files, {after} bytes to ")
    assert same_pixels(Image.open(back / "a.png"), for_pictures(vqcodec.load(tiny_model)).decompress(files["a.vq"]))
    assert soundfile.info(back / "sub/v.wav").frames == 16_000


def test_processes_make_the_same_files(mixed: Path, tmp_path: Path, tiny_model: Path) -> None:
    """The model is named, as other processes have the real ones bundled."""
    (mixed / "sub/v.wav").unlink()
    (mixed / "bad.png").write_bytes(b"bad")
    Image.new("RGBA", (9, 9)).save(mixed / "odd.tga")
    runs = []
    for jobs in (1, 2):
        out, command = tmp_path / f"out{jobs}", ["compress", mixed, "-r", "-m", tiny_model, "-j", jobs, "--out-dir"]
        result = run(*command, out)
        runs.append((result.exit_code, sorted(result.stderr.splitlines()), contents(out)))
        again = run("decompress", out, "-r", "-m", tiny_model, "-j", jobs, "--out-dir", tmp_path / f"back{jobs}")
        assert (again.exit_code, again.stderr.splitlines()[-1][:8]) == (0, "3 files,")
    assert runs[0] == runs[1]
    assert runs[0][0] == 1
    assert sorted(runs[0][2]) == ["a.vq", "odd.vq", "sub/b.vq"]
    assert contents(tmp_path / "back1") == contents(tmp_path / "back2")


def test_a_model_is_for_the_files_of_its_kind(mixed: Path, tmp_path: Path, bundled: Path, tiny_model: Path) -> None:
    (bundled / "photo.safetensors").unlink()
    assert run("compress", mixed, "-r", "--out-dir", tmp_path / "out", "-m", tiny_model).exit_code == 0
    (bundled / "speech.safetensors").unlink()
    result = run("compress", mixed, "-r", "--out-dir", tmp_path / "other", "-m", tiny_model)
    summary = failed_files(
        result, f"{mixed / 'sub/v.wav'}: no model 'speech' (bundled: none), and no file of that name"
    )
    assert summary.startswith("2 files, ")


def test_every_model_is_loaded_once(mixed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []

    def counting_load_model(path: Path) -> Model:
        loaded.append(path.stem)
        return load_model(path)

    monkeypatch.setattr("vqcodec.codec.loading.load_model", counting_load_model)
    assert run("compress", mixed, "-r", "--out-dir", tmp_path / "out").exit_code == 0
    assert sorted(loaded) == ["photo", "speech"]
    loaded.clear()
    assert run("decompress", tmp_path / "out", "-r", "--out-dir", tmp_path / "back").exit_code == 0
    assert sorted(loaded) == ["photo", "speech"]


def test_notes_and_warnings_name_the_file(mixed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = vqcodec.media.pictures.reading.read_picture

    def read_and_warn(*args: object) -> object:
        warnings.warn("odd", UserWarning, stacklevel=1)
        warnings.warn("Image size (9 pixels) exceeds limit of 8 pixels", UserWarning, stacklevel=1)
        return read(*args)

    monkeypatch.setattr("vqcodec.media.pictures.reading.read_picture", read_and_warn)
    result = run("compress", mixed, "-r", "--out-dir", tmp_path / "out")
    *notes, _ = result.stderr.splitlines()
    assert notes == [f"vqcodec: note: {mixed / name}: odd" for name in ("a.png", "sub/b.png")]


@pytest.fixture
def motley(tmp_path: Path) -> Path:
    """A folder with one picture, and what else people have among their pictures."""
    folder = tmp_path / "motley"
    (folder / "sub").mkdir(parents=True)
    names = "DSC_0001.NEF", "IMG_0001.HEIC", "memo.m4a", "clip.MOV", "notes.txt", ".DS_Store"
    for name in names:
        (folder / name).write_bytes(b"anything")
    for name in ("a.png", "sub/b.png"):
        (folder / name).write_bytes(PHOTO)
    return folder


LEFT_OUT = {
    "DSC_0001.NEF": "the raw data of a camera, which darktable or RawTherapee develops",
    "IMG_0001.HEIC": "a HEIC picture, which is read once pillow-heif is installed (pip install pillow-heif)",
    "clip.MOV": "a video: ffmpeg takes the sound or pictures out of it",
    "memo.m4a": "a sound that libsndfile does not read: ffmpeg turns it into WAV or FLAC",
    "sub": "a folder, which --recursive takes",
}


@pytest.mark.parametrize("recursive", [False, True])
@pytest.mark.parametrize("verbose", [False, True])
def test_what_is_left_out_is_counted_and_named(
    motley: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recursive: bool, verbose: bool
) -> None:
    monkeypatch.setattr(
        "vqcodec.media.pictures.reading.is_picture_name", lambda name: name.endswith("png")
    )  # pillow-heif or not
    given = (["-r"] if recursive else []) + (["--verbose"] if verbose else [])
    result = run("compress", motley, "--out-dir", tmp_path / "out", *given)
    *notes, summary = result.stderr.splitlines()
    expected = {name: f", {kind}" for name, kind in LEFT_OUT.items() if not (recursive and name == "sub")}
    expected |= {"notes.txt": ""} if verbose else {}
    assert sorted(notes) == sorted(f"vqcodec: note: {motley / name}: left out{why}" for name, why in expected.items())
    assert summary.endswith(f", {5 if recursive else 6} left out")
    assert result.exit_code == 0


def test_what_is_no_vq_file_is_counted_too(motley: Path, tmp_path: Path, tiny_model: Path) -> None:
    (motley / "a.vq").write_bytes(vq_of(tiny_model))
    result = run("decompress", motley, "-r", "--out-dir", motley)  # beside itself: a.png is what a.vq becomes
    assert result.stderr.splitlines()[-1] == "0 files, 6 left out, 1 failed"
    result = run("decompress", motley, "-r", "-v", "--out-dir", tmp_path / "back")
    assert f"vqcodec: note: {motley / 'sub/b.png'}: left out\n" in result.stderr
    assert result.stderr.splitlines()[-1].endswith(", 7 left out")


@pytest.mark.parametrize(("suffix", "names"), [("jpg", ["a.jpg", "v.wav"]), (".flac", ["a.png", "v.flac"])])
def test_the_suffix_chooses_the_format_of_its_kind(mixed: Path, tmp_path: Path, suffix: str, names: list[str]) -> None:
    assert run("compress", mixed / "a.png", mixed / "sub/v.wav", "--out-dir", tmp_path / "out").exit_code == 0
    back = tmp_path / "back"
    assert run("decompress", tmp_path / "out", "--out-dir", back, "--suffix", suffix).exit_code == 0
    assert sorted(contents(back)) == names


@pytest.mark.posix
def test_a_pipe_among_the_files_is_read_once(tmp_path: Path, tiny_model: Path) -> None:
    for name, data, command, end in (
        ("pipe.png", PHOTO, "compress", "pipe.vq"),
        ("pipe.vq", vq_of(tiny_model), "decompress", "pipe.png"),
    ):
        os.mkfifo(tmp_path / name)
        writer = threading.Thread(target=(tmp_path / name).write_bytes, args=(data,), daemon=True)
        writer.start()
        assert run(command, tmp_path / name, "--out-dir", tmp_path / "out").exit_code == 0
        writer.join(timeout=10)
        assert (tmp_path / "out" / end).stat().st_size


class Terminal(io.StringIO):
    """Standard error as a terminal is."""

    def isatty(self) -> bool:
        return True


def test_one_bar_for_all_files_on_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_model: Path) -> None:
    def work(source: str, target: str) -> None:
        with progress.passes_shown("coding", 1):
            list(watched(iter([range(9)]), 9))
        note("done")
        time.sleep(0.15)  # more than a bar waits from one sight to the next
        Path(target).write_bytes(vq_of(tiny_model))

    monkeypatch.setattr("vqcodec.cli.progress.DELAY", 0)
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    sources = [tmp_path / name for name in ("a.png", "b.png")]
    for source in sources:
        source.write_bytes(PHOTO)
    tasks = plan([str(each) for each in sources], tmp_path / "out", False, lambda _: True, lambda _: ".vq")
    many.run(work, tasks, 1, "compressing", force=False)
    shown = terminal.getvalue()
    assert "compressing:   0%" in shown
    assert "compressing:  50%" in shown
    assert shown.count("note: done\n") == 2
    assert "coding" not in shown


def test_a_tally_says_what_there_is() -> None:
    tally = Tally()
    assert tally.summary(2) == "0 files, 2 failed"
    assert tally.summary(1, left_out=3) == "0 files, 3 left out, 1 failed"
    tally.add(Sizes(999, 999_499, 100))
    assert tally.summary(0) == "1 file, 999 bytes to 999 kB"
    tally.add(Sizes(18_900_000, 999_999_999, 400, pixels=16_000))
    assert tally.summary(1) == "2 files, 18.9 MB to 1 GB (0.20 bit per pixel), 1 failed"
