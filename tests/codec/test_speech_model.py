"""The bundled model for speech."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import vqcodec
from tests.helpers.sounds import voices
from vqcodec.codec.audio import AudioCodec


@pytest.fixture(scope="module")
def codec() -> AudioCodec:
    return vqcodec.load("speech")


@pytest.fixture(scope="module")
def voice() -> np.ndarray:
    return voices(1, 160_000, seed=1)


@pytest.mark.parametrize("kbps", [0.8, 1.5])
def test_a_rate_is_met_from_below_within_five_per_cent(codec: AudioCodec, voice: np.ndarray, kbps: float) -> None:
    data = codec.compress(voice, 16_000, kbps=kbps)
    assert 0.95 * kbps <= 8 * len(data) / 10 / 1000 <= kbps


def test_the_prior_saves_a_fifth_of_fixed_length_coding(codec: AudioCodec, voice: np.ndarray) -> None:
    chosen = codec.settings(95)
    indices = codec.encode(voice, 16_000, chosen.lambda_, chosen.rate_point)
    assert codec.bits(indices).sum() < 0.8 * np.log2(indices.sizes).sum() * indices.values[0].size


def test_loudness_comes_back(codec: AudioCodec, voice: np.ndarray) -> None:
    for gain in (0.1, 1.0):
        decoded, rate = codec.decompress(codec.compress(gain * voice, 16_000, quality=90))
        assert (decoded.shape, rate) == (voice.shape, 16_000)
        assert np.sqrt(np.mean(decoded**2)) == pytest.approx(gain * np.sqrt(np.mean(voice**2)), rel=0.4)


def test_silence_costs_next_to_nothing(codec: AudioCodec) -> None:
    data = codec.compress(np.zeros(160_000), 16_000, quality=50)
    decoded, _ = codec.decompress(data)
    assert 8 * (len(data) - 48) / 10 < 150  # bits a second
    assert np.abs(decoded).max() < 0.01


def level(samples: np.ndarray) -> np.ndarray:
    """The root mean square of each channel."""
    power: NDArray[np.float64] = np.mean(samples**2, axis=1, dtype=float)
    return np.sqrt(power)


def of_two(codec: AudioCodec, channels: np.ndarray, quality: float) -> tuple[np.ndarray, int, list[int]]:
    """What is decoded, the bytes of the file, and those of its channels alone."""
    data = codec.compress(channels, 16_000, quality)
    alone = [len(codec.compress(channel, 16_000, quality)) for channel in channels]
    return codec.decompress(data)[0], len(data), alone


@pytest.mark.parametrize("quality", [30, 90])
@pytest.mark.parametrize(("left", "right"), [(0, 1), (1, 0), (1, 1), (1, -1), (0.9, 0.3)])
def test_a_voice_stays_where_it_is(
    codec: AudioCodec, voice: np.ndarray, left: float, right: float, quality: float
) -> None:
    gains = np.array([[left], [right]], np.float32)
    decoded, size, alone = of_two(codec, gains * voice[:, :16_000], quality)
    power = np.hypot(left, right)
    mono, _ = codec.decompress(codec.compress(power * voice[:, :16_000], 16_000, quality))
    np.testing.assert_allclose(level(decoded), np.abs(gains[:, 0]) / power * level(mono), rtol=0.05)
    np.testing.assert_allclose(decoded[0] * right, decoded[1] * left, atol=1e-3)
    assert size < max(alone) + 30


@pytest.mark.parametrize("quality", [30, 90])
def test_two_voices_are_as_two_files(codec: AudioCodec, quality: float) -> None:
    channels = voices(2, 16_000, seed=3)
    decoded, size, alone = of_two(codec, channels, quality)
    assert size < sum(alone)
    for channel, found in zip(channels, decoded, strict=True):
        own, _ = codec.decompress(codec.compress(channel, 16_000, quality))
        np.testing.assert_allclose(found, own[0], atol=1e-3)


@pytest.mark.parametrize("count", [3, 6, 8])
def test_many_channels_are_as_many_files(codec: AudioCodec, count: int) -> None:
    channels = voices(count, 4_000, seed=4)
    channels[1::3] = 0
    decoded, size, alone = of_two(codec, channels, 60)
    assert size < sum(alone)
    assert not decoded[1::3].any()
    for channel, found in zip(channels, decoded, strict=True):
        own, _ = codec.decompress(codec.compress(channel, 16_000, 60))
        np.testing.assert_allclose(found, own[0] if channel.any() else 0, atol=1e-3)
