"""The command line on sound: what it does."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

import vqcodec
from tests.helpers.commands import PHOTO, left_out_note, program, run, succeed
from tests.helpers.sounds import saved, voices
from vqcodec import AudioCodec
from vqcodec.cli import progress
from vqcodec.media.sounds.recordings import read_recording

RATE = 44_100
STEREO = voices(2, 30_001, seed=1)
NOTE = "the model keeps nothing above 8 kHz: the sound has 44.1 kHz samples, up to 22.05 kHz are in it\n"


@pytest.fixture(scope="module")
def codec(tiny_voice: Path) -> AudioCodec:
    codec = vqcodec.load(tiny_voice)
    assert isinstance(codec, AudioCodec)
    return codec


def flac() -> bytes:
    return saved(STEREO, "FLAC", "PCM_24", RATE)


def steps(samples: NDArray[np.float32]) -> NDArray[np.int64]:
    """Samples in units of 16 bits."""
    scaled: NDArray[np.float32] = np.rint(samples * 2.0**15)
    return scaled.clip(-(2**15), 2**15 - 1).astype(np.int64)


def assert_decoded(data: bytes, codec: AudioCodec, file: bytes, tolerance: int = 1) -> None:
    """Check that a sound is what a `.vq` file decodes to, of 16 bits."""
    wanted, rate = codec.decompress(file)
    found = read_recording(data)
    assert (found.sample_rate, found.samples.shape) == (rate, wanted.shape)
    assert np.abs(steps(found.samples) - steps(wanted)).max() <= tolerance


def test_files_make_the_round_trip(tmp_path: Path, tiny_voice: Path, codec: AudioCodec) -> None:
    source, small, back = (tmp_path / name for name in ("in.flac", "small.vq", "back.wav"))
    source.write_bytes(flac())
    result = run("compress", source, small, "-m", tiny_voice)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", f"vqcodec: note: {source}: {NOTE}")
    assert small.read_bytes() == codec.compress(read_recording(flac()).samples, RATE)
    succeed("decompress", small, back, "-m", tiny_voice)
    assert_decoded(back.read_bytes(), codec, small.read_bytes())
    info = soundfile.info(back)
    assert (info.format, info.samplerate, info.channels, info.frames) == ("WAV", RATE, 2, STEREO.shape[1])


def test_standard_streams_make_the_round_trip(tiny_voice: Path, codec: AudioCodec) -> None:
    result = run("compress", "-", "-", "-m", tiny_voice, stdin=flac())
    assert (result.exit_code, result.stderr) == (0, f"vqcodec: note: -: {NOTE}")
    back = succeed("decompress", "-", "-", "-m", tiny_voice, stdin=result.stdout_bytes).stdout_bytes
    assert back.startswith(b"RIFF")
    assert_decoded(back, codec, result.stdout_bytes)


def test_the_program_makes_the_round_trip_through_pipes(tiny_voice: Path, codec: AudioCodec) -> None:
    original = saved(STEREO[:1, :9_000], rate=16_000)
    compressed = program("compress", "-", "-", "-m", tiny_voice, input=original)
    assert (compressed.returncode, compressed.stderr) == (0, b"")
    back = program("decompress", "-", "-", "-m", tiny_voice, input=compressed.stdout)
    assert (back.returncode, back.stderr) == (0, b"")
    assert_decoded(back.stdout, codec, compressed.stdout)


@pytest.mark.parametrize("suffix", [".flac", ".aiff", ".ogg"])
def test_the_suffix_chooses_the_format(tmp_path: Path, tiny_voice: Path, codec: AudioCodec, suffix: str) -> None:
    small, back = tmp_path / "small.vq", tmp_path / f"back{suffix}"
    small.write_bytes(codec.compress(STEREO, RATE))
    succeed("decompress", small, back, "-m", tiny_voice)
    assert_decoded(back.read_bytes(), codec, small.read_bytes(), tolerance=2**13 if suffix == ".ogg" else 1)
    assert soundfile.info(back).format == {".flac": "FLAC", ".aiff": "AIFF", ".ogg": "OGG"}[suffix]


def test_the_model_is_that_of_the_kind(tmp_path: Path, bundled: Path) -> None:
    for name, data in (("voice", saved(STEREO, rate=16_000)), ("photo", PHOTO)):  # without suffixes
        (tmp_path / name).write_bytes(data)
        succeed("compress", tmp_path / name, tmp_path / f"{name}.vq")
    models = [json.loads(succeed("info", tmp_path / f"{name}.vq", "--json").stdout) for name in ("voice", "photo")]
    assert [(found["model"], found["modality"]) for found in models] == [("speech", "audio"), ("photo", "image")]
    succeed("decompress", tmp_path / "voice.vq", tmp_path / "voice.wav")
    succeed("decompress", tmp_path / "photo.vq", tmp_path / "photo.png")
    rows = [line.split()[:2] for line in succeed("models").stdout.splitlines()]
    assert rows == [["NAME", "KIND"], ["photo", "image"], ["speech", "audio"]]


def test_info(tmp_path: Path, bundled: Path, codec: AudioCodec) -> None:
    data = codec.compress(STEREO, RATE)
    text = succeed("info", "-", stdin=data).stdout
    assert "audio, 0.680 s: 30001 samples at 44100 Hz in 2 channels\n" in text
    assert "model        speech\n" in text
    found = json.loads(succeed("info", "-", "--json", stdin=data).stdout)
    assert (found["planes"], found["samples"], found["channels"]) == (4, 30_001, 2)
    assert found["kbps"] == pytest.approx(8 * len(data) / 30_001 * 44.1)


def test_the_quality_is_handed_on(tiny_voice: Path, codec: AudioCodec) -> None:
    original = saved(STEREO, rate=16_000)
    for quality in (1, 33.3, 100):
        result = succeed("compress", "-", "-", "-m", tiny_voice, "-q", quality, stdin=original)
        assert result.stdout_bytes == codec.compress(read_recording(original).samples, 16_000, quality)


def test_a_rate_is_met_from_below(tiny_voice: Path, codec: AudioCodec) -> None:
    original = saved(voices(1, 320_000, seed=6), rate=16_000)
    samples = read_recording(original).samples
    sizes = [len(codec.compress(samples, 16_000, quality)) for quality in (1, 100)]
    wanted = 8 * sum(sizes) / 2 / 20_000
    data = succeed("compress", "-", "-", "-m", tiny_voice, "--kbps", wanted, stdin=original).stdout_bytes
    assert data == codec.compress(samples, 16_000, kbps=wanted)
    assert sizes[0] <= len(data) <= 20_000 * wanted / 8 < sizes[1]
    for kbps, kind, text in (
        (0.01, "error: -", "0.01 kbit/s is too little for the model"),
        (500, "note", "500 kbit/s is more than the model can use"),
    ):
        result = run("compress", "-", "-", "-m", tiny_voice, "--kbps", kbps, stdin=original)
        assert result.exit_code == (kind != "note")
        assert result.stderr.startswith(f"vqcodec: {kind}: {text}: ")
        assert result.stderr.count("\n") == 1


def test_a_number_of_bytes_is_met_from_below(tiny_voice: Path, codec: AudioCodec) -> None:
    original = saved(voices(1, 80_000, seed=5), rate=16_000)
    samples = read_recording(original).samples
    budget = len(codec.compress(samples, 16_000, 50))
    data = succeed("compress", "-", "-", "-m", tiny_voice, "--max-bytes", budget, stdin=original).stdout_bytes
    assert 0.97 * budget <= len(data) <= budget
    assert data == codec.compress(samples, 16_000, max_bytes=budget)


def test_what_is_lost_is_noted(tmp_path: Path, tiny_voice: Path) -> None:
    loud = tmp_path / "loud.wav"
    loud.write_bytes(saved(10 * STEREO, "WAV", "FLOAT", 16_000))
    result = run("compress", loud, tmp_path / "loud.vq", "-m", tiny_voice)
    assert result.exit_code == 0
    assert result.stderr.startswith(f"vqcodec: note: {loud}: its samples go up to ")


def test_tokens_are_the_indices(tmp_path: Path, tiny_voice: Path, codec: AudioCodec) -> None:
    folder, target = tmp_path / "in", tmp_path / "out.npz"
    (folder / "sub").mkdir(parents=True)
    files = {"a.flac": flac(), "sub/b.wav": saved(STEREO[:1], rate=16_000)}
    for name, data in (files | {".hidden.wav": flac(), "notes.txt": b"", "photo.png": PHOTO}).items():
        (folder / name).write_bytes(data)
    succeed("tokens", folder, target, "-q", 80, "-m", tiny_voice, said=left_out_note(folder, 2))
    with np.load(target, allow_pickle=False) as archive:
        assert sorted(archive) == ["a.flac", "meta", "sub/b.wav"]
        meta = json.loads(archive["meta"].item())
        for name, data in files.items():
            recording = read_recording(data)
            wanted = codec.read(codec.compress(recording.samples, recording.sample_rate, 80))
            assert archive[name].dtype == np.int32
            assert np.array_equal(archive[name], wanted.values)
            assert (meta["rate_point"], tuple(meta["alphabets"])) == (wanted.rate_point, wanted.sizes)
    assert (meta["quality"], meta["fingerprint"]) == (80, codec.model.fingerprint.hex())
    assert meta["sounds"] == {
        "a.flac": {"samples": 30_001, "sample_rate": RATE, "channels": 2, "silent_rows": [], "rotations": []},
        "sub/b.wav": {"samples": 30_001, "sample_rate": 16_000, "channels": 1, "silent_rows": [], "rotations": []},
    }


def test_tokens_are_of_pictures_if_there_are_any(tmp_path: Path, bundled: Path) -> None:
    folder, target = tmp_path / "in", tmp_path / "out.npz"
    folder.mkdir()
    (folder / "a.wav").write_bytes(saved(STEREO, rate=16_000))
    for names, said in ((["a.wav"], ""), (["a.png"], left_out_note(folder, 1))):
        succeed("tokens", folder, target, "--force", said=said)
        with np.load(target, allow_pickle=False) as archive:
            assert sorted(archive) == [*names, "meta"]
        (folder / "a.png").write_bytes(PHOTO)


def test_samples_follow_each_other(tmp_path: Path, tiny_voice: Path, codec: AudioCodec) -> None:
    target = tmp_path / "drawn.wav"
    succeed("sample", tiny_voice, target, "-n", 2, "--seconds", 0.7, "--seed", 5, "-q", 90, "--temperature", 0.9)
    drawn = codec.sample(2, 0.7, 5, 0.9, codec.settings(90).rate_point)
    first, second = (codec.decode(indices)[0] for indices in drawn)
    wanted = np.concatenate([first, np.zeros((1, 8_000), np.float32), second], axis=1)
    found = read_recording(target)
    assert (found.sample_rate, found.samples.shape) == (16_000, (1, 2 * 11_200 + 8_000))
    assert np.abs(steps(found.samples) - steps(wanted)).max() <= 1


def test_one_sound_is_drawn_unasked(tiny_voice: Path) -> None:
    found = read_recording(succeed("sample", tiny_voice, "-").stdout_bytes)
    assert found.samples.shape == (1, 5 * 16_000)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("kbps", [None, 3.2])  # for which settings are searched
def test_progress_is_shown_on_terminals_only(
    monkeypatch: pytest.MonkeyPatch, codec: AudioCodec, kbps: float | None
) -> None:
    monkeypatch.setattr(progress, "DELAY", 0)
    for stream in (Terminal(), io.StringIO()):
        monkeypatch.setattr(sys, "stderr", stream)
        with progress.passes_shown("coding", 0.5):
            blocks = progress.blocks_shown(iter([STEREO[:, :8_000], STEREO[:, 8_000:]]), "analysing", 30_001, 16_000)
            data = codec.compress_blocks(blocks, 16_000, kbps=kbps)
        assert data == codec.compress(STEREO, 16_000, kbps=kbps)
        codec.read(data)  # outside of the block: not shown
        text = stream.getvalue()
        if stream.isatty():
            assert "analysing:   0%|" in text
            assert "| 0 of 2 s [" in text
            assert text.count("coding:   0%|") == 1  # one bar, of however many passes
        else:
            assert text == ""
