"""Training from a folder of pictures to a model file: the paper's shapes, and the stages of the bundled model's."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from bitstream import InputError, ModelError
from tests.helpers.pictures import pictures
from vqcodec import load
from vqcodec.codec.loading import for_pictures
from vqcodec.training.engine import loop
from vqcodec.training.engine.randomness import Draws
from vqcodec.training.image import train_image
from vqcodec.training.quantizer import ProductQuantizer, QuantizerConfig
from vqcodec.training.stages import codes, start

Log = list[dict[str, Any]]

# Van den Oord et al. (2017), sections 4.1 and 4.2, with small widths: one plane of 32 x 32 codes of a picture of
# 128 x 128, and ten planes of 8 x 8 codes of one of 32 x 32. The prior is uniform while they train.
IMAGENET = """
noise = false
lambdas = [0.05]
autoencoder = {{ patch = 4, widths = [16], blocks = [1], latent_channels = 8 }}
quantizer = {{ planes = 1, dimension = 8, alphabet = 512, update = "{update}" }}
prior = {{ planes = [1], streams = [1], context = 8, hidden = 8, depth = 1, features = 4 }}
codebooks = {{ positions = 2000, iterations = 3 }}

[codes]
steps = {steps}
batch = 2
crop = 64
lambda_ = 0
decoder_learning_rate = 0.02
encoder_learning_rate = 0.003
"""
CIFAR = """
noise = false
lambdas = [0.05]
autoencoder = {{ patch = 2, widths = [12, 16], blocks = [0, 1], latent_channels = 20 }}
quantizer = {{ planes = 10, dimension = 2, alphabet = 32, update = "{update}" }}
prior = {{ planes = [5, 5], streams = [1, 1], context = 8, hidden = 8, depth = 1, features = 4 }}
codebooks = {{ positions = 1000, iterations = 3 }}

[codes]
steps = {steps}
batch = 4
crop = 32
lambda_ = 0
decoder_learning_rate = 0.02
encoder_learning_rate = 0.003
"""
TWO_RATE_POINTS = """
lambdas = [0.01, 0.1]
autoencoder = {{ patch = 4, widths = [8, 12], blocks = [0, 1], latent_channels = 12, rate_points = 2 }}
quantizer = {{ planes = 4, dimension = 3, alphabet = 16, rate_points = 2 }}
prior = {{ planes = [2, 2], streams = [1, 1], context = 8, hidden = 8, depth = 1, features = 4 }}
noise = {{ steps = {steps}, batch = 2, crop = 64 }}
codebooks = {{ positions = 500, iterations = 3 }}
codes = {{ steps = {steps}, batch = 2, crop = 64, lambda_ = 0.001 }}
"""


@pytest.fixture(scope="module", autouse=True)
def _short_intervals() -> Iterator[None]:
    """Log, save and restart codes often, and look at few latents to begin with, as the runs are short."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "LOG_EVERY", 10)
        patch.setattr(loop, "SAVE_EVERY", 10)
        patch.setattr(codes, "RESTART_EVERY", 10)
        patch.setattr(start, "PATCHES", 2_000)
        yield


class Run:
    """A folder of pictures, a configuration and a model that is trained with them."""

    def __init__(self, folder: Path, size: int, as_png: bool = False) -> None:
        self.data, self.config, self.model = folder / "data", folder / "config.toml", folder / "model.safetensors"
        self.data.mkdir()
        self.pictures = pictures(4, size, seed=5)
        if as_png:
            for number, pixels in enumerate(self.pictures):
                Image.fromarray(pixels).save(self.data / f"{number}.png")
        else:
            np.save(self.data / "pictures.npy", self.pictures)

    def train(self, config: str, **settings: object) -> None:
        self.config.write_text(config.format(**settings))
        train_image(self.data, self.model, self.config)

    def log(self, stage: str) -> Log:
        text = (self.model.with_name("model.safetensors.training") / "log.jsonl").read_text()
        return [entry for entry in map(json.loads, text.splitlines()) if entry["stage"] == stage]

    def check_model(self, planes: int, side: int) -> None:
        """The model file codes a picture."""
        codec = for_pictures(load(self.model))
        indices = codec.encode(self.pictures[0])
        assert indices.values.shape == (planes, side, side)
        data = codec.write(indices)
        assert codec.read(data) == indices
        assert codec.decompress(data).size == self.pictures.shape[1:3]
        assert codec.decompress(codec.compress(self.pictures[1][:26, :27])).size == (27, 26)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with two rate points that is done."""
    run = Run(tmp_path_factory.mktemp("trained"), 64)
    run.train(TWO_RATE_POINTS, steps=40)
    return run


def check_usage(log: Log, rate_points: int, planes: int, alphabet: int) -> None:
    """Every entry says how many codes of each plane are in use."""
    for entry in log:
        perplexity, used = np.array(entry["perplexity"]), np.array(entry["codes_used"])
        assert perplexity.shape == used.shape == (rate_points, planes)
        assert (used <= alphabet).all()
        assert (perplexity <= used + 0.05).all()
        assert perplexity.max() > 1.5


# The paper ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("update", ["gradient", "ema"])
@pytest.mark.parametrize(
    ("config", "size", "planes", "side", "alphabet"), [(IMAGENET, 128, 1, 32, 512), (CIFAR, 32, 10, 8, 32)]
)
def test_shapes_of_the_paper(
    config: str, size: int, planes: int, side: int, alphabet: int, update: str, tmp_path: Path
) -> None:
    run = Run(tmp_path, size, as_png=update == "ema")
    run.train(config, update=update, steps=100)
    log = run.log("codes")
    assert [entry["step"] for entry in log] == [*range(10, 101, 10)]
    assert log[-1]["distortion"] < 0.6 * log[0]["distortion"]
    assert log[-1]["distortion"] < 0.8 * run.pictures.var()  # so that the codes tell something of the picture
    assert log[-1]["code_length"] < log[0]["code_length"]
    for entry in log:  # the code of a uniform prior: N log2 K bits
        assert entry["bpp"] * size**2 == pytest.approx(planes * side**2 * math.log2(alphabet), rel=1e-5)
    check_usage(log, 1, planes, alphabet)
    assert not run.log("noise")
    run.check_model(planes, side)


# All stages --------------------------------------------------------------------------------------------------------


def test_noise_stage_and_two_rate_points(tmp_path: Path) -> None:
    run = Run(tmp_path, 64)
    run.train(TWO_RATE_POINTS, steps=30)
    noise, hard = run.log("noise"), run.log("codes")
    assert [entry["step"] for entry in noise] == [entry["step"] for entry in hard] == [10, 20, 30]
    assert noise[-1]["distortion"] < noise[0]["distortion"]
    assert hard[-1]["distortion"] < hard[0]["distortion"]
    assert hard[0]["distortion"] < noise[0]["distortion"]  # it goes on from the first stage
    check_usage(hard, 2, 4, 16)
    run.check_model(4, 8)


def test_all_stages_for_code_length(tmp_path: Path) -> None:
    run = Run(tmp_path, 64)
    config = TWO_RATE_POINTS.replace(
        "lambda_ = 0.001", 'lambda_ = 0.001, distortion = "code length", decoder_learning_rate = 0.01'
    )
    run.train(config.replace("rate_points = 2", "rate_points = 2, linear_path = true", 1), steps=40)
    hard = run.log("codes")
    assert hard[-1]["code_length"] < hard[0]["code_length"] - 0.1
    run.check_model(4, 8)


def test_training_from_a_model(trained: Run, tmp_path: Path) -> None:
    other, config = tmp_path / "other.safetensors", tmp_path / "config.toml"
    train_image(trained.data, other, trained.config, start=trained.model)
    text = (tmp_path / "other.safetensors.training" / "log.jsonl").read_text()
    begin = next(json.loads(line) for line in text.splitlines())
    assert begin["stage"] == "noise"
    assert begin["loss"] < 0.9 * trained.log("noise")[0]["loss"]
    config.write_text(TWO_RATE_POINTS.format(steps=1).replace("widths = [8, 12]", "widths = [8, 16]"))
    with pytest.raises(ModelError, match="another shape"):
        train_image(trained.data, tmp_path / "third.safetensors", config, start=trained.model)


def test_other_planes_for_trained_networks(trained: Run, tmp_path: Path) -> None:
    """From a model and without a noise stage: the same channels, and as finely quantized, in planes of two."""
    changes = {
        "noise = {": "noise = false #",
        "planes = 4, dimension = 3": "planes = 6, dimension = 2",
        "[2, 2]": "[3, 3]",
    }
    text = TWO_RATE_POINTS.format(steps=1)
    for old, new in changes.items():
        text = text.replace(old, new)
    other, config = tmp_path / "other.safetensors", tmp_path / "config.toml"
    config.write_text(text)
    train_image(trained.data, other, config, start=trained.model)
    before, after = (load(path).model.codebooks.metric for path in (trained.model, other))
    assert (before.shape, after.shape) == ((2, 4, 3), (2, 6, 2))
    for rate in range(2):
        assert sorted(after[rate].ravel()) == pytest.approx(sorted(before[rate].ravel()), rel=1e-4)


def test_a_run_that_was_stopped_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(tmp_path, 64)
    calls = 0
    original = codes.drop_streams

    def stop_at_the_25th(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 25:
            raise KeyboardInterrupt
        return original(*arguments)

    monkeypatch.setattr(codes, "drop_streams", stop_at_the_25th)
    with pytest.raises(KeyboardInterrupt):
        run.train(TWO_RATE_POINTS, steps=40)
    assert not run.model.exists()
    run.train(TWO_RATE_POINTS, steps=40)
    assert calls == 25 + 20  # the last checkpoint was after 20 steps
    assert [entry["step"] for entry in run.log("codes")] == [10, 20, 30, 40]
    assert [entry["step"] for entry in run.log("noise")] == [10, 20, 30, 40]
    written = load(run.model).model.networks
    run.train(TWO_RATE_POINTS, steps=40)  # a run that is complete takes no more steps
    assert calls == 45
    again = load(run.model).model.networks
    assert all((array == again[name]).all() for name, array in written.items())


def test_checkpoints_of_another_configuration(tmp_path: Path) -> None:
    run = Run(tmp_path, 128)
    run.train(IMAGENET, steps=1, update="ema")
    with pytest.raises(ModelError, match=r"quantizer\.alphabet was 512 and is 100 now; --restart trains anew"):
        run.train(IMAGENET.replace("alphabet = 512", "alphabet = 100"), steps=1, update="ema")


@pytest.mark.parametrize("ends", [[4], [1, 4], [1, 2, 4]])
def test_dropped_streams_become_their_most_frequent_codes(ends: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes, "DROP_CHANCE", 1.0)
    torch.manual_seed(0)
    quantizer = ProductQuantizer(QuantizerConfig(planes=4, dimension=2, alphabet=8, rate_points=2))
    quantizer.code_bits.copy_(torch.rand_like(quantizer.code_bits))
    usual = quantizer.code_bits.argmin(-1)
    rate = torch.tensor([0, 1, 1])
    z_q, weight = codes.drop_streams(quantizer, torch.randn(3, 8, 2, 2), rate, ends, Draws(0, "test", 0, range(3)))
    dropped = quantizer.assign(z_q, rate) == usual[rate][:, :, None, None]
    assert (weight == (1.0 if len(ends) == 1 else codes.DROP_WEIGHT)).all()
    assert dropped[:, ends[-2] :].all() if len(ends) > 1 else not dropped.all()


@pytest.mark.parametrize(("size", "message"), [(0, "no readable picture"), (40, "as large as a training crop")])
def test_pictures_that_cannot_be_used(size: int, message: str, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a picture")
    if size:
        Image.new("RGB", (size, size)).save(tmp_path / "small.png")
    with pytest.raises(InputError, match=message):
        train_image(tmp_path, tmp_path / "work" / "model.safetensors")
