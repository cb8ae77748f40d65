"""Bits per sample of sounds: figures that agree with hand computation, and the command."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from tests.helpers.commands import fail, left_out_note, run, succeed
from tests.helpers.sounds import saved, voices
from vqcodec import AudioCodec, load
from vqcodec.codec.loading import for_sound
from vqcodec.evaluation.bpd import find_sounds
from vqcodec.evaluation.sounds.bits_per_sample import measure_sound_bits
from vqcodec.media.sounds.recordings import Recording, read_recording
from vqcodec.media.sounds.resampling import resample
from vqcodec.model.quality import Setting


@pytest.fixture(scope="module")
def codec(tiny_voice: Path) -> AudioCodec:
    return for_sound(load(tiny_voice))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder `in` with two sounds, of other lengths, rates and channels."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.flac").write_bytes(saved(voices(1, 8_000, 1), "FLAC", rate=16_000))
    (tmp_path / "in" / "b.wav").write_bytes(saved(voices(2, 30_000, 2), rate=44_100))
    (tmp_path / "in" / "notes.md").touch()
    return tmp_path


def cells_of(table: str) -> dict[str, list[str]]:
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    return {line[0]: line[1:] for line in lines}


def bits_of(codec: AudioCodec, path: Path, setting: Setting) -> tuple[list[float], int]:
    """Samples, codes, bound and bound with a uniform prior, and how many dims there are."""
    samples, rate = (sound := read_recording(path)).samples, sound.sample_rate
    indices = codec.encode(samples, rate, setting.lambda_, setting.rate_point)
    likelihood, codes = codec.sample_bits(samples, rate, indices), codec.bits(indices).sum()
    uniform = indices.values[0].size * sum(math.log2(size) for size in indices.sizes)
    x = likelihood.sum(dtype=np.float64)
    return [x, codes, x + codes, x + uniform], likelihood.size


def measured(folder: Path, *options: object) -> str:
    """What `vqcodec eval bpd` prints of a folder with notes.md."""
    return succeed("eval", "bpd", folder, *options, said=left_out_note(folder, 1)).stdout


@pytest.mark.parametrize("nearest", [False, True])
def test_the_command_agrees_with_hand_computation(
    folder: Path, tiny_voice: Path, codec: AudioCodec, nearest: bool
) -> None:
    chosen = codec.settings(30)
    setting = replace(chosen, lambda_=0.0) if nearest else chosen
    found = {name: bits_of(codec, folder / "in" / name, setting) for name in ("a.flac", "b.wav")}
    assert [dims for _, dims in found.values()] == [8_000, 2 * math.ceil(30_000 * 160 / 441)]
    cells = cells_of(measured(folder / "in", "-q", 30, "-m", tiny_voice, *["--nearest"] * nearest))
    assert cells["file"] == ["sounds", "x given z", "z", "bound", "bound, uniform prior"]
    for name, (bits, dims) in found.items():
        assert [float(cell) for cell in cells[name]] == pytest.approx([1, *(each / dims for each in bits)], abs=6e-4)
    means = np.sum([bits for bits, _ in found.values()], axis=0) / sum(dims for _, dims in found.values())
    assert [float(cell) for cell in cells["mean over all dims"]] == pytest.approx([2, *means.tolist()], abs=6e-4)


def test_flac_is_of_what_the_model_sees(folder: Path, tiny_voice: Path) -> None:
    out = folder / "out.csv"
    cells = cells_of(measured(folder / "in", "-m", tiny_voice, "--lossless", "--csv", out))
    assert cells["file"][-1] == "FLAC"
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert [row["file"] for row in rows] == ["a.flac", "b.wav"]
    for row, channels in zip(rows, (1, 2), strict=True):
        sound = read_recording(folder / "in" / row["file"])
        seen = resample(sound.samples, sound.sample_rate, 16_000)
        file = io.BytesIO(saved(seen, "FLAC", rate=16_000))
        assert float(row["flac"]) == pytest.approx(8 * len(file.getvalue()) / seen.size)
        assert soundfile.info(file).channels == channels
        assert 0 < float(row["flac"]) < 16
        assert float(row["bound"]) == pytest.approx(float(row["samples"]) + float(row["codes"]))


def test_sounds_of_a_place(folder: Path) -> None:
    assert [path.name for path in find_sounds(folder / "in")] == ["a.flac", "b.wav"]
    assert find_sounds(folder / "in" / "b.wav") == [folder / "in" / "b.wav"]
    assert find_sounds(folder / "in" / "notes.md") == []
    np.save(folder / "in" / "pictures.npy", np.zeros((1, 4, 4, 3), np.uint8))
    assert find_sounds(folder / "in") == []


def test_one_file_in_place_of_a_folder(folder: Path, tiny_voice: Path) -> None:
    whole = cells_of(measured(folder / "in", "-m", tiny_voice))
    alone = cells_of(succeed("eval", "bpd", folder / "in" / "b.wav", "-m", tiny_voice).stdout)
    assert alone["b.wav"] == alone["mean over all dims"] == whole["b.wav"]


@pytest.mark.posix
def test_what_cannot_be_read_is_named_and_left_out(folder: Path, tiny_voice: Path) -> None:
    whole = measured(folder / "in", "-m", tiny_voice)
    (folder / "in" / "broken.wav").write_bytes(b"RIFF")
    (folder / "in" / "link.mp3").symlink_to("nothing")
    result = run("eval", "bpd", folder / "in", "-m", tiny_voice)
    assert (result.exit_code, result.stdout) == (1, whole)
    broken, link, _, last = result.stderr.splitlines()
    assert "broken.wav" in broken
    assert "link.mp3" in link
    assert "2 of 4 files" in last


def test_models_that_do_not_fit(folder: Path, tiny_model: Path, codec: AudioCodec) -> None:
    assert "the model is for pictures" in fail(folder, "eval", "bpd", folder / "in", "-m", tiny_model)
    others = {name: array for name, array in codec.model.networks.items() if not name.startswith("likelihood/")}
    replace(codec.model, networks=others).save(folder / "cut.safetensors")
    assert "likelihood" in fail(folder, "eval", "bpd", folder / "in", "-m", folder / "cut.safetensors")
    Image.new("RGB", (8, 8)).save(folder / "in" / "a.png")
    model = folder / "cut.safetensors"
    assert "the model is for sound" in fail(folder, "eval", "bpd", folder / "in", "-m", model)


def test_any_indices_give_a_bound(codec: AudioCodec) -> None:
    sound = Recording(voices(1, 4_000, 3), 16_000)
    cheap, dear = (measure_sound_bits(codec, "x", sound, Setting(1, lambda_), lossless=False) for lambda_ in (1.0, 0.0))
    assert cheap.codes < dear.codes
    assert cheap.bound == pytest.approx(cheap.samples + cheap.codes)
    assert math.isnan(cheap.flac)
