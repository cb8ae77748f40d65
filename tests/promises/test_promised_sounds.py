"""Promises about sound, checked on a folder of recordings of speech; the exit status is 1 if one is broken.

    python scripts/checks_sound.py SOUNDS [--model speech]

For every rate: the file is not above it and within 5 % of it; the file is as long as the code length of its indices
says, within 1 % and 48 bytes; the prior saves a fifth of fixed-length coding, log2 K bits an index; PESQ-WB and STOI
are what they have to be. Rates are file bytes over all recordings, scores means over them. Prints Markdown.
"""

from __future__ import annotations

import argparse
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from bitstream import VqcodecError
from vqcodec.codec.audio import AudioCodec
from vqcodec.codec.loading import for_sound, load
from vqcodec.defaults import DEFAULT_AUDIO_MODEL
from vqcodec.evaluation.report.text import markdown_table, number, verdict
from vqcodec.evaluation.sounds.folder import sounds_in
from vqcodec.evaluation.sounds.metrics import mono, score
from vqcodec.media.sounds.recordings import Recording, read_recording

# kbit/s, and the least PESQ-WB and STOI.
RATES = ((0.75, 0.0, 0.0), (1.0, 0.0, 0.0), (1.5, 1.40, 0.80), (2.0, 0.0, 0.0), (3.0, 1.9, 0.86))
BELOW_RATE = 0.05
EXCESS_SHARE, EXCESS_BYTES = 0.01, 48
SAVING = 0.2


@dataclass(frozen=True)
class Coded:
    """A recording at a rate.

    Attributes:
        wanted: kbit/s.
        kbps: of the file.
        excess: bits of the file beyond the code length of its indices, and that.
        ideal: likewise.
        fixed: bits of the indices at log2 K each.
        pesq, stoi: of the decoded recording.
        encoding, decoding: times real time.
    """

    wanted: float
    kbps: float
    excess: float
    ideal: float
    fixed: float
    pesq: float
    stoi: float
    encoding: float
    decoding: float

    @property
    def is_real(self) -> bool:
        """Whether the reported code length is the size of the file."""
        return abs(self.excess) <= EXCESS_SHARE * self.ideal + 8 * EXCESS_BYTES

    @property
    def meets_rate(self) -> bool:
        """Whether the rate is met from below."""
        return (1 - BELOW_RATE) * self.wanted <= self.kbps <= self.wanted


def measure(codec: AudioCodec, recording: Recording, wanted: float) -> Coded:
    """Compress and decompress a recording."""
    seconds = recording.samples.shape[1] / recording.sample_rate
    began = time.monotonic()
    data = codec.compress(recording.samples, recording.sample_rate, kbps=wanted)
    encoded = time.monotonic()
    decoded, _ = codec.decompress(data)
    done = time.monotonic()
    indices = codec.read(data)
    ideal = float(codec.bits(indices).sum())
    fixed = np.log2(np.array(indices.sizes)).sum() * indices.values[0].size
    scores = score(mono(recording.samples, recording.sample_rate), mono(decoded, recording.sample_rate))
    speeds = seconds / (encoded - began), seconds / (done - encoded)
    kbps = 8 * len(data) / seconds / 1000
    return Coded(wanted, kbps, 8 * len(data) - ideal, ideal, float(fixed), scores.pesq, scores.stoi, *speeds)


def row_of(coded: list[Coded], least_pesq: float, least_stoi: float) -> tuple[list[str], bool]:
    """The line of a rate, and whether its promises are kept."""
    saving = 1 - sum(each.ideal for each in coded) / sum(each.fixed for each in coded)
    pesq, stoi = (float(np.mean([getattr(each, name) for each in coded])) for name in ("pesq", "stoi"))
    promises = [
        all(each.meets_rate for each in coded),
        all(each.is_real for each in coded),
        saving >= SAVING,
        pesq >= least_pesq and stoi >= least_stoi,
    ]
    figures = [
        number(coded[0].wanted),
        number(float(np.mean([each.kbps for each in coded])), 3),
        number(min(each.kbps / each.wanted for each in coded), 3),
        number(100 * sum(each.excess for each in coded) / sum(each.ideal for each in coded), 1),
        number(100 * saving, 1),
        number(pesq),
        number(stoi, 3),
        number(float(np.median([each.encoding for each in coded])), 0),
        number(float(np.median([each.decoding for each in coded])), 0),
    ]
    return [*figures, *(verdict(promise) for promise in promises)], all(promises)


def main() -> bool:
    """See the module; whether all promises are kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sounds", type=Path, help="folder of recordings")
    parser.add_argument("--model", default=DEFAULT_AUDIO_MODEL, help="name of a bundled model, or a model file")
    arguments = parser.parse_args()
    codec = for_sound(load(arguments.model))
    recordings = [read_recording(path) for path in sounds_in(arguments.sounds)]
    rows, kept = [], True
    for wanted, least_pesq, least_stoi in RATES:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # rates out of range are seen in the table
            coded = [measure(codec, each, wanted) for each in tqdm(recordings, desc=f"{wanted:g} kbit/s", disable=None)]
        row, promises = row_of(coded, least_pesq, least_stoi)
        rows.append(row)
        kept &= promises
    print(f"{len(recordings)} recordings, model {arguments.model} ({codec.model.fingerprint.hex()}):\n")
    names = ["kbit/s wanted", "reached", "least share", "excess, %", "saving, %", "PESQ-WB", "STOI", "x enc", "x dec"]
    print(markdown_table([*names, "rate met", "real", "saves", "sounds"], rows))
    return kept


if __name__ == "__main__":
    try:
        raise SystemExit(0 if main() else 1)
    except VqcodecError as error:
        raise SystemExit(f"checks_sound.py: error: {error}") from None
