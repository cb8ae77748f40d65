"""Two processes with half of a batch each do what one does with all of it."""

from __future__ import annotations

import json
from collections import defaultdict
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from bitstream import InputError, VqcodecError
from tests.helpers.image_models import save_tiny_model
from tests.helpers.pictures import pictures
from vqcodec import load
from vqcodec.training.decoder.fit import _fit as fit_decoder
from vqcodec.training.decoder.stage import DecoderTraining
from vqcodec.training.engine import loop
from vqcodec.training.engine.config import load_config
from vqcodec.training.engine.hardware import Hardware
from vqcodec.training.engine.machine import Machine, launch
from vqcodec.training.image import ImageTraining
from vqcodec.training.image import _train as train_image
from vqcodec.training.prior.fit import PriorTraining
from vqcodec.training.prior.fit import _fit as fit_prior
from vqcodec.training.stages import sequence, start

NETWORKS = """
lambdas = [0.01, 0.1]
autoencoder = { widths = [8, 12], blocks = [0, 1], latent_channels = 12, rate_points = 2 }
quantizer = { planes = 4, dimension = 3, alphabet = 16, rate_points = 2 }
prior = { planes = [2, 2], streams = [1, 1], context = 8, hidden = 8, depth = 1, features = 4 }
noise = { steps = 20, batch = 8, crop = 32 }
codebooks = { positions = 500, iterations = 3 }
codes = { steps = 20, batch = 8, crop = 32, lambda_ = 0.1 }
"""


def train_all(machine: Machine, folder: Path, data: Path) -> None:
    """All stages, with an entry of the log for each step."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "LOG_EVERY", 1)
        patch.setattr(start, "PATCHES", 2_000)
        patch.setattr(sequence, "EXPORT_POSITIONS", 1_000)
        train_stages(machine, folder, data)


def train_stages(machine: Machine, folder: Path, data: Path) -> None:
    settings = load_config(folder / "c.toml", ImageTraining)
    train_image(settings, data, folder / "new.safetensors", None, machine)
    fit_decoder(DecoderTraining(steps=20, batch=8, crop=32), folder / "decoder.safetensors", data, machine)
    # One stage does not follow the other here: a sum that differs by an ulp may become another integer.
    for name, float_steps in {"float": 20, "integer": 0}.items():
        prior = PriorTraining(float_steps, steps=20, batch=8, crop=3, calibrated_on=1, sharpened=False)
        fit_prior(prior, folder / f"{name}.safetensors", data, machine)
    raise InputError("this is told, and nothing else")


def losses(folder: Path) -> dict[str, list[float]]:
    """Of every step, by stage."""
    found = defaultdict(list)
    for log in folder.glob("*.training/log.jsonl"):
        for entry in map(json.loads, log.read_text().splitlines()):
            if "loss" in entry:
                found[entry["stage"]].append(entry["loss"])
    return found


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    np.save(folder / "pictures.npy", pictures(4, 64, seed=5))
    return folder


def test_losses_agree(data: Path, tmp_path: Path) -> None:
    for devices in (1, 2):
        folder = tmp_path / str(devices)
        folder.mkdir()
        (folder / "c.toml").write_text(NETWORKS)
        for name in ("decoder", "float", "integer"):
            save_tiny_model(folder / f"{name}.safetensors")
        hardware, work = Hardware("cpu", "32", devices), partial(train_all, folder=folder, data=data)
        # What fails, in any process, is told in one line.
        with pytest.raises(VqcodecError, match=r"^this is told, and nothing else$"):
            launch(work, hardware)
    expected, found = losses(tmp_path / "1"), losses(tmp_path / "2")
    assert set(expected) == {"noise", "codes", "prior-float", "prior-integer", "decoder"}
    for stage, of_one in expected.items():
        assert len(of_one) == 20
        # With rounding, sums that differ by an ulp become other integers after a few steps.
        tolerance = 1e-3 if stage == "prior-integer" else 1e-4
        assert found[stage] == pytest.approx(of_one, abs=tolerance, rel=tolerance), stage
    configs = [load(tmp_path / each / "new.safetensors").model.config for each in ("1", "2")]
    assert configs[0] == configs[1]


def test_devices_that_are_not_there() -> None:
    with pytest.raises(InputError, match=r"this machine has [0-9]+ devices of type cuda, not 2000"):
        launch(print, Hardware("cuda", devices=2000))
