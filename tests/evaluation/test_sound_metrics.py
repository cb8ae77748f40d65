"""PESQ-WB, STOI and ViSQOL: of what they are measured, and what cannot be scored."""

from __future__ import annotations

import math
from dataclasses import astuple
from statistics import fmean

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.helpers.sounds import voices

pytest.importorskip("pesq", reason="needs vqcodec[eval]")
pytest.importorskip("pystoi", reason="needs vqcodec[eval]")
pytest.importorskip("visqol", reason="needs vqcodec[eval]")

from vqcodec.evaluation.sounds import metrics as sound_metrics
from vqcodec.evaluation.sounds.metrics import RATE, delay, mono, score

Samples = NDArray[np.float32]


@pytest.fixture(scope="module")
def voice() -> Samples:
    return voices(1, 2 * RATE, seed=1).ravel()


def noisy(samples: Samples, sigma: float) -> Samples:
    return samples + np.float32(sigma) * np.random.default_rng(0).normal(size=samples.shape).astype(np.float32)


def test_an_original_has_the_best_scores(voice: Samples, capfd: pytest.CaptureFixture[str]) -> None:
    scores = score(voice, voice)
    assert scores.pesq == pytest.approx(4.644, abs=1e-3)  # the most that P.862.2 maps to
    assert scores.stoi == pytest.approx(1)
    assert 4 < scores.visqol <= 5
    assert capfd.readouterr() == ("", "")


def test_noise_lowers_all_scores(voice: Samples) -> None:
    found = [astuple(score(voice, noisy(voice, sigma))) for sigma in (0.003, 0.05)]
    assert (np.diff(found, axis=0) < 0).all()


@pytest.mark.parametrize("late", [-700, -13, 0, 1, 160, 800])
def test_a_delay_is_found_and_undone(voice: Samples, late: int) -> None:
    shifted = noisy(np.concatenate([np.zeros(late, np.float32), voice]) if late > 0 else voice[-late:], 0.002)
    assert delay(voice, shifted) == late
    if abs(late) == 700:
        assert score(voice, shifted).stoi > 0.9 > score(voice, shifted[800:]).stoi  # 100 ms are too much


def test_silence_has_no_delay(voice: Samples) -> None:
    silence = np.zeros(9, np.float32)
    assert [delay(voice, silence), delay(silence, voice), delay(silence, silence)] == [0, 0, 0]


def test_other_lengths_are_made_equal(voice: Samples) -> None:
    assert score(voice, np.concatenate([voice, voice[:2000]])) == score(voice, voice)
    assert score(voice, voice[:30_000]) == score(voice, np.pad(voice[:30_000], (0, 2000)))


def test_what_is_silent_or_short_cannot_be_scored(voice: Samples) -> None:
    silence = np.zeros_like(voice)
    short = [(voice[:length], voice[:length]) for length in (1, 3000, 4800)]
    for original, decoded in [(silence, silence), (silence, voice), (voice, silence), *short]:
        assert any(map(math.isnan, astuple(score(original, decoded))))


def test_long_sounds_are_scored_in_pieces(voice: Samples, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = [voice, np.zeros_like(voice), voices(1, 2 * RATE, seed=3)[0]]
    decoded = [noisy(part, sigma) for part, sigma in zip(parts, (0.003, 0.003, 0.02), strict=True)]
    monkeypatch.setattr(sound_metrics, "LONGEST_PIECE", 2)
    found = score(np.concatenate(parts), np.concatenate(decoded))
    alone = [score(parts[number], decoded[number]) for number in (0, 2)]  # there is nothing to score in a pause
    assert astuple(found) == pytest.approx([fmean(each) for each in zip(*map(astuple, alone), strict=True)], abs=0.02)
    lost = score(np.concatenate(parts), np.concatenate([parts[0], parts[1], parts[1]]))
    assert all(map(math.isnan, astuple(lost)))  # but where a voice becomes a pause, there is


def test_pesq_takes_minutes_with_many_utterances(voice: Samples) -> None:
    """PESQ's reference code crashes with as many of them at once."""
    sentence = np.concatenate([voice[: RATE // 2], np.zeros(RATE // 2, np.float32)])
    pieces = sound_metrics.cut(np.tile(sentence, 120), np.tile(noisy(sentence, 0.01), 120))
    assert len(pieces) == 8
    assert all(1 < sound_metrics.pesq_wb(*piece) < 4.5 for piece in pieces)


def test_channels_are_mixed_and_resampled() -> None:
    both = voices(2, 44_100, seed=4)
    found = mono(both, 44_100)
    assert found.shape == (RATE,)
    np.testing.assert_allclose(found, mono(both.mean(0, keepdims=True), 44_100)[:], atol=1e-6)
