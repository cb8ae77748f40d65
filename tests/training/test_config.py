"""Settings files: what does not exist or fit is refused in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bitstream import InputError
from vqcodec.training.engine.config import load_config
from vqcodec.training.image import ImageTraining, train_image
from vqcodec.training.prior.fit import PriorTraining


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("bogus = 1", "bogus"),
        ("[quantizer]\nplans = 3", "quantizer.*plans"),
        ("[codes]\nlambda = 0.1", "codes.*lambda"),
        ("seed = 'x'", "seed"),
        ("noise = true", "noise"),
        ("[autoencoder]\nwidths = 'ab'", "autoencoder.widths"),
        ("[autoencoder]\nwidths = [8]\nblocks = [1, 1]", "blocks"),
        ("[autoencoder]\npatch = 0", "patch"),
        ("[quantizer]\ndimension = 1", "at least 2 dimensions"),
        ("[quantizer]\nupdate = 'sgd'", "sgd"),
        ("[prior]\nplanes = [0, 48]\nstreams = [1, 1]", "outside of 1"),
        ("lambdas = [0.1]", "disagree"),
        ("lambdas = [", "end of document"),
        ("\x00", "line 1"),
    ],
)
def test_settings_that_do_not_exist_or_fit(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        train_image(tmp_path, tmp_path / "model.safetensors", path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("make", [lambda path: path, lambda path: path.mkdir(), lambda path: path.write_bytes(b"\xff")])
def test_configurations_that_cannot_be_read(make: Any, tmp_path: Path) -> None:
    make(path := tmp_path / "config.toml")
    with pytest.raises(InputError, match=r"config\.toml"):
        load_config(path, PriorTraining)


def test_no_configuration_is_the_default() -> None:
    assert load_config(None, PriorTraining) == PriorTraining()
    assert load_config(None, ImageTraining).noise is not None
