"""Speech at given rates: the rate is met, files are as long as their indices cost, and sound as they should.

Rates are file bytes over all recordings, scores means over them.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

import vqcodec
from vqcodec.evaluation.report.text import markdown_table, number
from vqcodec.media.sounds.recordings import Recording

pytestmark = pytest.mark.promises

RATES = (0.75, 1.0, 1.5, 2.0, 3.0)  # kbit/s
LEAST_SCORES = {1.5: (1.40, 0.80), 3.0: (1.9, 0.86)}  # PESQ-WB and STOI
BELOW_RATE = 0.05
EXCESS_SHARE, EXCESS_BYTES = 0.01, 48
SAVING = 0.2  # of log2 K bits an index


@dataclass(frozen=True)
class Coded:
    """A recording at a rate.

    Attributes:
        kbps: of the file.
        bits: 8 times the length of the file.
        ideal: code length of its indices under the prior, in bits.
        fixed: bits of the indices at log2 K each.
        pesq, stoi: of the decoded recording.
        encoding, decoding: times real time.
    """

    kbps: float
    bits: int
    ideal: float
    fixed: float
    pesq: float
    stoi: float
    encoding: float
    decoding: float


def code(codec: vqcodec.AudioCodec, recording: Recording, wanted: float) -> Coded:
    """Compress and decompress a recording."""
    from vqcodec.evaluation.sounds.metrics import mono, score

    seconds = recording.samples.shape[1] / recording.sample_rate
    began = time.monotonic()
    data = codec.compress(recording.samples, recording.sample_rate, kbps=wanted)
    encoded = time.monotonic()
    decoded, _ = codec.decompress(data)
    done = time.monotonic()
    indices = codec.read(data)
    ideal = float(codec.bits(indices).sum())
    fixed = float(np.log2(np.array(indices.sizes)).sum() * indices.values[0].size)
    scores = score(mono(recording.samples, recording.sample_rate), mono(decoded, recording.sample_rate))
    speeds = seconds / (encoded - began), seconds / (done - encoded)
    return Coded(8 * len(data) / seconds / 1000, 8 * len(data), ideal, fixed, scores.pesq, scores.stoi, *speeds)


@pytest.fixture(scope="module")
def coded(sound_codec: vqcodec.AudioCodec, recordings: Sequence[Recording]) -> Mapping[float, Sequence[Coded]]:
    """All recordings at each rate."""
    for extra in ("pesq", "pystoi", "visqol"):
        pytest.importorskip(extra, reason="needs vqcodec[eval]")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rates out of range are seen in the table
        found = {wanted: [code(sound_codec, each, wanted) for each in recordings] for wanted in RATES}
    print(f"{len(recordings)} recordings, model {sound_codec.model.fingerprint.hex()}:\n\n{table(found)}")
    return found


def mean(group: Sequence[Coded], name: str) -> float:
    """Of a figure over recordings."""
    return float(np.mean([getattr(each, name) for each in group]))


def table(coded: Mapping[float, Sequence[Coded]]) -> str:
    """A line for each rate."""
    rows = []
    for wanted, group in coded.items():
        bits, ideal, fixed = (mean(group, name) for name in ("bits", "ideal", "fixed"))
        figures = [
            number(wanted),
            number(mean(group, "kbps"), 3),
            number(min(each.kbps for each in group) / wanted, 3),
            number(100 * (bits / ideal - 1), 1),
            number(100 * (1 - ideal / fixed), 1),
            number(mean(group, "pesq")),
            number(mean(group, "stoi"), 3),
            number(float(np.median([each.encoding for each in group])), 0),
            number(float(np.median([each.decoding for each in group])), 0),
        ]
        rows.append(figures)
    names = ["kbit/s wanted", "reached", "least share", "excess, %", "saving, %", "PESQ-WB", "STOI", "x enc", "x dec"]
    return markdown_table(names, rows)


@pytest.mark.parametrize("wanted", RATES)
def test_rates_are_met_from_below(coded: Mapping[float, Sequence[Coded]], wanted: float) -> None:
    for each in coded[wanted]:
        assert (1 - BELOW_RATE) * wanted <= each.kbps <= wanted


@pytest.mark.parametrize("wanted", RATES)
def test_files_are_as_long_as_their_indices_cost(coded: Mapping[float, Sequence[Coded]], wanted: float) -> None:
    for each in coded[wanted]:
        assert abs(each.bits - each.ideal) <= EXCESS_SHARE * each.ideal + 8 * EXCESS_BYTES


@pytest.mark.parametrize("wanted", RATES)
def test_the_prior_saves_much_of_a_fixed_code(coded: Mapping[float, Sequence[Coded]], wanted: float) -> None:
    assert 1 - mean(coded[wanted], "ideal") / mean(coded[wanted], "fixed") >= SAVING


@pytest.mark.parametrize(("wanted", "least"), LEAST_SCORES.items())
def test_speech_sounds_as_it_should(
    coded: Mapping[float, Sequence[Coded]], wanted: float, least: tuple[float, float]
) -> None:
    pesq, stoi = least
    assert mean(coded[wanted], "pesq") >= pesq
    assert mean(coded[wanted], "stoi") >= stoi
