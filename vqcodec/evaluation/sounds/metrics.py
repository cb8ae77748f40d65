"""Metrics of decoded recordings of speech: PESQ-WB, STOI and ViSQOL.

All of them are measured at 16 kHz, on the mean of the channels, after a delay of the codec is undone. Long recordings
are scored in pieces, of which the mean counts, as the metrics are made for sentences.
"""

from __future__ import annotations

import logging
import math
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from pesq import PesqError, pesq
from pystoi import stoi
from scipy.signal import correlate, hilbert
from visqol import VisqolApi

from vqcodec.media.sounds.blocks import fit_length
from vqcodec.media.sounds.resampling import resample

__all__ = ["LONGEST_DELAY", "LONGEST_PIECE", "PACKAGES", "RATE", "Scores", "cut", "delay", "mono", "pesq_wb", "score"]

Samples = NDArray[np.float32]

PACKAGES = ("pesq", "pystoi", "visqol-python", "ai-edge-litert")
RATE = 16_000
LONGEST_DELAY = 0.05  # seconds
# Seconds. The reference code of PESQ crashes at more than 50 utterances, and the time of ViSQOL grows with the square.
LONGEST_PIECE = 15
TOO_SHORT_FOR_STOI = 1e-5  # what pystoi returns for a sound that is too short


@dataclass(frozen=True)
class Scores:
    """The scores of a recording; NaN where there is none.

    Attributes:
        pesq: PESQ-WB, 1..4.64: a MOS-LQO after ITU-T P.862.2.
        stoi: short-time objective intelligibility (Taal et al., 2011), at most 1.
        visqol: ViSQOL 3 in its mode for speech with the lattice (Chinen et al., 2020), 1..5: a MOS-LQO.
    """

    pesq: float
    stoi: float
    visqol: float


UNKNOWN = Scores(math.nan, math.nan, math.nan)


def mono(samples: Samples, sample_rate: int) -> Samples:
    """`[N']` at RATE: the mean of the channels of `[C, N]` at `sample_rate` Hz."""
    mixed: Samples = samples.mean(axis=0, keepdims=True, dtype=np.float32)
    (resampled,) = resample(mixed, sample_rate, RATE)
    return np.asarray(resampled)


def delay(original: Samples, decoded: Samples) -> int:
    """By how many samples `decoded [M]` is later than `original [N]`, both at RATE; at most LONGEST_DELAY either way.

    It is the peak of the cross-correlation of the envelopes, as a codec may not keep the phases of the waveform.
    """
    reach = round(LONGEST_DELAY * RATE)
    envelopes = [np.abs(hilbert(samples.astype(np.float64))) for samples in (decoded, original)]
    found = correlate(*(np.pad(each - each.mean(), reach) for each in envelopes), mode="full", method="fft")
    middle = len(original) + 2 * reach - 1  # where neither is later
    near = found[middle - reach : middle + reach + 1]
    return int(near.argmax()) - reach if near.max() > 0 else 0


def score(original: Samples, decoded: Samples) -> Scores:
    """The scores of `decoded [M]` against `original [N]`, both at RATE."""
    late = delay(original, decoded)
    shifted = np.pad(decoded[max(late, 0) :], (max(-late, 0), 0))
    decoded = fit_length(shifted[None], len(original))[0]
    found = [each for each in (_score_piece(*piece) for piece in cut(original, decoded)) if each]
    if not found:
        return UNKNOWN
    return Scores(*(fmean(getattr(each, name) for each in found) for name in ("pesq", "stoi", "visqol")))


def cut(original: Samples, decoded: Samples) -> list[tuple[Samples, Samples]]:
    """Both in pieces of equal length, of at most LONGEST_PIECE."""
    count = max(1, math.ceil(len(original) / (LONGEST_PIECE * RATE)))
    return list(zip(np.array_split(original, count), np.array_split(decoded, count), strict=True))


def _score_piece(original: Samples, decoded: Samples) -> Scores | None:
    """The scores of a piece; None if its original cannot be scored."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        found = pesq_wb(original, decoded)
        if math.isnan(found):
            return None if math.isnan(pesq_wb(original, original)) else UNKNOWN
        return Scores(found, _stoi(original, decoded), _visqol(original, decoded))


def pesq_wb(original: Samples, decoded: Samples) -> float:
    """PESQ-WB of a piece; NaN if it cannot be scored."""
    try:
        return float(pesq(RATE, original, decoded, "wb"))
    except (PesqError, ValueError):  # no utterance, or shorter than a quarter of a second; silence
        return math.nan


def _stoi(original: Samples, decoded: Samples) -> float:
    found = float(stoi(original, decoded, RATE))
    return math.nan if found == TOO_SHORT_FOR_STOI else found


def _visqol(original: Samples, decoded: Samples) -> float:
    try:
        signals = original.astype(np.float64), decoded.astype(np.float64)
        return float(_visqol_for_speech().measure_from_arrays(*signals, RATE).moslqo)
    except (ValueError, IndexError):  # it is too short
        return math.nan


@cache
def _visqol_for_speech() -> VisqolApi:
    logging.getLogger("visqol").setLevel(logging.ERROR)
    api = VisqolApi()
    with _silent_errors():  # as its runtime tells which of its parts it uses
        api.create(mode="speech", use_lattice_model=True)
    return api


@contextmanager
def _silent_errors() -> Iterator[None]:
    """Drop what libraries write to standard error, even if they do not do it through Python."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
