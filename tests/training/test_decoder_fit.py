"""Training a decoder further: files stay, and pictures get better."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.audio_models import tiny_audio_model
from tests.helpers.commands import error_of, fail, run, succeed
from tests.helpers.image_models import save_tiny_model
from tests.helpers.pictures import pictures
from vqcodec import ImageCodec, load
from vqcodec.codec.loading import for_pictures
from vqcodec.training.decoder.stage import coded_pieces

CONFIG = """
blocks = [2, 1, 3]
steps = 60
batch = 4
crop = 64
held_out = 4
kernel_learning_rate = 0.02
"""

Fitted = tuple[ImageCodec, ImageCodec, dict[str, float]]


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    """A model before and after its decoder was trained further, and how good it was on pictures held out."""
    folder = tmp_path_factory.mktemp("decoder")
    np.save(folder / "pictures.npy", pictures(24, 96, seed=1))
    (folder / "config.toml").write_text(CONFIG)
    model = save_tiny_model(folder / "model.safetensors")
    before = for_pictures(load(model))
    succeed("fit-decoder", model, folder, "--config", folder / "config.toml")
    log = [json.loads(line) for line in (folder / "model.safetensors.training" / "log.jsonl").read_text().splitlines()]
    return before, for_pictures(load(model)), log[-1]["held_out_fidelity"]


def test_pictures_get_better(fitted: Fitted) -> None:
    assert fitted[2]["after"] > fitted[2]["before"] + 1


def test_files_stay_as_they_are(fitted: Fitted) -> None:
    before, after, _ = fitted
    picture = pictures(1, 80, seed=5)[0]
    data = before.compress(picture, 60)
    assert after.model.fingerprint == before.model.fingerprint
    assert after.read(data) == before.read(data)
    assert after.read(after.compress(picture, 60)) == before.read(data)
    errors = [((np.asarray(codec.decompress(data)) - picture.astype(float)) ** 2).mean() for codec in (before, after)]
    assert errors[1] < 0.9 * errors[0]


def test_it_is_another_version_of_another_shape(fitted: Fitted) -> None:
    before, after, _ = fitted
    assert after.model.config.decoder_version == before.model.config.decoder_version + 1
    assert after.shape == replace(before.shape, decoder_blocks=(2, 1, 3))


@pytest.mark.parametrize(
    ("config", "size", "complaint"),
    [
        ("blocks = [1, 0, 1]", 96, "cannot get fewer"),
        ("blocks = [1, 1]", 96, "blocks"),
        ("steps = 1", 8, "smaller than 16 pixels"),
        ("step = 1", 96, "step"),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path: Path, config: str, size: int, complaint: str) -> None:
    np.save(tmp_path / "pictures.npy", pictures(2, size, seed=1))
    (tmp_path / "c.toml").write_text(config)
    model = save_tiny_model(tmp_path / "m.safetensors")
    before = model.read_bytes()
    result = run("fit-decoder", model, tmp_path, "--config", tmp_path / "c.toml")
    assert result.exit_code == 1
    assert complaint in error_of(result.stderr)
    assert model.read_bytes() == before


def test_pieces_are_coded_as_files_are(tiny_codec: ImageCodec) -> None:
    picture = pictures(1, 100, seed=7)[0]
    (piece,) = coded_pieces(tiny_codec, [picture], 1, np.random.default_rng(0))
    quality = float(np.random.default_rng(0).uniform(1, 100))
    indices = tiny_codec.read(tiny_codec.compress(picture, quality))
    assert piece.rate_point == indices.rate_point
    np.testing.assert_array_equal(piece.indices, indices.values[:, :6, :6])
    np.testing.assert_array_equal(piece.pixels, picture[:96, :96])


def test_a_model_for_sound_has_none(tmp_path: Path) -> None:
    tiny_audio_model().save(tmp_path / "sound.safetensors")
    np.save(tmp_path / "pictures.npy", pictures(2, 32, seed=1))
    assert "for sound" in fail(tmp_path, "fit-decoder", tmp_path / "sound.safetensors", tmp_path)
