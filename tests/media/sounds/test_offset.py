"""An offset is removed, and no click is left of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vqcodec
from tests.helpers.sounds import RATES, sounds, voices
from vqcodec.media.sounds.offset import without_offset


def removed(samples: np.ndarray, rate: int, cuts: list[int] = []) -> np.ndarray:  # noqa: B006
    return np.concatenate(list(without_offset(np.split(samples.astype(np.float32), cuts, axis=1), rate)), axis=1)


@pytest.mark.parametrize("length", [1, 999, 16_000, 16_001, 40_000])
def test_a_constant_offset_is_removed(length: int) -> None:
    voice = voices(2, length, seed=1)
    offset = np.array([[0.3], [-0.1]], np.float32)
    np.testing.assert_allclose(removed(voice + offset, 16_000), removed(voice, 16_000), atol=1e-6)
    np.testing.assert_allclose(removed(offset.repeat(length, 1), 16_000), 0, atol=1e-6)


@pytest.mark.parametrize("pitch", [20, 50, 440])
def test_what_can_be_heard_is_kept(pitch: float) -> None:
    tone = 0.5 * np.sin(2 * np.pi * pitch * np.arange(100_000) / 44_100)[None]
    np.testing.assert_allclose(removed(tone, 44_100), tone, atol=0.01)


@settings(max_examples=20, deadline=None)
@given(sounds(), RATES, st.lists(st.integers(0, 40_000), max_size=4).map(sorted))
def test_how_it_is_cut_makes_no_difference(samples: np.ndarray, rate: int, cuts: list[int]) -> None:
    whole = removed(samples, rate)
    assert whole.shape == samples.shape
    np.testing.assert_array_equal(removed(samples, rate, cuts), whole)


@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_an_offset_ends_without_a_pop(rate: int) -> None:
    codec = vqcodec.load("speech")
    offset = np.full((1, 2 * rate), 0.1, np.float32)
    assert np.abs(codec.decompress(codec.compress(offset, rate))[0]).max() < 0.01
    voice = voices(1, 2 * rate, seed=2)
    pair = [codec.decompress(codec.compress(each, rate))[0] for each in (voice, voice + offset)]
    np.testing.assert_allclose(pair[0], pair[1], atol=0.05)
    assert np.abs(pair[1]).max() < 1.2 * np.abs(pair[0]).max()


@pytest.mark.parametrize("quality", [50, 90])
def test_what_is_cut_in_the_midst_of_a_sound_begins_and_ends_without_a_pop(quality: float) -> None:
    codec = vqcodec.load("speech")
    loud = voices(1, 60_000, seed=3)[:, 21_000:53_000]
    decoded = np.abs(codec.decompress(codec.compress(loud, 16_000, quality))[0])
    assert decoded[:, [*range(800), *range(-800, 0)]].max() < 1.5 * decoded[:, 800:-800].max()
