"""How what is measured on sounds is told."""

from __future__ import annotations

from vqcodec.evaluation.report.section import Section
from vqcodec.evaluation.report.text import number
from vqcodec.evaluation.report.wording import RateScale, Wording
from vqcodec.evaluation.shared.results import Results
from vqcodec.evaluation.sounds.folder import OriginalSound
from vqcodec.evaluation.sounds.metrics import LONGEST_DELAY, LONGEST_PIECE
from vqcodec.evaluation.sounds.rate_distortion import SOUND_METRICS

__all__ = ["SOUND_WORDING"]

HOW = (
    "PESQ-WB, STOI and ViSQOL (its mode for speech, with the lattice) are measured at 16 kHz on the mean of the "
    f"channels, after a delay of up to {1000 * LONGEST_DELAY:g} ms is undone. Sounds longer than {LONGEST_PIECE} s are "
    "measured in equal pieces, of which the mean counts.",
    "The compared rate of Opus is that of its packets, without the Ogg container around them. That of vqcodec is the "
    "rate of the whole file. Both are over the whole length of a sound, with its pauses.",
    "Times of vqcodec include the search for the target, and times of Opus include the start of its programs.",
)


def _sections(results: Results) -> list[Section]:
    """Every codec at every target, with the rate of whole files."""
    rows = tuple(
        (
            codec.title,
            f"{mean.quality:g}",
            number(mean.kbps, 3),
            number(mean.file_kbps, 3),
            *(number(getattr(mean, metric.name), metric.digits) for metric in SOUND_METRICS),
        )
        for codec in results.codecs
        for mean in results.means
        if mean.codec == codec.name
    )
    metrics = (metric.short for metric in SOUND_METRICS)
    header = ("codec", "target", "kbit/s, compared", "kbit/s of the file", *metrics)
    return [Section("Rates and scores", HOW, header, rows, first=True)]


def _length(original: OriginalSound) -> str:
    return f"{original.seconds:.1f}"


SOUND_WORDING = Wording(
    one="sound",
    many="sounds",
    setting="target",
    settings="targets",
    rate=RateScale(
        unit="kbit/s",
        short="kbit/s",
        digits=2,
        tabled=(0.6, 0.8, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 12.0, 16.0, 24.0),
        ticks=(0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64),
    ),
    drawn=SOUND_METRICS,
    against="",
    clock="wall clock on one core, sounds side by side",
    facts=("seconds", _length),
    sections=_sections,
)
