"""Fitting a prior: what it learns, and what is left of it in integers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bitstream import InputError, ModelError
from tests.helpers.image_models import save_tiny_model
from vqcodec import ImageCodec, load
from vqcodec.codec.loading import for_pictures
from vqcodec.model.quality import Setting
from vqcodec.training.data.originals import open_originals
from vqcodec.training.prior.fit import fit_prior
from vqcodec.training.prior.volumes import LAMBDA_OCTAVES, collect_volumes

Fitted = tuple[ImageCodec, ImageCodec, dict[str, list[float]]]

CONFIG = """
float_steps = 200
steps = 240
batch = 4
crop = 8
kernel_learning_rate = 0.02
other_learning_rate = 0.01
lambda_ = 0.02
held_out = 8
calibrated_on = 1
"""


def striped(count: int, seed: int) -> np.ndarray:
    """Pictures of broad stripes in a few colours: what is above a position says what is there."""
    rng = np.random.default_rng(seed)
    colours = rng.integers(0, 256, (6, 3))
    stripes = np.repeat(rng.integers(0, 6, (count, 8)), 16, axis=1)
    return np.repeat(colours[stripes][:, None], 128, axis=1).astype(np.uint8)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    """A model before and after its prior was fitted to stripes, and the figures of the log."""
    folder = tmp_path_factory.mktemp("prior")
    np.save(folder / "pictures.npy", striped(24, seed=1))
    (folder / "config.toml").write_text(CONFIG)
    model = save_tiny_model(folder / "model.safetensors")
    before = for_pictures(load(model))
    fit_prior(model, folder, folder / "config.toml")
    log = [json.loads(line) for line in (folder / "model.safetensors.training" / "log.jsonl").read_text().splitlines()]
    assert [entry["stage"] for entry in log[-3:]] == ["prior-float", "prior-integer", "prior"]
    return before, for_pictures(load(model)), log[-1]["held_out_bits_per_position"]


@pytest.mark.parametrize("rate", [0, 1])
def test_it_learns_structure(fitted: Fitted, rate: int) -> None:
    figures = fitted[2]
    assert figures["float"][rate] < 0.7 * figures["order0"][rate]


@pytest.mark.parametrize("rate", [0, 1])
def test_integers_lose_little(fitted: Fitted, rate: int) -> None:
    figures = fitted[2]
    assert figures["integer"][rate] < 1.05 * figures["float"][rate]


@pytest.mark.parametrize("rate", [0, 1])
def test_codes_chosen_with_the_prior_cost_less(fitted: Fitted, rate: int) -> None:
    figures = fitted[2]
    assert figures["float, chosen"][rate] < 1.01 * figures["float"][rate]
    assert sum(figures["float, chosen"]) < sum(figures["float"])
    assert figures["integer"][rate] < 1.02 * figures["float, chosen"][rate]


def test_volumes_hold_the_codes_of_files(fitted: Fitted, tmp_path: Path) -> None:
    codec = fitted[1]
    np.save(tmp_path / "pictures.npy", striped(2, seed=3))
    originals = open_originals(codec.model, tmp_path, tmp_path / "cache")
    for in_context in (False, True):
        volumes = collect_volumes(originals, [1, 0], 0.02, np.random.default_rng(0), in_context).volumes
        rng = np.random.default_rng(0)
        for piece in (next(originals.pieces(number)) for number in (1, 0)):
            for rate, mine in enumerate(volumes):
                chosen = Setting(rate, 0.02 * 2 ** rng.uniform(*LAMBDA_OCTAVES))
                expected = (codec.choose if in_context else codec.assign)(piece.latents, chosen)
                np.testing.assert_array_equal(mine.pop(0), expected)


@pytest.mark.parametrize("rate", [0, 1])
def test_files_are_smaller(fitted: Fitted, rate: int) -> None:
    codec, figures = fitted[1], fitted[2]
    sizes = []
    for picture in striped(8, seed=1):
        indices = codec.encode(picture, 0.02, rate)
        data = codec.write(indices)
        assert codec.read(data) == indices
        sizes.append(8 * sum(map(len, codec.model.prior.encode(indices.values, rate))) / indices.values[0].size)
    assert np.mean(sizes) < 0.7 * figures["order0"][rate]


def test_codes_stay_and_the_prior_changes(fitted: Fitted) -> None:
    before, after, _ = fitted
    picture = striped(1, seed=2)[0]
    indices = before.encode(picture, rate_point=1)
    assert after.encode(picture, rate_point=1) == indices
    assert after.decode(indices) == before.decode(indices)
    assert after.model.fingerprint != before.model.fingerprint


def test_the_quality_knob_is_calibrated(fitted: Fitted) -> None:
    codec = fitted[1]
    assert len(codec.model.config.quality) == 100
    pictures = striped(6, seed=1)
    bits = []
    for chosen in (codec.settings(1), codec.settings(100)):
        encoded = [codec.encode(picture, chosen.lambda_, chosen.rate_point) for picture in pictures]
        bits.append(sum(codec.bits(each).sum() for each in encoded))
    assert bits[0] < bits[1]


def test_checkpoints_of_another_model(tmp_path: Path) -> None:
    """A model that was trained anew under the same name."""
    np.save(tmp_path / "pictures.npy", striped(3, seed=1))
    config, model = tmp_path / "config.toml", save_tiny_model(tmp_path / "model.safetensors")
    config.write_text("float_steps = 1\nsteps = 2\ncrop = 8\ncalibrated_on = 1")
    fit_prior(model, tmp_path, config)
    save_tiny_model(model, seed=5)
    with pytest.raises(ModelError, match=r"codebooks was [0-9a-f]{8} and is [0-9a-f]{8} now"):
        fit_prior(model, tmp_path, config)


def test_models_and_settings_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model"):
        fit_prior(tmp_path / "none.safetensors", tmp_path)
    (tmp_path / "config.toml").write_text("stepps = 1")
    with pytest.raises(InputError, match="stepps"):
        fit_prior(tmp_path / "none.safetensors", tmp_path, tmp_path / "config.toml")
    with pytest.raises(InputError, match="no readable picture"):
        fit_prior(save_tiny_model(tmp_path / "model.safetensors"), tmp_path)
