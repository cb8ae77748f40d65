"""`vqcodec eval rd`: figures that agree with files made by hand, and ends that are told."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bitstream.errors import VqcodecError
from tests.helpers.commands import error_of, fail, program, run
from tests.helpers.picture_reports import FILES, HOSTILE, QUALITIES, anchors, compared, evaluate, results, rows
from vqcodec import ImageCodec

pytest.importorskip("bjontegaard", reason="needs vqcodec[eval]")
pytest.importorskip("plotly", reason="needs vqcodec[eval]")

from vqcodec.evaluation.pictures import metrics
from vqcodec.evaluation.shared.jobs import results_of
from vqcodec.system.processes import Processes

pytestmark = pytest.mark.usefixtures("in_this_process")


@pytest.fixture
def copy(evaluated: Path, tmp_path: Path) -> Path:
    """The evaluated folder, to change."""
    shutil.copytree(evaluated, tmp_path / "copy")
    return tmp_path / "copy"


def test_the_report_is_complete(evaluated: Path) -> None:
    assert sorted(path.name for path in (evaluated / "report").iterdir()) == [*FILES, "summary.md"]
    assert (evaluated / "report" / "summary.md").read_text() == (evaluated / "stdout").read_text()
    with Image.open(evaluated / "report" / "curves.png") as image:
        assert image.width > 1000
    assert len((evaluated / "report" / "report.html").read_bytes()) < 30e6


def test_every_row_is_what_files_made_by_hand_say(evaluated: Path, tiny_codec: ImageCodec) -> None:
    theirs = {
        f"{each.family} {each.variant}".strip(): each for each in anchors() if each.family in compared().split(",")
    }
    codecs = {"vqcodec": tiny_codec} | theirs
    originals = {name: Image.open(evaluated / "pictures" / name) for name in ("first.png", HOSTILE)}
    found = rows(evaluated)
    assert len(found) == len(originals) * (len(QUALITIES) + sum(len(each.qualities) for each in theirs.values()))
    for row in found[:: len(found) // 12]:
        codec, original = codecs[row["codec"]], originals[row["image"]]
        data = codec.compress(original, float(row["quality"]))
        decoded = codec.decompress(data)
        assert int(row["bytes"]) == len(data)
        assert float(row["bits_per_pixel"]) == 8 * len(data) / (176 * 176)
        for metric in ("psnr", "ms_ssim", "ssimulacra2"):
            assert float(row[metric]) == pytest.approx(getattr(metrics, metric)(original, decoded), rel=1e-4)
        assert float(row["encode_seconds"]) > 0


def test_the_json_agrees_with_the_csv(evaluated: Path) -> None:
    found = results(evaluated)
    assert [{key: str(value) for key, value in point.items()} for point in found["points"]] == rows(evaluated)
    for mean in found["means"]:
        own = [each for each in found["points"] if (each["codec"], each["quality"]) == (mean["codec"], mean["quality"])]
        assert mean["images"] == len(own) == 2
        assert mean["psnr"] == pytest.approx(np.mean([each["psnr"] for each in own]))
    codecs = {each["name"]: each for each in found["codecs"]}
    assert codecs["vqcodec"]["qualities"] == list(QUALITIES)
    assert "method 6" in codecs["webp plain YUV"]["description"]
    assert found["versions"].keys() >= {"vqcodec", "torch", "pillow"}


def test_every_codec_is_compared_on_the_means_and_on_every_picture(evaluated: Path) -> None:
    found = results(evaluated)
    asked = {(each["image"], each["against"], each["metric"]) for each in found["bjontegaard"]}
    for name in (None, "first.png", HOSTILE):
        assert {(name, codec, "psnr") for codec in compared().split(",")[1:]} <= asked
    assert (None, "<b>Theirs</b> (published)", "ms_ssim") in asked
    assert ("first.png", "<b>Theirs</b> (published)", "psnr") not in asked


def test_a_codec_is_compared_by_the_best_of_its_variants(evaluated: Path) -> None:
    found = results(evaluated)
    for metric in ("psnr", "ms_ssim", "ssimulacra2"):
        best = found["curves"][metric]["avif6"]
        assert set(best["codecs"]) <= {each["name"] for each in found["codecs"] if each["family"] == "avif6"}
        own = [each for each in found["means"] if each["codec"] in best["codecs"]]
        for rate, value in zip(best["rates"], best["values"], strict=True):
            assert value >= max(each[metric] for each in own if each["bits_per_pixel"] <= rate)
    (row,) = [line for line in (evaluated / "stdout").read_text().splitlines() if line.startswith("| AVIF, speed 6 |")][
        -1:
    ]
    assert "tune=" in row


def test_nothing_of_a_name_is_markup(evaluated: Path) -> None:
    page = (evaluated / "report" / "report.html").read_text()
    assert "onerror" in page
    for part in ("<img src=x", "<script>document", "<!--", "<b>Theirs"):
        assert part not in page
    assert "\\<b\\>Theirs" in (evaluated / "report" / "summary.md").read_text()


@pytest.mark.usefixtures("no_work")
def test_a_second_run_measures_nothing(copy: Path, tiny_model: Path) -> None:
    before = {name: (copy / "report" / name).read_bytes() for name in [*FILES, "summary.md"]}
    (copy / "report" / "results.csv").unlink()
    assert evaluate(copy / "pictures", copy / "report", tiny_model, "--codecs", compared()).exit_code == 0
    assert {name: (copy / "report" / name).read_bytes() for name in before} == before


@pytest.mark.usefixtures("no_work")
def test_a_picture_that_cannot_be_read_is_named_and_counted(copy: Path, tiny_model: Path) -> None:
    (copy / "pictures" / "broken.png").write_bytes((copy / "pictures" / "first.png").read_bytes()[:500])
    (copy / "pictures" / "text.jpg").write_text("not a picture")
    result = evaluate(copy / "pictures", copy / "report", tiny_model, "--codecs", compared())
    first, second, _, last = result.stderr.splitlines()
    assert result.exit_code == 1
    assert "broken.png: the picture is damaged" in first
    assert "text.jpg: not a picture" in second
    assert "2 of 4 pictures were left out" in last
    assert [each["name"] for each in results(copy)["skipped"]] == ["broken.png", "text.jpg"]
    assert "broken.png" in result.stdout
    assert len(rows(copy)) == len(results(copy)["points"])


def test_a_picture_that_a_codec_refuses_is_left_out(tmp_path: Path, tiny_model: Path) -> None:
    (tmp_path / "pictures").mkdir()
    Image.new("RGB", (16400, 8), "red").save(tmp_path / "pictures" / "long.png")  # WebP ends at 16383
    Image.radial_gradient("L").resize((176, 176)).save(tmp_path / "pictures" / "small.png")
    result = evaluate(tmp_path / "pictures", tmp_path / "report", tiny_model, "--codecs", "jpeg,webp")
    assert result.exit_code == 1
    assert "long.png: WebP (plain YUV) at quality" in result.stderr
    assert "1 of 2 pictures were left out" in result.stderr
    assert {row["image"] for row in rows(tmp_path)} == {"small.png"}


def test_pictures_with_nothing_to_compare_are_dashes(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    Image.new("RGB", (5, 5), "white").save(tmp_path / "pictures" / "flat.png")  # all codecs keep it as it is
    result = run("eval", "rd", tmp_path / "pictures", "--out", tmp_path / "report", "--codecs", "jpeg,webp")
    assert (result.exit_code, result.stderr) == (0, "")
    assert [each["rate"] for each in results(tmp_path)["bjontegaard"]] == [None] * 6
    assert results(tmp_path)["points"][0]["psnr"] is None


@pytest.mark.posix
@pytest.mark.usefixtures("usual_signals")
def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path) -> None:
    folder, report = tmp_path / "pictures", tmp_path / "report"
    folder.mkdir()
    for number in range(2):
        Image.effect_noise((176, 176), 10 + number).save(folder / f"{number}.png")
    command = ["eval", "rd", folder, "--out", report, "--codecs", "webp"]
    process = subprocess.Popen([sys.executable, "-m", "vqcodec", *map(str, command)], stderr=subprocess.PIPE)
    deadline, cache = time.monotonic() + 120, report / "cache.jsonl"
    while not (cache.exists() and cache.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert (process.returncode, error_of(stderr.decode().lstrip())) == (130, "interrupted")
    kept = cache.read_text()
    assert run(*command).exit_code == 0
    everything = cache.read_text()
    assert everything.startswith(kept)
    assert 0 < len(kept.split("\n")) - 1 < len(everything.split("\n")) - 1 == len(rows(tmp_path)) == 32


def test_processes_that_are_ended_from_outside() -> None:
    measure: Callable[[int], int] = abs
    with Processes(measure, 2) as processes:
        assert sorted(results_of(processes, [-1, -2], "")) == [(-2, 2), (-1, 1)]
    leave: Callable[[int], int] = os._exit
    ended = pytest.raises(VqcodecError, match="ended from outside")
    with Processes(leave, 1) as processes, ended:
        list(results_of(processes, [1], ""))


def test_folders_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    command = ["eval", "rd", tmp_path / "empty", "--out", tmp_path / "report"]
    assert "no picture in" in fail(tmp_path, *command)
    assert "o such file" in fail(tmp_path, "eval", "rd", tmp_path / "none", "--out", tmp_path / "report")
    Image.new("RGB", (8, 8)).save(tmp_path / "empty" / "a.png")
    assert "not a directory" in fail(tmp_path, *command[:-1], tmp_path / "file")
    assert "a folder of its own" in fail(tmp_path, *command[:-1], tmp_path / "empty")
    assert "nonesuch" in fail(tmp_path, *command, "--model", "nonesuch")
    assert "none.json: no such file" in fail(tmp_path, *command, "--published", tmp_path / "none.json")


@pytest.mark.parametrize("wrong", [["--codecs", "jpeg,gif"], ["--qualities", "0,50"], ["--qualities", "high"]])
def test_wrong_usage(tmp_path: Path, wrong: list[str]) -> None:
    assert run("eval", "rd", tmp_path, "--out", tmp_path / "report", *wrong).exit_code == 2


def test_a_codec_that_is_not_there(copy: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    available = property(lambda anchor: anchor.family not in ("jxl", "avif"))  # AVIF takes long
    monkeypatch.setattr("vqcodec.evaluation.pictures.anchors.PictureAnchor.available", available)
    command = ["eval", "rd", copy / "pictures", "--out", copy / "report"]
    assert "JPEG XL is not available" in fail(copy, *command, "--codecs", "jpeg,jxl")
    result = evaluate(copy / "pictures", copy / "report", tiny_model)
    assert result.exit_code == 0
    assert "vqcodec: note: JPEG XL is left out" in result.stderr
    assert "JPEG XL is left out" in result.stdout
    assert results(copy)["bjontegaard"][0]["codec"] == "vqcodec"
    assert "jxl" not in {row["codec"] for row in rows(copy)}


def test_without_the_extra(tmp_path: Path) -> None:
    code = "import sys; sys.modules['plotly'] = None; from vqcodec.cli import main; main()"
    command = [sys.executable, "-c", code, "eval", "rd", str(tmp_path), "--out", str(tmp_path / "report")]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 1
    assert "pip install 'vqcodec[eval]'" in error_of(result.stderr)


def test_help_needs_no_extra() -> None:
    assert program("eval", "rd", "--help").returncode == 0
