"""Channels as rows: by which angle two of them are turned, and that they come back."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitstream import Rotation
from bitstream.sources import ANGLES, STRETCH_SECONDS
from tests.helpers.sounds import sounds, voices
from vqcodec.codec.rows import SILENCE, RowAnalysis, channels_of, rows_of

RATE = 16_000
ONE, OTHER = voices(2, 20 * RATE, seed=1)
SILENT = np.zeros_like(ONE)


def panned(voice: np.ndarray, degrees: float) -> np.ndarray:
    """Between left (0) and right (90)."""
    return np.stack([math.cos(math.radians(degrees)) * voice, math.sin(math.radians(degrees)) * voice])


def analysed(channels: np.ndarray, cuts: tuple[int, ...] = ()) -> tuple[np.ndarray, RowAnalysis]:
    """The rows, and how they were made."""
    analysis = RowAnalysis(RATE)
    blocks = np.split(channels.astype(np.float32), cuts, axis=1)
    return np.concatenate(list(analysis.rows(blocks)), axis=1), analysis


def degrees_of(analysis: RowAnalysis) -> list[tuple[int, float]]:
    return [(stretch, angle * 180 / ANGLES) for stretch, angle in analysis.rotations]


@pytest.mark.parametrize(
    ("channels", "degrees", "silent"),
    [
        (panned(ONE, 0), None, (1,)),
        (panned(ONE, 90), None, (0,)),
        (panned(ONE, 45), 45, (1,)),
        (panned(ONE, 10), 10, (1,)),
        (panned(ONE, 80), 80, (1,)),
        (panned(ONE, 135), 135, (1,)),
        (panned(ONE, 100), 100, (1,)),
        (np.stack([ONE, OTHER]), None, ()),
        (np.stack([ONE, 0.03 * OTHER]), None, ()),
        (panned(ONE, 20) + panned(OTHER, 70), None, ()),
        (np.stack([ONE, np.roll(ONE, 10)]), None, ()),  # from a side: later at one ear
        (panned(ONE, 45) + 0.03 * panned(OTHER, 135), 45, ()),
        (np.stack([SILENT, SILENT]), None, (1,)),
    ],
)
def test_the_angle_of_a_recording(channels: np.ndarray, degrees: float | None, silent: tuple[int, ...]) -> None:
    _, analysis = analysed(np.round(2**15 * channels) / 2**15)
    wanted: list[object] = [] if degrees is None else [(0, pytest.approx(degrees, abs=0.2))]
    assert degrees_of(analysis) == wanted
    assert analysis.silent_rows == silent


def test_an_angle_is_that_of_a_stretch() -> None:
    border = STRETCH_SECONDS * RATE
    channels = panned(ONE, 45)
    channels[:, border : 2 * border] = np.stack([ONE, OTHER])[:, border : 2 * border]
    rows, analysis = analysed(channels)
    assert degrees_of(analysis) == [(0, pytest.approx(45, abs=0.1)), (1, 0), (2, pytest.approx(45, abs=0.1))]
    np.testing.assert_allclose(rows[1, :border], 0, atol=1e-4)
    np.testing.assert_array_equal(rows[:, border + RATE : 2 * border], channels[:, border + RATE : 2 * border])


def test_the_angle_stays_where_nothing_tells_another_one() -> None:
    noise = 1e-3 * np.random.default_rng(1).normal(size=(2, len(ONE)))
    channels = panned(ONE, 45) + noise
    channels[:, 8 * RATE : 16 * RATE] = 0
    assert len(analysed(channels)[1].rotations) == 1


@pytest.mark.parametrize("count", [1, 3, 5, 6, 8])
def test_other_numbers_of_channels_are_rows(count: int) -> None:
    channels = voices(count, 5_000, seed=count)
    channels[1::3] = 0
    rows, analysis = analysed(channels)
    np.testing.assert_array_equal(rows, channels)
    assert (analysis.rotations, analysis.silent_rows) == ([], tuple(range(1, count, 3)))


def test_what_is_as_faint_as_a_step_of_16_bits_is_silent() -> None:
    voice = ONE[None, :RATE] / np.abs(ONE[:RATE]).max()
    assert analysed(np.concatenate([voice, 0.99 * SILENCE * voice, voice]))[1].silent_rows == (1,)
    assert analysed(np.concatenate([voice, 1.01 * SILENCE * voice, voice]))[1].silent_rows == ()


@settings(max_examples=30, deadline=None)
@given(sounds(channels=2), st.lists(st.integers(0, 40_000), max_size=4).map(sorted), st.integers(1_000, 4_000))
def test_channels_come_back(channels: np.ndarray, cuts: list[int], rate: int) -> None:
    analysis = RowAnalysis(rate)
    blocks = np.split(channels, cuts, axis=1)
    rows = np.concatenate(list(analysis.rows(blocks)), axis=1)
    again = np.concatenate(list(rows_of(blocks, rate, analysis.rotations)), axis=1)
    np.testing.assert_array_equal(rows, again)
    restored = np.concatenate(list(channels_of(np.split(rows, cuts, axis=1), rate, analysis.rotations)), axis=1)
    np.testing.assert_allclose(restored, channels, atol=1e-6)


@given(st.lists(st.integers(1, ANGLES - 1), min_size=3, max_size=3, unique=True))
def test_channels_come_back_from_any_angles(angles: list[int]) -> None:
    channels = voices(2, 32_000, seed=2)
    rotations = [Rotation(stretch, angle) for stretch, angle in zip((0, 1, 3), angles, strict=True)]
    (rows,) = [np.concatenate(list(rows_of([channels], 1_000, rotations)), axis=1)]
    assert np.abs(np.diff(rows)).max() < np.abs(np.diff(channels)).max() + 0.2 * np.abs(channels).max()  # no jump
    restored = np.concatenate(list(channels_of([rows], 1_000, rotations)), axis=1)
    np.testing.assert_allclose(restored, channels, atol=1e-6)
