"""The command line: what it does."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import vqcodec
from bitstream import AudioSource, Container, Stream, pack, unpack
from tests.helpers.commands import PHOTO, SIZE, contents, error_of, left_out_note, program, run, succeed, vq_of
from tests.helpers.pictures import same_pixels
from vqcodec.codec.loading import for_pictures
from vqcodec.training.engine.hardware import Hardware


@pytest.fixture
def bundled(monkeypatch: pytest.MonkeyPatch, tiny_model: Path) -> str:
    """Let the tiny model be the one bundled model; its name."""
    monkeypatch.setattr("vqcodec.model.bundled.WEIGHTS", tiny_model.parent)
    return tiny_model.stem


def test_files_make_the_round_trip(folder: Path, tiny_model: Path) -> None:
    succeed("compress", folder / "photo.png", folder / "new.vq", "--model", tiny_model)
    assert (folder / "new.vq").read_bytes() == vq_of(tiny_model)
    succeed("decompress", folder / "new.vq", folder / "new.png", "--model", tiny_model)
    wanted = for_pictures(vqcodec.load(tiny_model)).decompress(vq_of(tiny_model))
    assert wanted.size == SIZE
    assert same_pixels(Image.open(folder / "new.png"), wanted)


def test_standard_streams_make_the_round_trip(tiny_model: Path) -> None:
    compressed = succeed("compress", "-", "-", "-m", tiny_model, stdin=PHOTO).stdout_bytes
    assert compressed == vq_of(tiny_model)
    picture = Image.open(io.BytesIO(succeed("decompress", "-", "-", "-m", tiny_model, stdin=compressed).stdout_bytes))
    assert (picture.format, picture.size) == ("PNG", SIZE)


def test_the_program_makes_the_round_trip_through_pipes(tiny_model: Path) -> None:
    compressed = program("compress", "-", "-", "-m", tiny_model, input=PHOTO)
    assert (compressed.returncode, compressed.stderr, compressed.stdout) == (0, b"", vq_of(tiny_model))
    picture = program("decompress", "-", "-", "-m", tiny_model, input=compressed.stdout)
    assert (picture.returncode, picture.stderr) == (0, b"")
    assert Image.open(io.BytesIO(picture.stdout)).size == SIZE


def test_a_bundled_model_is_found_by_the_file(folder: Path, bundled: str) -> None:
    succeed("compress", folder / "photo.png", folder / "new.vq", "--model", bundled)
    succeed("decompress", folder / "new.vq", folder / "new.jpg")
    assert Image.open(folder / "new.jpg").format == "JPEG"


def test_the_quality_is_handed_on(tiny_model: Path) -> None:
    image = Image.open(io.BytesIO(PHOTO))
    for quality in (1, 33.3, 100):
        result = succeed("compress", "-", "-", "-m", tiny_model, "-q", quality, stdin=PHOTO)
        assert result.stdout_bytes == for_pictures(vqcodec.load(tiny_model)).compress(image, quality)


def test_the_budget_is_handed_on(tiny_model: Path) -> None:
    image = Image.open(io.BytesIO(PHOTO))
    with pytest.warns(UserWarning, match="the file has"):
        wanted = for_pictures(vqcodec.load(tiny_model)).compress(image, max_bytes=250)
    for option, value in (("--max-bytes", 250), ("--bpp", 250.9 * 8 / (SIZE[0] * SIZE[1]))):
        result = run("compress", "-", "-", "-m", tiny_model, option, value, stdin=PHOTO)
        assert (result.exit_code, result.stdout_bytes) == (0, wanted)
        assert result.stderr.startswith("vqcodec: note: 250 bytes is more than the model can use")
    result = run("compress", "-", "-", "-m", tiny_model, "--max-bytes", 9, stdin=PHOTO)
    assert (result.exit_code, result.stdout_bytes) == (1, b"")
    assert error_of(result.stderr).startswith("9 bytes is too little for the model")
    small = run("compress", "-", "-", "-m", tiny_model, "--max-bytes", 60, stdin=PHOTO).stdout_bytes
    assert ", coded at " in succeed("info", "-", stdin=small).stdout


def test_info(folder: Path, tiny_model: Path) -> None:
    data = vq_of(tiny_model)
    text = succeed("info", folder / "photo.vq").stdout
    assert "60 x 40 pixels" in text
    assert f"{len(data)} bytes" in text
    found = json.loads(succeed("info", "-", "--json", stdin=data).stdout)
    assert (found["width"], found["height"], found["total_bytes"]) == (*SIZE, len(data))
    assert (found["model"], found["planes"]) == (None, None)
    assert found["bits_per_pixel"] == pytest.approx(8 * len(data) / (SIZE[0] * SIZE[1]))
    assert sum(found["streams"]) < len(data)
    assert found["prefixes"] == list(unpack(data).stream_ends)
    common = {"modality", "model", "fingerprint", "planes", "rate_point", "streams", "prefixes", "total_bytes"}
    sizes = {"width", "height", "coded_width", "coded_height", "bits_per_pixel"}
    assert found.keys() == common | sizes | {"colour", "alpha_bytes", "metadata_bytes", "overlay_bytes"}
    assert (found["coded_width"], found["coded_height"]) == SIZE
    assert (found["colour"], found["alpha_bytes"], found["metadata_bytes"]) == ("rgb", 0, 0)


def test_info_of_sound() -> None:
    source = AudioSource(samples=24_000, sample_rate=16_000, channels=1)
    data = pack(Container(bytes(8), 1, source, 0, (Stream(bytes(100), 0),)))
    text = succeed("info", "-", stdin=data).stdout
    assert "audio, 1.500 s: 24000 samples at 16000 Hz in 1 channel\n" in text
    assert f"{8 * len(data) / 1500:.3f} kbit/s" in text
    found = json.loads(succeed("info", "-", "--json", stdin=data).stdout)
    common = {"modality", "model", "fingerprint", "planes", "rate_point", "streams", "prefixes", "total_bytes"}
    assert found.keys() == common | {"samples", "sample_rate", "channels", "seconds", "kbps"}
    assert (found["modality"], found["seconds"], found["kbps"]) == ("audio", 1.5, 8 * len(data) / 1500)


def test_info_with_the_model_at_hand(folder: Path, bundled: str, tiny_model: Path) -> None:
    found = json.loads(succeed("info", folder / "photo.vq", "--json").stdout)
    assert (found["model"], found["planes"]) == (bundled, len(vqcodec.load(tiny_model).codebooks(0)))
    assert bundled in succeed("info", folder / "photo.vq").stdout


def test_models(bundled: str, tiny_model: Path) -> None:
    (found,) = json.loads(succeed("models", "--json").stdout)
    assert (found["name"], found["bytes"]) == (bundled, tiny_model.stat().st_size)
    head, row = succeed("models").stdout.splitlines()
    assert head.split()[:2] == ["NAME", "KIND"]
    assert row.split()[:2] == [bundled, "image"]


def test_models_without_any(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("vqcodec.model.bundled.WEIGHTS", tmp_path)
    assert succeed("models").stdout.split()[0] == "NAME"
    assert json.loads(succeed("models", "--json").stdout) == []


def test_tokens_are_the_indices(tmp_path: Path, tiny_model: Path) -> None:
    names = ["a.png", "sub/b.png"]
    (tmp_path / "in/sub").mkdir(parents=True)
    for name in (*names, ".hidden.png", "sub/notes.txt"):
        (tmp_path / "in" / name).write_bytes(PHOTO)
    said = left_out_note(tmp_path / "in", 1)
    succeed("tokens", tmp_path / "in", tmp_path / "out.npz", "-q", 80, "-m", tiny_model, said=said)

    codec = for_pictures(vqcodec.load(tiny_model))
    wanted = codec.read(codec.compress(Image.open(io.BytesIO(PHOTO)), 80))
    with np.load(tmp_path / "out.npz", allow_pickle=False) as archive:
        assert sorted(archive) == ["a.png", "meta", "sub/b.png"]
        for name in names:
            assert archive[name].dtype == np.int32
            assert np.array_equal(archive[name], wanted.values)
        meta = json.loads(archive["meta"].item())
    assert (meta["quality"], meta["rate_point"]) == (80, wanted.rate_point)
    assert tuple(meta["alphabets"]) == wanted.sizes
    assert meta["fingerprint"] == codec.model.fingerprint.hex()
    assert meta["pictures"] == {name: {"width": SIZE[0], "height": SIZE[1]} for name in names}


@pytest.mark.posix
def test_tokens_name_unreadable_pictures_and_write_the_rest(folder: Path, tiny_model: Path) -> None:
    (folder / "bad.png").write_bytes(b"nonsense")
    (folder / "gone.png").symlink_to(folder / "missing")
    result = run("tokens", folder, folder / "out.npz", "-m", tiny_model)
    assert (result.exit_code, result.stdout) == (1, "")
    first, second, note, last = result.stderr.splitlines(keepends=True)
    assert note == left_out_note(folder, 2)
    lines = [error_of(line) for line in (first, second, last)]
    assert [line.split(":")[0] for line in lines[:2]] == [str(folder / "bad.png"), str(folder / "gone.png")]
    assert lines[2].startswith("2 of 3 pictures could not be read")
    with np.load(folder / "out.npz", allow_pickle=False) as archive:
        assert sorted(archive) == ["meta", "photo.png"]


def test_tokens_of_one_kind_leave_the_other_out(folder: Path, tiny_model: Path) -> None:
    (folder / "talk.wav").write_bytes(b"RIFF")
    (folder / "talk.m4a").write_bytes(b"")
    result = run("tokens", folder, folder / "out.npz", "-m", tiny_model, "--verbose")
    *names, last = (line.removeprefix(f"vqcodec: note: {folder}") for line in result.stderr.splitlines())
    kind = "a sound that libsndfile does not read: ffmpeg turns it into WAV or FLAC"
    assert names == ["/old: left out", "/photo.vq: left out", f"/talk.m4a: left out, {kind}", "/talk.wav: left out"]
    assert (last, result.exit_code) == (": 4 files are left out", 0)


def test_notes_go_to_standard_error(folder: Path, tiny_model: Path) -> None:
    Image.new("YCbCr", (16, 16)).save(folder / "video.tif")
    result = run("compress", folder / "video.tif", "-", "-m", tiny_model)
    assert result.exit_code == 0
    assert result.stderr == f"vqcodec: note: {folder / 'video.tif'}: its pixels come back as RGB, not as YCbCr\n"


def test_warnings_of_libraries_are_notes(folder: Path, monkeypatch: pytest.MonkeyPatch, tiny_model: Path) -> None:
    codec = for_pictures(vqcodec.load(tiny_model))

    def load(*_: object) -> vqcodec.ImageCodec:
        warnings.warn("two\nlines", UserWarning, stacklevel=1)
        warnings.warn("Image size (9 pixels) exceeds limit of 8 pixels", UserWarning, stacklevel=1)
        return codec

    monkeypatch.setattr("vqcodec.codec.loading.load", load)
    result = run("compress", folder / "photo.png", folder / "new.vq")
    assert (result.exit_code, result.stderr) == (0, "vqcodec: note: two lines\n")


@pytest.mark.parametrize("config", [None, "settings.toml"])
def test_training_is_handed_on(monkeypatch: pytest.MonkeyPatch, config: str | None) -> None:
    calls: list[tuple[object, ...]] = []
    names = {"image": "train_image", "prior.fit": "fit_prior", "decoder.fit": "fit_decoder"}
    for module, function in names.items():
        training = SimpleNamespace(**{function: lambda *args: calls.append(args)})
        monkeypatch.setitem(sys.modules, f"vqcodec.training.{module}", training)
    options = ["--device", "cpu", "--devices", "2", "--precision", "32", *(["--config", config] if config else [])]
    succeed("train", "image", "pictures", "--out", "m", *options)
    for command in ("fit-prior", "fit-decoder"):
        succeed(command, "m", "pictures", *options)
    path = Path(config) if config else None
    hardware = Hardware("cpu", "32", 2)
    fitted = (Path("m"), Path("pictures"), path, hardware)
    assert calls == [(Path("pictures"), Path("m"), path, None, hardware), fitted, fitted]


def test_training_afresh_deletes_checkpoints_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    training = SimpleNamespace(train_image=lambda *_: None)
    monkeypatch.setitem(sys.modules, "vqcodec.training.image", training)
    work = tmp_path / "m.training"
    work.mkdir()
    for name in ("noise.safetensors", "log.jsonl"):
        (work / name).write_bytes(b"")
    run("train", "image", "pictures", "--out", tmp_path / "m")
    assert sorted(contents(work)) == ["log.jsonl", "noise.safetensors"]
    assert "noise.safetensors" in run("train", "image", "pictures", "--out", tmp_path / "m", "--restart").stderr
    assert sorted(contents(work)) == ["log.jsonl"]


def test_version() -> None:
    assert succeed("--version").stdout == f"vqcodec {vqcodec.__version__}\n"


IMPORTED = """
import sys
from vqcodec.cli import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    assert not end.code
print([name for name in ("torch", "numpy", "PIL", "constriction", "safetensors", "tqdm") if name in sys.modules])
"""


def test_help_imports_nothing_heavy() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORTED, "--help"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Usage:")
    assert done.stdout.endswith("\n[]\n")


def test_info_does_without_torch(folder: Path) -> None:
    command = [sys.executable, "-c", IMPORTED, "info", str(folder / "photo.vq")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("\n['numpy', 'constriction', 'safetensors']\n")
