"""What is measured again in a second run, and what is not."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("scipy", reason="needs vqcodec[eval]")
pytest.importorskip("pesq", reason="needs vqcodec[eval]")
pytest.importorskip("ssimulacra2", reason="needs vqcodec[eval]")

from tests.helpers.image_models import save_tiny_model
from tests.helpers.paths import COFFEE, ROOT
from tests.helpers.pictures import pictures
from tests.helpers.sounds import voices
from vqcodec.defaults import DEFAULT_AUDIO_MODEL, DEFAULT_MODEL, Effort
from vqcodec.evaluation.pictures.anchors import JPEG
from vqcodec.evaluation.pictures.codecs import PictureModelCoder, choose_picture_codecs
from vqcodec.evaluation.pictures.metrics import ms_ssim, psnr, ssimulacra2
from vqcodec.evaluation.pictures.modality import PICTURES
from vqcodec.evaluation.pictures.rate_distortion import measure_picture
from vqcodec.evaluation.shared.cache import ResultCache
from vqcodec.evaluation.shared.versions import versions_of
from vqcodec.evaluation.sounds.codecs import SoundModelCoder
from vqcodec.evaluation.sounds.metrics import RATE, score
from vqcodec.evaluation.sounds.rate_distortion import measure_sound
from vqcodec.media.sounds.recordings import Recording

# A new model needs new values only, as its bytes are in the keys.
RAISE = "has what is measured changed? Then raise REVISION, and put the new values into the test"
# Prints the keys of a picture as JSON, with the package in the working folder.
PRINT_KEYS = """
import json, sys
from pathlib import Path
import vqcodec
from vqcodec.evaluation.pictures.codecs import choose_picture_codecs
from vqcodec.evaluation.pictures.modality import PICTURES
codecs, _ = choose_picture_codecs(["vqcodec", "jpeg"], [40], sys.argv[1])
(original,), _ = PICTURES.read([Path(sys.argv[2])])
assert vqcodec.__doc__.startswith("Other words")
print(json.dumps([PICTURES.job(original, codec, 40).key for codec in codecs]))
"""


@dataclass(frozen=True)
class Number:
    value: int


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    Image.fromarray(pictures(1, 32, seed=1)[0]).save(tmp_path / "a.png")
    return tmp_path / "a.png"


def keys_of(
    picture: Path, model: Path, names: tuple[str, ...] = ("vqcodec",), quality: float = 40, effort: Effort = "fast"
) -> list[dict[str, object]]:
    (original,), _ = PICTURES.read([picture])
    codecs, _ = choose_picture_codecs(names, None, str(model), effort)
    return [PICTURES.job(original, codec, quality).key for codec in codecs]


def pretend_version(patch: pytest.MonkeyPatch, package: str) -> None:
    """Let a package have another version."""
    installed = metadata.version
    patch.setattr(metadata, "version", lambda name: "99" if name == package else installed(name))
    versions_of.cache_clear()


# Keys ----------------------------------------------------------------------------------------------------------------


def test_other_words_in_the_source_change_no_key(picture: Path, tiny_model: Path, tmp_path: Path) -> None:
    for package in ("bitstream", "vqcodec"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "weights"))
    (tmp_path / "vqcodec" / "weights").mkdir()
    for path in tmp_path.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace('"""', '"""Other words. ', 1) + "# Another comment\n", encoding="utf-8")
    command = [sys.executable, "-c", PRINT_KEYS, str(tiny_model), str(picture)]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(result.stdout) == keys_of(picture, tiny_model, ("vqcodec", "jpeg"))


def test_what_changes_results_changes_keys(
    picture: Path, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    other_model = save_tiny_model(tmp_path_factory.mktemp("other") / "other.safetensors", seed=1)
    other_picture = picture.with_name("b.png")
    Image.fromarray(pictures(1, 32, seed=2)[0]).save(other_picture)
    before = keys_of(picture, tiny_model)
    assert keys_of(picture, tiny_model) == before
    others = [
        keys_of(other_picture, tiny_model),
        keys_of(picture, other_model),
        keys_of(picture, tiny_model, quality=41),
        keys_of(picture, tiny_model, effort="high"),
    ]
    with monkeypatch.context() as patch:
        patch.setattr("vqcodec.evaluation.pictures.modality.REVISION", 0)
        others.append(keys_of(picture, tiny_model))
    with monkeypatch.context() as patch:
        patch.setattr("vqcodec.__version__", "99")
        others.append(keys_of(picture, tiny_model))
    for package in ("onnxruntime", "ssimulacra2"):
        with monkeypatch.context() as patch:
            pretend_version(patch, package)
            others.append(keys_of(picture, tiny_model))
    versions_of.cache_clear()
    assert len({json.dumps(key) for key in [before, *others]}) == 1 + len(others)


def test_a_picture_of_another_name_has_the_same_key(picture: Path, tiny_model: Path) -> None:
    before = keys_of(picture, tiny_model)
    assert keys_of(picture.rename(picture.with_name("renamed.png")), tiny_model) == before


def test_the_options_and_the_library_of_an_anchor_are_in_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {JPEG.version, replace(JPEG, options={"optimize": True}).version}
    monkeypatch.setattr("PIL.features.version", lambda _: "99")
    assert len(versions | {JPEG.version}) == 3


# Revisions -----------------------------------------------------------------------------------------------------------


@cache
def coffee(side: int) -> Image.Image:
    with Image.open(COFFEE) as image:
        return image.convert("RGB").crop((200, 100, 200 + side, 100 + side))


def test_the_metrics_of_pictures_are_those_of_this_revision() -> None:
    original = coffee(192)
    noise = np.random.default_rng(0).normal(0, 8, (192, 192, 3))
    noisy = Image.fromarray(np.clip(np.asarray(original) + noise, 0, 255).astype(np.uint8))
    found = [metric(original, noisy) for metric in (psnr, ms_ssim, ssimulacra2)]
    assert found == pytest.approx([30.455876, 0.961089, 55.141953], rel=1e-5), RAISE


@pytest.mark.parametrize(("effort", "size", "quality"), [("fast", 175, 33.53), ("high", 171, 33.98)])
def test_vqcodec_codes_pictures_as_in_this_revision(effort: Effort, size: int, quality: float) -> None:
    """The default model does. Its floats differ a little between processors."""
    point = measure_picture("", PictureModelCoder(DEFAULT_MODEL, effort), 80, "", coffee(64))
    assert point.bytes == pytest.approx(size, rel=0.02), RAISE
    assert point.psnr == pytest.approx(quality, abs=0.1), RAISE


def test_the_metrics_of_sounds_are_those_of_this_revision() -> None:
    (voice,) = voices(1, RATE, seed=1)
    noise = np.random.default_rng(0).normal(0, 0.01, voice.shape).astype(np.float32)
    scores = score(voice, voice + noise)
    assert [scores.pesq, scores.stoi, scores.visqol] == pytest.approx([2.767375, 0.873219, 2.044922], rel=1e-3), RAISE


def test_vqcodec_codes_sounds_as_in_this_revision() -> None:
    recording = Recording(voices(1, RATE // 2, seed=1), RATE)
    point = measure_sound("", SoundModelCoder(DEFAULT_AUDIO_MODEL), 3.0, "", recording)
    assert point.bytes == pytest.approx(185, rel=0.02), RAISE
    assert point.stoi == pytest.approx(0.851, abs=0.01), RAISE


# Files ---------------------------------------------------------------------------------------------------------------


def test_results_are_found_again(tmp_path: Path) -> None:
    path = tmp_path / "cache.jsonl"
    written = ResultCache(path, Number)
    written.add({"a": 1, "b": [2, "x"]}, Number(1))
    written.add({"a": 2}, Number(2))
    read = ResultCache(path, Number)
    assert read.get({"b": [2, "x"], "a": 1}) == Number(1)
    assert read.get({"a": 2}) == Number(2)
    assert read.get({"a": 3}) is None


@pytest.mark.parametrize("line", ['{"key": {"a": 1}, "val', "7", '{"key": {"a": 1}, "value": {"other": 1}}', "\x00"])
def test_lines_that_cannot_be_read_are_left_out(tmp_path: Path, line: str) -> None:
    path = tmp_path / "cache.jsonl"
    path.write_text(line)
    kept: ResultCache[Any] = ResultCache(path, Number)
    assert kept.get({"a": 1}) is None
    kept.add({"a": 1}, Number(1))
    assert ResultCache(path, Number).get({"a": 1}) == Number(1)
