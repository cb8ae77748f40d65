"""Recordings keep their time, their band and their length at other sample rates, however they are cut."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bitstream.errors import InputError
from vqcodec.media.sounds.blocks import fit_blocks, fit_length
from vqcodec.media.sounds.resampling import note_of_bandwidth, resample, resample_blocks, resampled_length

COMMON = [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000]
RATES = st.sampled_from([*COMMON, 12_345, 1_000, 192_000, 16_001, 15_999]) | st.integers(4_000, 200_000)


def noise(channels: int, length: int) -> NDArray[np.float32]:
    return np.random.default_rng(length).uniform(-0.5, 0.5, (channels, length)).astype(np.float32)


def tone(length: int, rate: int, pitch: float = 440) -> NDArray[np.float32]:
    return (0.5 * np.sin(2 * np.pi * pitch * np.arange(length) / rate + 0.3)).astype(np.float32)[None]


@settings(deadline=None)
@given(length=st.integers(1, 5_000), rate_in=RATES, rate_out=RATES, channels=st.integers(1, 3))
@example(length=1, rate_in=10_000_000, rate_out=16_000, channels=1)
@example(length=2_000_000, rate_in=10_000_000, rate_out=16_000, channels=1)
@example(length=50, rate_in=16_000, rate_out=10_000_000, channels=1)
@example(length=1_000_003, rate_in=16_000, rate_out=15_999, channels=1)
def test_the_length_is_the_duration_rounded_up(length: int, rate_in: int, rate_out: int, channels: int) -> None:
    expected = ceil(Fraction(length * rate_out, rate_in))
    assert resampled_length(length, rate_in, rate_out) == expected
    result = resample(noise(channels, length), rate_in, rate_out)
    assert (result.shape, result.dtype) == ((channels, expected), np.dtype(np.float32))


@given(length=st.integers(1, 2**40), rate_in=st.integers(1_000, 10_000_000), rate_out=st.integers(1_000, 10_000_000))
def test_there_and_back_is_never_shorter(length: int, rate_in: int, rate_out: int) -> None:
    assert resampled_length(resampled_length(length, rate_in, rate_out), rate_out, rate_in) >= length


@settings(deadline=None)
@given(rate_in=RATES, rate_out=RATES, cuts=st.lists(st.integers(0, 6_000), max_size=12))
def test_blocks_of_any_length_give_the_same_samples(rate_in: int, rate_out: int, cuts: list[int]) -> None:
    samples = noise(2, 6_000)
    blocks = np.split(samples, sorted(cuts), axis=1)
    parts = list(resample_blocks(blocks, rate_in, rate_out))
    assert np.array_equal(np.concatenate(parts, axis=1), resample(samples, rate_in, rate_out))


@pytest.mark.parametrize(("rate_in", "rate_out"), [(44_100, 16_000), (16_000, 44_100), (16_000, 192_000)])
def test_memory_is_bounded_whatever_the_blocks_are(rate_in: int, rate_out: int) -> None:
    length = 1_000_000 * rate_in // max(rate_in, rate_out)
    parts = list(resample_blocks([noise(1, length)], rate_in, rate_out))
    assert max(part.shape[1] for part in parts) < 2 * 2**16


def test_the_same_rate_changes_nothing_and_no_blocks_give_none() -> None:
    samples = noise(2, 999)
    assert np.array_equal(resample(samples, 44_100, 44_100), samples)
    assert list(resample_blocks([], 44_100, 16_000)) == []


@pytest.mark.parametrize("rate", [8_000, 11_025, 12_345, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_a_tone_is_at_its_time_at_every_rate(rate: int) -> None:
    samples = tone(rate, rate)
    there = resample(samples, rate, 16_000)
    back = fit_length(resample(there, 16_000, rate), rate)
    # Where it begins and ends, a tone is not within any band.
    assert np.abs(there - tone(16_000, 16_000))[:, 800:-800].max() < 1e-5
    assert np.abs(back - samples)[:, rate // 20 : -rate // 20].max() < 1e-5


def test_the_band_is_kept_and_nothing_is_folded_into_it() -> None:
    kept = resample(tone(48_000, 48_000, 7_000), 48_000, 16_000)
    assert np.abs(kept - tone(16_000, 16_000, 7_000))[:, 800:-800].max() < 1e-4
    lost = resample(tone(48_000, 48_000, 9_000), 48_000, 16_000)
    assert np.abs(lost)[:, 800:-800].max() < 1e-4


def test_silence_and_a_constant_stay_what_they_are() -> None:
    assert not resample(np.zeros((1, 44_100), np.float32), 44_100, 16_000).any()
    constant = resample(np.full((1, 44_100), 0.25, np.float32), 44_100, 16_000)
    assert np.abs(constant - 0.25)[:, 800:-800].max() < 1e-6


@given(length=st.integers(0, 300), wanted=st.integers(1, 300), cuts=st.lists(st.integers(0, 300), max_size=5))
def test_lengths_are_fitted_at_the_end(length: int, wanted: int, cuts: list[int]) -> None:
    samples = noise(2, length)
    fitted = fit_length(samples, wanted)
    common = min(length, wanted)
    assert fitted.shape == (2, wanted)
    assert np.array_equal(fitted[:, :common], samples[:, :common])
    assert not fitted[:, common:].any()
    blocks = np.split(samples, sorted(min(cut, length) for cut in cuts), axis=1)
    assert np.array_equal(np.concatenate(list(fit_blocks(blocks, wanted)), axis=1), fitted)


@pytest.mark.parametrize(("rate_in", "rate_out"), [(999, 16_000), (16_000, 10_000_001), (16_000, 0), (16e3, 8_000)])
def test_rates_that_hold_no_sound_are_refused(rate_in: int, rate_out: int) -> None:
    with pytest.raises(InputError, match="a sample rate must be an int from 1000 to 10000000 Hz"):
        resample(noise(1, 9), rate_in, rate_out)


def test_the_band_that_a_model_does_not_keep_is_noted() -> None:
    assert note_of_bandwidth(16_000, 16_000) is None
    assert note_of_bandwidth(8_000, 16_000) is None
    assert note_of_bandwidth(44_100, 16_000) == (
        "the model keeps nothing above 8 kHz: the sound has 44.1 kHz samples, up to 22.05 kHz are in it"
    )
