"""The recipes of quick models make models that work, in a few of their steps."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from tests.helpers.commands import run
from tests.helpers.pictures import pictures
from tests.helpers.sounds import voices
from vqcodec.training.recipes import Part, find_recipe
from vqcodec.training.stages import sequence, start

FEWER = {"batch": 2, "float_steps": 2, "steps": 4, "positions": 800, "iterations": 2, "calibrated_on": 1}


@pytest.fixture(autouse=True)
def _few_latents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "PATCHES", 2_000)
    monkeypatch.setattr(sequence, "EXPORT_POSITIONS", 1_000)


def in_small(part: Part, folder: Path) -> Path:
    """The recipe with fewer of all that takes time."""
    text = find_recipe(part, "quick").read_text()
    for name, value in FEWER.items():
        text = re.sub(rf"^{name} = [0-9_]+$", f"{name} = {value}", text, flags=re.MULTILINE)
    config = folder / f"{part}.toml"
    config.write_text(text)
    return config


def train(kind: Part, data: Path, folder: Path) -> Path:
    """A model of a folder of originals."""
    model = folder / "quick.safetensors"
    for command, config in (
        (["train", kind, data, "--out", model], in_small(kind, folder)),
        (["fit-prior", model, data], in_small("prior", folder)),
    ):
        assert run(*command, "--config", config).exit_code == 0
    return model


def test_pictures(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for number, pixels in enumerate(pictures(4, 144, seed=5)):
        Image.fromarray(pixels).save(data / f"{number}.png")
    model = train("image", data, tmp_path)
    assert run("compress", data / "1.png", tmp_path / "1.vq", "-m", model).exit_code == 0
    assert run("decompress", tmp_path / "1.vq", tmp_path / "1.png", "-m", model).exit_code == 0
    assert Image.open(tmp_path / "1.png").size == (144, 144)


def test_sounds(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for number in range(3):
        soundfile.write(data / f"{number}.wav", voices(1, 21_000, seed=number).T, 16_000)
    model = train("audio", data, tmp_path)
    assert run("compress", data / "1.wav", tmp_path / "1.vq", "-m", model).exit_code == 0
    assert run("decompress", tmp_path / "1.vq", tmp_path / "1.wav", "-m", model).exit_code == 0
    assert len(soundfile.read(tmp_path / "1.wav")[0]) == 21_000
    assert np.isfinite(soundfile.read(tmp_path / "1.wav")[0]).all()
