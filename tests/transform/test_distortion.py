"""What models are trained for: squared error and MS-SSIM, of tensors and of whole pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from bitstream import unpack
from tests.helpers.image_models import tiny_model
from tests.helpers.paths import COFFEE
from tests.helpers.pictures import pictures
from vqcodec import load
from vqcodec.codec.image import ImageCodec
from vqcodec.codec.loading import load_for
from vqcodec.evaluation.pictures.metrics import ms_ssim, psnr
from vqcodec.model.model import load_model
from vqcodec.model.quality import Setting
from vqcodec.training.data.pictures import crops_to_tensor
from vqcodec.training.distortion import DISTORTIONS
from vqcodec.transform.image import distortion
from vqcodec.transform.image.config import Distortion
from vqcodec.transform.image.distortion import SQUARED_SHARE, picture_distortion

PICTURE = pictures(1, 208, seed=3)[0]


def noisy(strength: float, seed: int = 0) -> NDArray[np.uint8]:
    noise = np.random.default_rng(seed).normal(scale=strength, size=PICTURE.shape)
    values: NDArray[np.float64] = PICTURE + noise
    return values.round().clip(0, 255).astype(np.uint8)


def test_every_distortion_has_a_function() -> None:
    assert tuple(DISTORTIONS) == get_args(Distortion)


def test_squared_error_is_that_of_eight_bit_values() -> None:
    other = noisy(8)
    expected = ((PICTURE.astype(float) - other) ** 2).mean()
    assert picture_distortion("squared error", PICTURE, other) == pytest.approx(expected, rel=1e-5)


def test_structural_error_is_one_less_ms_ssim_and_a_little() -> None:
    other = noisy(30)
    similarity = ms_ssim(Image.fromarray(PICTURE), Image.fromarray(other))
    squared = ((PICTURE.astype(float) - other) ** 2).mean()
    expected = 1 - similarity + SQUARED_SHARE * squared
    assert picture_distortion("ms-ssim", PICTURE, other) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", DISTORTIONS)
@pytest.mark.parametrize("shape", [(1, 1), (16, 300), (208, 208)])
def test_any_size_and_worse_is_larger(name: Distortion, shape: tuple[int, int]) -> None:
    rows, columns = shape
    picture = np.resize(PICTURE, (rows, columns, 3))
    values = [picture_distortion(name, picture, np.resize(noisy(strength), picture.shape)) for strength in (0, 9, 60)]
    assert values[0] == pytest.approx(0, abs=1e-5)
    assert values[0] < values[1] < values[2]


@pytest.mark.parametrize("name", DISTORTIONS)
def test_tiles_are_weighted_by_their_pixels(name: Distortion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distortion, "TILE", 192)
    other = noisy(20)
    whole = picture_distortion(name, PICTURE, other)
    parts = [(slice(0, 192), slice(0, 192)), (slice(0, 192), slice(192, 208))]
    parts += [(slice(192, 208), slice(0, 192)), (slice(192, 208), slice(192, 208))]
    total = sum(picture_distortion(name, PICTURE[part], other[part]) * PICTURE[part][..., 0].size for part in parts)
    assert whole == pytest.approx(total / PICTURE[..., 0].size)


def test_gradients_are_finite_where_nothing_is_alike() -> None:
    x = crops_to_tensor(PICTURE[None])
    opposite = (-x).requires_grad_()
    DISTORTIONS["ms-ssim"](x, opposite).sum().backward()  # type: ignore[no-untyped-call]
    assert opposite.grad is not None
    assert torch.isfinite(opposite.grad).all()


def test_a_model_says_what_it_is_trained_for(tmp_path: Path) -> None:
    model = tiny_model()
    assert model.config.distortion == "squared error"
    replace(model, config=replace(model.config, distortion="ms-ssim")).save(tmp_path / "m.safetensors")
    assert load_model(tmp_path / "m.safetensors").config.distortion == "ms-ssim"


def test_high_effort_lowers_the_distortion_of_the_model() -> None:
    """And not that of another one: at the same rate point, the two lead to other codes."""
    model = tiny_model()
    structural = replace(model, config=replace(model.config, distortion="ms-ssim", lambdas=(50.0, 500.0)))
    codec, chosen, found = ImageCodec(structural), Setting(1, 0.02), {}
    values = {
        "fast": codec.choose(codec.analyse(PICTURE), chosen),
        "high": codec.refine(PICTURE, codec.analyse(PICTURE), chosen, "high"),
        "squared": ImageCodec(model).refine(PICTURE, codec.analyse(PICTURE), chosen, "high"),
    }
    for name, indices in values.items():
        ((_, _, error, _),) = codec.networks.errors(PICTURE, indices, 1, "ms-ssim")
        found[name] = error
    assert found["high"] < found["fast"]
    assert not np.array_equal(values["high"], values["squared"])


def test_the_bundled_models_are_each_better_at_what_they_are_for() -> None:
    """On a real photograph, in files of the same size."""
    photo = Image.open(COFFEE).convert("RGB").resize((384, 256))
    plain, structural = load("photo"), load("photo-ms-ssim")
    data = plain.compress(photo, 45)
    budgeted = structural.compress(photo, max_bytes=len(data))
    decoded = plain.decompress(data), structural.decompress(budgeted)
    assert len(data) * 0.97 <= len(budgeted) <= len(data)
    assert ms_ssim(photo, decoded[0]) + 0.005 < ms_ssim(photo, decoded[1])
    assert psnr(photo, decoded[0]) > psnr(photo, decoded[1])
    assert load_for(unpack(budgeted)).model.fingerprint == structural.model.fingerprint
