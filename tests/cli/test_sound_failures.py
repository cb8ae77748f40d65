"""The command line on sound: every failure is one line on standard error, and no file is left or changed."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest

import vqcodec
from bitstream import AudioSource, Container, ImageSource, Stream, pack
from tests.helpers.commands import PHOTO, error_of, fail, run, succeed, unchanged, vq_of
from tests.helpers.processes import python
from tests.helpers.sounds import saved, voices
from vqcodec import AudioCodec
from vqcodec.media.sounds.recordings import read_recording

MONO = voices(1, 20_000, seed=1)


@pytest.fixture(scope="module")
def compressed(tiny_voice: Path) -> bytes:
    codec = vqcodec.load(tiny_voice)
    assert isinstance(codec, AudioCodec)
    return codec.compress(read_recording(saved(MONO, rate=16_000)).samples, 16_000)


@pytest.fixture
def folder(tmp_path: Path, tiny_model: Path, compressed: bytes) -> Path:
    """A folder with a picture and a sound, as they are and compressed, and `old`, which is not to be changed."""
    files = {"photo.png": PHOTO, "photo.vq": vq_of(tiny_model), "voice.vq": compressed, "old": b"old"}
    for name, data in (files | {"voice.wav": saved(MONO, rate=16_000)}).items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def misuse(folder: Path, *args: object) -> str:
    """Run a command in a way that it is not meant for; what it says."""
    with unchanged(folder):
        result = run(*args)
    assert (result.exit_code, result.stdout) == (2, "")
    *usage, error = result.stderr.splitlines()
    assert usage[0].startswith("Usage: vqcodec ")
    return error.removeprefix("Error: ")


def test_options_of_the_other_kind(folder: Path, tiny_voice: Path, tiny_model: Path) -> None:
    new = folder / "new"
    picture, sound = folder / "photo.png", folder / "voice.wav"
    assert misuse(folder, "compress", picture, new, "--kbps", 3) == "--kbps is for sound"
    assert misuse(folder, "compress", sound, new, "--bpp", 3) == "--bpp is for pictures"
    rates = {"--quality": 60, "--max-bytes": 999, "--bpp": 0.2, "--kbps": 3}
    for one, other in itertools.combinations(rates, 2):
        both = misuse(folder, "compress", sound, new, other, rates[other], one, rates[one])
        assert both == f"{one} and {other} exclude each other"
    assert misuse(folder, "sample", tiny_voice, new, "--size", "9x9") == "--size is for pictures"
    assert misuse(folder, "sample", tiny_model, new, "--seconds", 5) == "--seconds is for sounds"
    for kbps in ("0", "-1", "loud"):
        assert "--kbps" in misuse(folder, "compress", sound, new, "--kbps", kbps)
    assert "--seconds" in misuse(folder, "sample", tiny_voice, new, "--seconds", 0)


@pytest.mark.parametrize("number", ["nan", "inf"])
def test_numbers_that_are_none(folder: Path, tiny_voice: Path, number: str) -> None:
    rate = fail(folder, "compress", folder / "voice.wav", folder / "new.vq", "--kbps", number, "-m", tiny_voice)
    assert rate == f"kbps must be above 0, not {number}"
    length = fail(folder, "sample", tiny_voice, folder / "new.wav", "--seconds", number)
    assert length == f"the length in seconds must be above 0, not {number}"


def test_a_model_of_the_other_kind(folder: Path, tiny_voice: Path, tiny_model: Path) -> None:
    picture, sound, new = folder / "photo.png", folder / "voice.wav", folder / "new.vq"
    assert fail(folder, "compress", picture, new, "-m", tiny_voice) == "the model is for sound, not for pictures"
    assert fail(folder, "compress", sound, new, "-m", tiny_model) == "the model is for pictures, not for sound"
    for name, model in (("photo.vq", tiny_voice), ("voice.vq", tiny_model)):
        text = fail(folder, "decompress", folder / name, "-", "-m", model)
        assert text.startswith(f"{folder / name}: the file was written with model")


def test_a_file_that_lies_about_its_kind(folder: Path, tiny_voice: Path, tiny_model: Path) -> None:
    """Its header has the fingerprint of a model of the other kind."""
    for model, source, name in ((tiny_voice, ImageSource(9, 9), "new.png"), (tiny_model, AudioSource(9, 8000, 1), "-")):
        fingerprint = vqcodec.load(model).model.fingerprint
        (folder / "lie.vq").write_bytes(pack(Container(fingerprint, 1, source, 0, (Stream(b"", 0),))))
        target = "-" if name == "-" else folder / name
        assert ": the model is for " in fail(folder, "decompress", folder / "lie.vq", target, "-m", model)


def test_a_sound_beyond_the_limit(folder: Path, tiny_voice: Path) -> None:
    args = ["decompress", folder / "voice.vq", folder / "new.wav", "-m", tiny_voice, "--max-samples"]
    assert "20000 samples in 1 channels" in fail(folder, *args, 19_999)
    succeed(*args, 20_000)


HOSTILE = [
    (AudioSource(2**40, 16_000, 1), ".wav", "claims too much"),
    (AudioSource(2**27, 1_100, 2), ".wav", "too long"),
    (AudioSource(9, 10**9, 1), ".wav", "1000000000 Hz, is out of range"),
    (AudioSource(9, 16_000, 2**20), ".wav", "of 1048576 channels cannot be written as .wav"),
    (AudioSource(9, 16_000, 9), ".flac", "of 9 channels cannot be written as .flac"),
    (AudioSource(9, 16_000, 1), ".wav", "do not match"),
]


@pytest.mark.parametrize(("source", "suffix", "reason"), HOSTILE)
def test_hostile_headers(folder: Path, tiny_voice: Path, source: AudioSource, suffix: str, reason: str) -> None:
    fingerprint = vqcodec.load(tiny_voice).model.fingerprint
    streams = tuple(Stream(b"", 1) for _ in range(2))
    (folder / "bad.vq").write_bytes(pack(Container(fingerprint, 1, source, 0, streams)))
    assert reason in fail(folder, "decompress", folder / "bad.vq", folder / f"new{suffix}", "-m", tiny_voice)


def test_a_missing_model(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vqcodec.model.bundled.WEIGHTS", folder)
    assert "no model 'speech'" in fail(folder, "compress", folder / "voice.wav", folder / "new.vq")
    assert "--model" in fail(folder, "decompress", folder / "voice.vq", folder / "new.wav")
    (folder / "photo.png").unlink()
    assert "no model 'speech'" in fail(folder, "tokens", folder, folder / "new.npz")


@pytest.mark.parametrize(
    ("name", "target", "reason"),
    [
        ("voice.vq", "new.png", r"sounds are written as .wav, .flac, .*, not as '.png'"),
        ("voice.vq", "new", r"sounds are written as .wav, .flac, .*, and .*new' has no suffix"),
        ("photo.vq", "new.wav", r"pictures are written as .png, .jpg, .*, not as '.wav'"),
    ],
)
def test_an_output_format_of_the_other_kind(folder: Path, name: str, target: str, reason: str) -> None:
    """No model is named: it is told before one is looked for."""
    assert re.fullmatch(f"{folder / name}: {reason}", fail(folder, "decompress", folder / name, folder / target))


def test_what_a_model_draws_has_the_format_of_its_kind(folder: Path, tiny_voice: Path, tiny_model: Path) -> None:
    assert "not as '.png'" in fail(folder, "sample", tiny_voice, folder / "new.png")
    assert "not as '.wav'" in fail(folder, "sample", tiny_model, folder / "new.wav")
    assert "not a model file" in fail(folder, "sample", folder / "voice.wav", folder / "new.wav")


BAD_SOUNDS = {
    "no sound at all": (b"RIFF\x10\0\0\0WAVE" + bytes(30), "not a sound that libsndfile reads"),
    "AAC": (b"\xff\xf1\x50\x80" + bytes(99), "it is AAC, which libsndfile does not read: make a WAV file of it first"),
    "without samples": (saved(np.zeros((1, 0)), rate=16_000), "the sound has no samples"),
    "not a number": (saved(np.full((1, 50_000), np.nan), "WAV", "FLOAT", 16_000), "not numbers"),
    "too slow": (saved(MONO, rate=7), "sample rate"),
    "empty": (b"", "empty"),
}


@pytest.mark.parametrize("kind", BAD_SOUNDS)
def test_an_unreadable_sound(folder: Path, tiny_voice: Path, kind: str) -> None:
    data, reason = BAD_SOUNDS[kind]
    bad = folder / "bad"
    bad.write_bytes(data)
    text = fail(folder, "compress", bad, folder / "old", "--force", *([] if kind == "empty" else ["-m", tiny_voice]))
    assert text.startswith(f"{bad}: ")
    assert text.count(str(bad)) == 1
    assert reason in text
    result = run("compress", "-", "-", "-m", tiny_voice, stdin=data)
    assert (result.exit_code, result.stdout_bytes) == (1, b"")
    assert error_of(result.stderr).startswith("-: ")


def test_a_sound_that_goes_bad(folder: Path, tiny_voice: Path) -> None:
    """It is found out in the midst of the work."""
    samples = np.concatenate([np.zeros((1, 100_000)), np.full((1, 1), np.nan)], axis=1)
    (folder / "bad.wav").write_bytes(saved(samples, "WAV", "DOUBLE", 16_000))
    text = fail(folder, "compress", folder / "bad.wav", folder / "new.vq", "-m", tiny_voice)
    assert text == f"{folder / 'bad.wav'}: the sound has samples that are not numbers"


def test_an_existing_target(folder: Path, tiny_voice: Path, compressed: bytes) -> None:
    sound, old, back = folder / "voice.wav", folder / "old", folder / "back.wav"
    assert fail(folder, "compress", sound, old) == f"{old}: exists already (--force replaces it)"
    assert fail(folder, "decompress", folder / "voice.vq", sound) == f"{sound}: exists already (--force replaces it)"
    assert fail(folder, "sample", tiny_voice, sound) == f"{sound}: exists already (--force replaces it)"
    succeed("compress", sound, old, "--force", "-m", tiny_voice)
    assert old.read_bytes() == compressed
    back.write_bytes(b"old")
    succeed("decompress", old, back, "--force", "-m", tiny_voice)
    assert back.read_bytes().startswith(b"RIFF")


@pytest.mark.parametrize("sounds", [[], ["bad.wav"]])
def test_tokens_of_nothing(tmp_path: Path, tiny_voice: Path, sounds: list[str]) -> None:
    for name in (*sounds, "photo.png"):
        (tmp_path / name).write_bytes(b"nonsense")
    with unchanged(tmp_path):
        result = run("tokens", tmp_path, tmp_path / "out.npz", "-m", tiny_voice)
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"none of {len(sounds)} sounds could be read" in result.stderr.splitlines()[-1]


def test_tokens_name_unreadable_sounds_and_write_the_rest(folder: Path, tiny_voice: Path) -> None:
    (folder / "bad.wav").write_bytes(b"nonsense")
    (folder / "loud.wav").write_bytes(saved(20 * MONO, "WAV", "FLOAT", 16_000))
    result = run("tokens", folder, folder / "out.npz", "-m", tiny_voice)
    assert (result.exit_code, result.stdout) == (1, "")
    bad, loud, _, last = result.stderr.splitlines()
    assert error_of(bad + "\n").startswith(f"{folder / 'bad.wav'}: not a sound")
    assert loud.startswith(f"vqcodec: note: {folder / 'loud.wav'}: its samples go up to")
    assert error_of(last + "\n").startswith("1 of 3 sounds could not be read")
    with np.load(folder / "out.npz", allow_pickle=False) as archive:
        assert sorted(archive) == ["loud.wav", "meta", "voice.wav"]


def test_an_interruption(folder: Path, tiny_voice: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(AudioCodec, "decode_blocks", interrupted)
    with unchanged(folder):
        result = run("decompress", folder / "voice.vq", folder / "new.wav", "-m", tiny_voice)
    assert (result.exit_code, result.stderr.strip()) == (130, "vqcodec: error: interrupted")


FULL_DISK = """
import resource, sys
from vqcodec.cli import main

resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
main(sys.argv[1:])
"""


@pytest.mark.posix
def test_a_full_disk(folder: Path, tiny_voice: Path) -> None:
    with unchanged(folder):
        done = python(FULL_DISK, "decompress", folder / "voice.vq", folder / "new.wav", "-m", tiny_voice)
    assert (done.returncode, error_of(done.stderr)) == (1, f"{folder / 'new.wav'}: file too large")
