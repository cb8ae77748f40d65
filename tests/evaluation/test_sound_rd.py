"""`vqcodec eval rd` on sounds: figures that agree with files made by hand, and ends that are told."""

from __future__ import annotations

import base64
import io
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.helpers.commands import fail, left_out_note, run
from tests.helpers.picture_reports import FILES, results, rows
from tests.helpers.sound_reports import HOSTILE_SOUND, TARGETS, evaluate_sounds, needs_opus
from tests.helpers.sounds import saved, voices

pytest.importorskip("bjontegaard", reason="needs vqcodec[eval]")
pytest.importorskip("pesq", reason="needs vqcodec[eval]")
pytest.importorskip("plotly", reason="needs vqcodec[eval]")

from vqcodec.evaluation.report.gallery import exhibit_budget
from vqcodec.evaluation.report.sound_gallery import SoundChoice, choose_sounds, exhibit_sound
from vqcodec.evaluation.report.spectrogram import HEIGHT, WIDTH, levels, spectrogram_png
from vqcodec.evaluation.shared.codecs import EvaluatedCodec
from vqcodec.evaluation.sounds.codecs import SoundModelCoder
from vqcodec.evaluation.sounds.metrics import mono, score
from vqcodec.evaluation.sounds.modality import SOUNDS
from vqcodec.evaluation.sounds.opus import OPUS, Opus
from vqcodec.evaluation.sounds.rate_distortion import SoundPoint
from vqcodec.media.sounds.recordings import Recording, read_recording

pytestmark = pytest.mark.usefixtures("in_this_process")


@pytest.fixture
def copy(evaluated_sounds: Path, tmp_path: Path) -> Path:
    """The evaluated folder, to change."""
    shutil.copytree(evaluated_sounds, tmp_path / "copy")
    return tmp_path / "copy"


def point(codec: str, sound: str, quality: float, size: int, **changes: float) -> SoundPoint:
    scores = {"pesq": 2.0, "stoi": 0.9, "visqol": 3.0} | changes
    return SoundPoint(
        codec, sound, quality, size, size, size / 125, size / 125, **scores, encode_seconds=1, decode_seconds=1
    )


def evaluated(codec: str, *qualities: float) -> EvaluatedCodec[Any]:
    return EvaluatedCodec(codec, codec, codec.capitalize(), "", OPUS, "", "", qualities)


# Figures -----------------------------------------------------------------------------------------------------------


@needs_opus
def test_the_report_is_complete(evaluated_sounds: Path) -> None:
    report = evaluated_sounds / "report"
    assert sorted(path.name for path in report.iterdir()) == [*FILES, "summary.md"]
    summary = (report / "summary.md").read_text()
    assert summary == (evaluated_sounds / "stdout").read_text()
    with Image.open(report / "curves.png") as image:
        assert image.width > 2000  # three of them
    assert len((report / "report.html").read_bytes()) < 30e6
    for told in ("without the Ogg container", "a delay of up to 50 ms is undone", "frames of 60 ms below 12 kbit/s"):
        assert told in summary


@needs_opus
def test_every_row_is_what_files_made_by_hand_say(evaluated_sounds: Path, tiny_voice: Path) -> None:
    codecs: dict[str, SoundModelCoder | Opus] = {"vqcodec": SoundModelCoder(str(tiny_voice)), "opus": OPUS}
    originals = {
        path.name: read_recording(path) for path in (evaluated_sounds / "sounds").iterdir() if path.suffix != ".md"
    }
    found = rows(evaluated_sounds)
    assert len(found) == 2 * (2 + len(OPUS.qualities))
    for row in found[::3]:
        codec, original = codecs[row["codec"]], originals[row["sound"]]
        data = codec.compress(original.samples, original.sample_rate, float(row["quality"]))
        seconds = original.samples.shape[1] / original.sample_rate
        assert int(row["bytes"]) == len(data)
        assert int(row["payload_bytes"]) == codec.payload_bytes(data)
        assert float(row["kbps"]) == pytest.approx(8 * codec.payload_bytes(data) / seconds / 1000)
        assert float(row["file_kbps"]) == pytest.approx(8 * len(data) / seconds / 1000)
        scores = score(mono(original.samples, original.sample_rate), mono(*codec.decompress(data)))
        for metric in ("pesq", "stoi", "visqol"):
            assert float(row[metric]) == pytest.approx(getattr(scores, metric), rel=1e-3)
    assert {row["payload_bytes"] == row["bytes"] for row in found if row["codec"] == "vqcodec"} == {True}
    assert all(int(row["payload_bytes"]) < int(row["bytes"]) for row in found if row["codec"] == "opus")


@needs_opus
def test_the_json_agrees_with_the_csv(evaluated_sounds: Path) -> None:
    found = results(evaluated_sounds)
    assert [{key: str(value) for key, value in each.items()} for each in found["points"]] == rows(evaluated_sounds)
    for mean in found["means"]:
        own = [each for each in found["points"] if (each["codec"], each["quality"]) == (mean["codec"], mean["quality"])]
        assert mean["sounds"] == len(own) == 2
        for name in ("kbps", "file_kbps", "pesq", "stoi", "visqol"):
            assert mean[name] == pytest.approx(np.mean([each[name] for each in own]))
    assert [each["name"] for each in found["sounds"]] == [HOSTILE_SOUND, "first.flac"]
    assert found["sounds"][0].items() >= {"sample_rate": 44_100, "channels": 2}.items()
    assert found["versions"].keys() >= {"vqcodec", "pesq", "pystoi", "visqol-python"}
    compared = {(each["sound"], each["against"], each["metric"]) for each in found["bjontegaard"]}
    assert {(name, "opus", "visqol") for name in (None, "first.flac", HOSTILE_SOUND)} <= compared
    assert (None, "<b>Theirs</b> (published)", "pesq") in compared


@needs_opus
def test_targets_that_make_no_difference_are_left_out(evaluated_sounds: Path) -> None:
    assert TARGETS == (0.5, 1.0, 40.0)
    said = "vqcodec makes the same files at target 0.5 as at another target, which is kept"
    without_opus, *others = (evaluated_sounds / "stderr").read_text().splitlines(keepends=True)
    assert without_opus.startswith("vqcodec: note: Opus (LACE, NoLACE) is left out")
    assert "".join(others) == f"vqcodec: note: {said}\n{left_out_note(evaluated_sounds / 'sounds', 1)}"
    assert said in (evaluated_sounds / "report" / "summary.md").read_text()
    assert results(evaluated_sounds)["codecs"][0]["qualities"] == [1, 40]


def test_which_of_equal_targets_stands_for_the_others() -> None:
    sizes = {0.5: (125, 250), 1.0: (125, 250), 1.5: (125, 250), 2.0: (125, 260), 4.0: (500, 500), 8.0: (500, 500)}
    points = [
        point("a", name, quality, size)
        for quality, both in sizes.items()
        for name, size in zip("xy", both, strict=True)
    ]
    conclusion = SOUNDS.conclude([evaluated("a", *sizes)], points)
    assert conclusion.codecs[0].qualities == (1.5, 2.0, 4.0)  # of 1.5, 1.54 and 4 kbit/s
    assert {each.quality for each in conclusion.points} == {1.5, 2.0, 4.0}
    assert len(conclusion.notes) == 1
    assert "targets 0.5, 1, 8" in conclusion.notes[0]


def test_what_has_no_score_is_in_no_mean() -> None:
    points = [point("a", name, quality, round(100 * quality)) for name in "xyz" for quality in (1.0, 2.0)]
    points[3] = point("a", "y", 2.0, 200, visqol=math.nan)
    conclusion = SOUNDS.conclude([evaluated("a", 1.0, 2.0)], points)
    assert conclusion.unscored == {"y"}
    assert conclusion.points == tuple(points)
    assert conclusion.notes == ("y is in no mean: it cannot be scored, as it is silent or too short",)


# Ends --------------------------------------------------------------------------------------------------------------


@needs_opus
@pytest.mark.usefixtures("no_work")
def test_a_second_run_measures_nothing(copy: Path, tiny_voice: Path) -> None:
    before = {name: (copy / "report" / name).read_bytes() for name in [*FILES, "summary.md"]}
    (copy / "report" / "results.csv").unlink()
    assert evaluate_sounds(copy / "sounds", copy / "report", tiny_voice).exit_code == 0
    assert {name: (copy / "report" / name).read_bytes() for name in before} == before


@needs_opus
def test_sounds_that_cannot_be_read_or_scored(copy: Path, tiny_voice: Path) -> None:
    (copy / "sounds" / "broken.flac").write_bytes((copy / "sounds" / "first.flac").read_bytes()[:3000])
    (copy / "sounds" / "text.mp3").write_text("not a sound")
    (copy / "sounds" / "silent.wav").write_bytes(saved(np.zeros((1, 16_000)), rate=16_000))
    (copy / "sounds" / "short.wav").write_bytes(saved(voices(1, 1600, 1), rate=16_000))
    result = evaluate_sounds(copy / "sounds", copy / "report", tiny_voice)
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    assert sum("cannot be scored" in line for line in lines) == 2
    assert any("text.mp3: not a sound" in line for line in lines)
    assert lines[-1].endswith(f"2 of 6 sounds were left out; {copy / 'report'} has the others")
    found = results(copy)
    assert [each["name"] for each in found["skipped"]] == ["broken.flac", "text.mp3"]
    assert {mean["sounds"] for mean in found["means"]} == {2}
    assert {each["sound"] for each in found["points"]} == {"silent.wav", "short.wav", "first.flac", HOSTILE_SOUND}
    assert next(each for each in found["points"] if each["sound"] == "silent.wav")["pesq"] is None


@needs_opus
def test_nothing_that_can_be_scored(tmp_path: Path) -> None:
    (tmp_path / "sounds").mkdir()
    (tmp_path / "sounds" / "silent.wav").write_bytes(saved(np.zeros((1, 16_000)), rate=16_000))
    result = run("eval", "rd", tmp_path / "sounds", "--out", tmp_path / "report", "--codecs", "opus")
    assert result.exit_code == 1
    assert "none of 1 sound could be measured" in result.stderr


def test_folders_and_options_that_do_not_fit(tmp_path: Path, tiny_model: Path, tiny_voice: Path) -> None:
    sounds, out = tmp_path / "sounds", tmp_path / "report"
    sounds.mkdir()
    command = ["eval", "rd", sounds, "--out", out]
    assert "no picture in" in fail(tmp_path, *command)
    (sounds / "a.wav").write_bytes(saved(voices(1, 8000, 1)))
    assert "jpeg is not for this folder: its codecs are vqcodec, opus" in fail(tmp_path, *command, "--codecs", "jpeg")
    assert "the model is for pictures, not for sound" in fail(tmp_path, *command, "--model", tiny_model)
    (tmp_path / "theirs.json").write_text('{"name": "A", "bpp": [1, 2], "psnr": [30, 31]}')
    published = ["--model", tiny_voice, "--published", tmp_path / "theirs.json"]
    assert '"kbps" must be a list of positive numbers' in fail(tmp_path, *command, *published)
    for wrong in (["--qualities", "20"], ["--rates", "0"], ["--rates", "fast"]):
        assert run(*command, *wrong).exit_code == 2
    (sounds / "a.png").touch()
    assert run(*command, "--rates", "1").exit_code == 2


def test_a_folder_of_both_is_one_of_pictures(tmp_path: Path) -> None:
    (tmp_path / "both").mkdir()
    Image.radial_gradient("L").save(tmp_path / "both" / "a.png")
    (tmp_path / "both" / "b.wav").write_bytes(saved(voices(1, 8000, 1)))
    result = run("eval", "rd", tmp_path / "both", "--out", tmp_path / "report", "--codecs", "jpeg")
    assert result.exit_code == 0
    assert result.stderr.startswith("vqcodec: note: both also has sounds, which are left out")
    assert "also has sounds" in result.stdout
    assert {row["image"] for row in rows(tmp_path)} == {"a.png"}


@needs_opus
@pytest.mark.usefixtures("no_work")
def test_without_opus(copy: Path, tiny_voice: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (copy / "report" / "gallery.jsonl").unlink()
    monkeypatch.setattr("vqcodec.evaluation.rd._exhibits", lambda *_: ())
    monkeypatch.setattr("vqcodec.evaluation.sounds.opus.Opus.available", property(lambda _: False))
    command = ["eval", "rd", copy / "sounds", "--out", copy / "report"]
    assert "Opus is not available here: opusenc and opusdec come with" in fail(copy, *command, "--codecs", "opus")
    result = evaluate_sounds(copy / "sounds", copy / "report", tiny_voice)
    assert result.exit_code == 0
    assert result.stderr.startswith("vqcodec: note: Opus is left out")
    assert "Opus is left out" in result.stdout
    assert {row["codec"] for row in rows(copy)} == {"vqcodec"}


# What is seen and heard -------------------------------------------------------------------------------------------


def test_a_spectrogram_has_low_frequencies_at_the_bottom() -> None:
    time = np.arange(32_000) / 16_000
    seen = levels((0.5 * np.sin(2 * np.pi * 2_000 * time) * (time < 1)).astype(np.float32))
    picture = Image.open(io.BytesIO(spectrogram_png(seen, float(seen.max()))))
    assert picture.size == (WIDTH, HEIGHT)
    light = np.asarray(picture.convert("L")).astype(int)
    assert abs(light.sum(1).argmax() - 0.75 * HEIGHT) <= 1
    assert light[:, : WIDTH // 2 - 20].max() > 200
    assert light[:, WIDTH // 2 + 20 :].max() == 0


def test_settings_to_listen_to() -> None:
    chosen = choose_sounds([evaluated("vqcodec", 0.6, 1.5, 2.0, 2.8, 4.0), evaluated("opus", 6, 8)])
    assert [(each.codec.name, each.quality) for each in chosen] == [("vqcodec", 1.5), ("vqcodec", 2.8), ("opus", 6)]
    assert [each.quality for each in choose_sounds([evaluated("vqcodec", 1.7)])] == [1.7]


@needs_opus
@pytest.mark.parametrize(("channels", "rate", "played"), [(2, 96_000, 48_000), (3, 16_000, 16_000), (1, 4_000, 8_000)])
def test_what_is_heard_can_be_played_and_fits(channels: int, rate: int, played: int) -> None:
    original = Recording(voices(channels, 3 * rate, 1), rate)
    choices = [SoundChoice(evaluated("opus", 6), 6)]
    whole = exhibit_sound("a", original, choices, exhibit_budget(6))
    assert (whole.seconds, [clip.codec for clip in whole.clips]) == (3, ["", "opus"])
    half = exhibit_sound("a", original, choices, whole.bytes - 1)
    assert half.seconds == 1.5
    assert half.bytes < whole.bytes
    heard = [read_recording(base64.b64decode(clip.sound)) for clip in half.clips]
    assert {(each.sample_rate, each.samples.shape[1]) for each in heard} == {(played, 1.5 * played)}
    assert len(heard[0].samples) == (channels if channels <= 2 else 1)
    assert len(heard[1].samples) <= 2  # opusenc mixes channels for which the rate is too low
    assert exhibit_sound("a", original, choices, 0).seconds < 0.5
