"""The bundled model for speech."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_audio import voices

import vqcodec
from vqcodec.audio.codec import AudioCodec


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
