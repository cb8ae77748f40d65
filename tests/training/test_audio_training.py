"""Training of a model for sound, and of its prior, on a small configuration."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

import vqcodec
from bitstream import InputError, ModelError
from tests.helpers.sounds import voices
from vqcodec.codec.audio import AudioCodec
from vqcodec.training.audio import AudioTraining, train_audio
from vqcodec.training.data.sound_cuts import SoundCuts
from vqcodec.training.data.sounds import SoundCache
from vqcodec.training.engine import loop
from vqcodec.training.engine.config import load_config
from vqcodec.training.engine.randomness import Draws
from vqcodec.training.prior.fit import fit_prior
from vqcodec.training.stages import start
from vqcodec.transform.torch_networks import state_of

CONFIG = """
lambdas = [2.0, 10.0]
[autoencoder]
widths = [16, 24]
blocks = [1, 1]
decoder_blocks = [1, 1]
latent_channels = 16
rate_points = 2
[quantizer]
planes = 4
alphabet = 16
rate_points = 2
[prior]
planes = [2, 2]
streams = [1, 1]
hidden = 16
dilations = [1, 2]
[noise]
steps = 40
batch = 4
crop = 32
[codebooks]
positions = 1000
iterations = 3
[codes]
steps = 100
batch = 4
crop = 32
"""
PRIOR = "float_steps = 120\nsteps = 150\nbatch = 4\ncrop = 64\nheld_out = 3\ncalibrated_on = 2\n"


@dataclass(frozen=True)
class Run:
    """What was trained, and its log."""

    model: Path
    log: list[dict[str, object]]

    def figures(self, stage: str, name: str) -> list[float]:
        return [float(entry[name]) for entry in self.log if entry["stage"] == stage and name in entry]  # type: ignore[arg-type]


@pytest.fixture(scope="module", autouse=True)
def _short_intervals() -> Iterator[None]:
    """Log often, and look at few latents to begin with, as the runs are short."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "LOG_EVERY", 10)
        patch.setattr(start, "PATCHES", 2_000)
        yield


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of voices at several rates and channel counts, and a file that is no sound."""
    folder = tmp_path_factory.mktemp("sounds")
    for number, (rate, channels) in enumerate(
        [(16_000, 1), (44_100, 2), (8_000, 1), (16_000, 1), (22_050, 2), (16_000, 1)]
    ):
        samples = voices(channels, 2 * rate, seed=number).T
        soundfile.write(folder / f"{number}.wav", samples, rate)
    (folder / "broken.wav").write_bytes(b"RIFF nothing")
    return folder


@pytest.fixture(scope="module")
def run(sounds: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("model")
    (folder / "train.toml").write_text(CONFIG)
    (folder / "prior.toml").write_text(PRIOR)
    model = folder / "voice.safetensors"
    train_audio(sounds, model, folder / "train.toml")
    fit_prior(model, sounds, folder / "prior.toml")
    log = (folder / "voice.safetensors.training" / "log.jsonl").read_text()
    return Run(model, [json.loads(line) for line in log.splitlines()])


def test_every_stage_learns(run: Run) -> None:
    noise = run.figures("noise", "loss")
    assert noise[-1] < 0.93 * noise[0]
    assert run.figures("codes", "distortion")[-1] < run.figures("noise", "distortion")[0]
    lengths = run.figures("codes", "code_length")
    assert np.mean(lengths[-3:]) < 0.99 * np.mean(lengths[:3])


def test_the_prior_learns(run: Run) -> None:
    figures = run.log[-1]["held_out_bits_per_position"]
    assert isinstance(figures, dict)
    losses = run.figures("prior-float", "loss")
    assert np.mean(losses[-3:]) < 0.95 * np.mean(losses[:3])  # of the few sounds that it is fitted to
    for rate in range(2):
        assert figures["integer"][rate] < 1.05 * figures["float"][rate]
        assert figures["sharpened"][rate] < 1.1 * figures["integer"][rate]


def test_the_model_codes_sounds(run: Run, sounds: Path) -> None:
    codec = vqcodec.load(run.model)
    assert isinstance(codec, AudioCodec)
    samples, rate = soundfile.read(sounds / "1.wav", dtype="float32", always_2d=True)
    coarse, fine = codec.settings(1), codec.settings(100)
    assert (coarse.rate_point, fine.rate_point) == (0, 1)
    assert coarse.lambda_ > fine.lambda_
    decoded, _ = codec.decompress(codec.compress(samples.T, rate, 100))
    assert decoded.shape == samples.T.shape


def test_latents_begin_above_the_noise(sounds: Path, tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text(CONFIG.replace("steps = 40", "steps = 1").replace("steps = 100", "steps = 1"))
    settings = load_config(config, AudioTraining)
    assert settings.stream_ends == [2, 4]
    train_audio(sounds, tmp_path / "m.safetensors", config)
    codec = vqcodec.load(tmp_path / "m.safetensors")
    assert isinstance(codec, AudioCodec)
    latents, _ = codec.analyse([voices(1, 32_000, seed=9)], 16_000)
    assert 1 < latents.std((2, 3)).mean() < 10


def test_a_model_to_start_from(run: Run, sounds: Path, tmp_path: Path) -> None:
    """With a rate point more than it has."""
    config = tmp_path / "c.toml"
    short = CONFIG.replace("steps = 40", "steps = 1").replace("steps = 100", "steps = 1")
    config.write_text(short.replace("[2.0, 10.0]", "[2.0, 10.0, 30.0]").replace("rate_points = 2", "rate_points = 3"))
    train_audio(sounds, tmp_path / "m.safetensors", config, start=run.model)
    before, after = (vqcodec.load(path).model for path in (run.model, tmp_path / "m.safetensors"))
    assert after.codebooks.metric.shape[0] == 3
    np.testing.assert_allclose(
        state_of(after.networks, "encoder")["layers.0.weight"],
        state_of(before.networks, "encoder")["layers.0.weight"],
        atol=0.02,
    )
    config.write_text(short.replace("widths = [16, 24]", "widths = [16, 32]"))
    with pytest.raises(ModelError, match="another shape"):
        train_audio(sounds, tmp_path / "other.safetensors", config, start=run.model)


def test_sounds_are_decoded_once(sounds: Path, tmp_path: Path) -> None:
    first = SoundCache(sounds, tmp_path, 16_000).sounds
    assert len(first) == 6
    assert {len(sound) for sound in first} == {32_000}
    (kept,) = tmp_path.glob("*.npz")
    written = kept.stat().st_mtime_ns
    again = SoundCache(sounds, tmp_path, 16_000).sounds
    assert kept.stat().st_mtime_ns == written
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert {len(sound) for sound in SoundCache(sounds, tmp_path, 8_000).sounds} == {16_000}


def test_cuts() -> None:
    sounds = [np.full(100, 2**14, np.int16), np.full(5000, 2**14, np.int16)]
    batch = SoundCuts(sounds, 300, torch.device("cpu"))(Draws(0, "test", 0, range(40)))
    assert batch.shape == (40, 1, 300)
    assert batch.abs().max() <= 1
    levels = batch.amax((1, 2))
    assert levels.max() > 2 * levels.min()  # they are made louder and softer


def test_folders_without_sounds(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        SoundCache(tmp_path / "none", tmp_path / "cache", 16_000)
    with pytest.raises(InputError, match="no readable sound"):
        SoundCache(tmp_path, tmp_path / "cache", 16_000)
