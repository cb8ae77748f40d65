"""Codecs whose networks PyTorch evaluates, as for other devices than a CPU, beside those of ONNX Runtime."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tests.helpers.audio_models import tiny_audio_model
from tests.helpers.image_models import lively, tiny_model
from tests.helpers.paths import COFFEE
from tests.helpers.sounds import voices
from vqcodec.codec.audio import AudioCodec
from vqcodec.codec.image import ImageCodec
from vqcodec.model.bundled import find_model
from vqcodec.model.model import Model, load_model
from vqcodec.transform.torch_networks import TorchNetworks

TORCH = "cpu:0"  # a name that PyTorch knows; "cpu" means ONNX Runtime
PHOTO = np.asarray(Image.open(COFFEE).convert("RGB"))[100:237, 200:345]


def model_named(name: str) -> Model:
    model = {"tiny": tiny_model, "tiny voice": tiny_audio_model}.get(name, lambda: load_model(find_model(name)))()
    return replace(model, networks=lively(model.networks)) if "tiny" in name else model


@pytest.mark.parametrize("name", ["tiny", "photo", "photo-ms-ssim", "small"])
def test_pictures(name: str) -> None:
    model = model_named(name)
    ours, theirs = ImageCodec(model), ImageCodec(model, TORCH)
    assert isinstance(theirs.networks.networks, TorchNetworks)
    z = ours.analyse(PHOTO)
    np.testing.assert_allclose(theirs.analyse(PHOTO), z, atol=1e-4 * np.abs(z).max())
    indices = ours.encode(PHOTO)
    decoded = ours.pixels(indices)
    assert np.abs(decoded.astype(int) - theirs.pixels(indices)).max() <= 1
    assert (decoded != theirs.pixels(indices)).mean() < 1e-3
    np.testing.assert_allclose(ours.pixel_bits(PHOTO, indices), theirs.pixel_bits(PHOTO, indices), rtol=0.01, atol=0.01)
    arguments = PHOTO, indices.values, indices.rate_point, model.config.distortion
    for (_, _, error, slope), (_, _, other, wanted) in zip(
        ours.networks.errors(*arguments), theirs.networks.errors(*arguments), strict=True
    ):
        assert error == pytest.approx(other, rel=1e-3)
        np.testing.assert_allclose(slope, wanted, atol=1e-3 * np.abs(wanted).max())


@pytest.mark.parametrize("name", ["tiny voice", "speech"])
def test_sounds(name: str) -> None:
    model, voice = model_named(name), voices(1, 20_000, seed=1)
    ours, theirs = AudioCodec(model), AudioCodec(model, TORCH)
    indices = ours.encode(voice, 16_000)
    decoded, _ = ours.decode(indices)
    np.testing.assert_allclose(theirs.decode(indices)[0], decoded, atol=1e-4)
    bits = ours.sample_bits(voice, 16_000, indices)
    np.testing.assert_allclose(theirs.sample_bits(voice, 16_000, indices), bits, rtol=0.01, atol=0.02)
