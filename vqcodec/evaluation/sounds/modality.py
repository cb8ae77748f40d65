"""Sounds, as `vqcodec eval rd` evaluates them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from statistics import fmean
from typing import Any

from vqcodec.evaluation.pictures.entrants import Entrant
from vqcodec.evaluation.report.summary import Section
from vqcodec.evaluation.report.text import number
from vqcodec.evaluation.shared.modality import Modality, Outcome, RateScale, Task
from vqcodec.evaluation.shared.published import OF_SOUNDS
from vqcodec.evaluation.shared.results import Results
from vqcodec.evaluation.sounds.entrants import choose_sound_entrants
from vqcodec.evaluation.sounds.folder import Sound, read_sounds
from vqcodec.evaluation.sounds.listening import Clip, SoundExhibit, choose_sounds
from vqcodec.evaluation.sounds.metrics import LONGEST_DELAY, LONGEST_PIECE, PACKAGES
from vqcodec.evaluation.sounds.rate_distortion import SOUND_METRICS, SoundCodec, SoundMean, SoundPoint
from vqcodec.evaluation.sounds.tasks import Listening, MeasuringSound

__all__ = ["SOUNDS"]

HOW = (
    "PESQ-WB, STOI and ViSQOL (its mode for speech, with the lattice) are measured at 16 kHz on the mean of the "
    f"channels, after a delay of up to {1000 * LONGEST_DELAY:g} ms is undone; longer sounds than {LONGEST_PIECE} s in "
    "equal pieces, of which the mean counts.",
    "The compared rate of Opus is that of its packets, without the Ogg container around them; that of vqcodec is the "
    "whole file, with everything in it. Both are over the whole length of a sound, pauses included.",
    "The encoder of vqcodec is timed with its search for the target, Opus with the start of its programs.",
)


def _conclude(entrants: Sequence[Entrant[SoundCodec]], points: Sequence[SoundPoint]) -> Outcome:
    """Without settings that a codec cannot tell apart, and with the sounds that cannot be scored named."""
    metrics = [metric.name for metric in SOUND_METRICS]
    unscored = {point.sound for point in points if not all(math.isfinite(getattr(point, name)) for name in metrics)}
    notes = [f"{name} is in no mean: it cannot be scored, as it is silent or too short" for name in sorted(unscored)]
    kept = []
    for entrant in entrants:
        distinct = _distinct([point for point in points if point.codec == entrant.name])
        missing = [f"{each:g}" for each in entrant.qualities if each not in distinct]
        if missing:
            targets = f"target{'s' * (len(missing) > 1)} {', '.join(missing)}"
            notes.append(f"{entrant.title} has the same files at {targets} as at the next one, which stands for them")
        kept.append(replace(entrant, qualities=tuple(each for each in entrant.qualities if each in distinct)))
    left = {(entrant.name, quality) for entrant in kept for quality in entrant.qualities}
    found = tuple(point for point in points if (point.codec, point.quality) in left)
    return Outcome(tuple(kept), found, frozenset(unscored), tuple(notes))


def _distinct(points: Sequence[SoundPoint]) -> set[float]:
    """Settings of a codec without those that give files of the same size as the next: of these, the nearest counts."""
    ordered = sorted(points, key=lambda point: (point.quality, point.sound))
    files = [(quality, list(group)) for quality, group in groupby(ordered, key=lambda point: point.quality)]
    kept = set()
    for _, same in groupby(files, key=lambda each: [point.bytes for point in each[1]]):
        candidates = {quality: fmean(point.file_kbps for point in group) for quality, group in same}
        kept.add(min(candidates, key=lambda quality: abs(math.log(quality / candidates[quality]))))
    return kept


def _showings(
    originals: Sequence[Sound], points: Sequence[SoundPoint], entrants: Sequence[Entrant[SoundCodec]], budget: int
) -> list[Task]:
    choices = choose_sounds(entrants)
    return [Listening(original, choices, budget) for original in originals]


def _sections(results: Results) -> list[Section]:
    """Every codec at every target, with the rate of whole files."""
    rows = tuple(
        (
            entrant.title,
            f"{mean.quality:g}",
            number(mean.kbps, 3),
            number(mean.file_kbps, 3),
            *(number(getattr(mean, metric.name), metric.digits) for metric in SOUND_METRICS),
        )
        for entrant in results.entrants
        for mean in results.means
        if mean.codec == entrant.name
    )
    metrics = (metric.short for metric in SOUND_METRICS)
    header = ("codec", "target", "kbit/s, compared", "kbit/s of the file", *metrics)
    return [Section("Rates and scores", HOW, header, rows, first=True)]


def _exhibit(exhibit: SoundExhibit) -> dict[str, Any]:
    return {"seconds": exhibit.seconds, "clips": [_clip(clip) for clip in exhibit.clips]}


def _clip(clip: Clip) -> dict[str, Any]:
    return {
        "codec": clip.codec or None,
        "quality": clip.quality,
        "sound": f"data:audio/flac;base64,{clip.sound}",
        "picture": f"data:image/png;base64,{clip.picture}",
    }


SOUNDS = Modality(
    one="sound",
    many="sounds",
    field="sound",
    setting="target",
    settings="targets",
    metrics=SOUND_METRICS,
    drawn=SOUND_METRICS,
    rate=RateScale(
        unit="kbit/s",
        short="kbit/s",
        digits=2,
        tabled=(0.6, 0.8, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 12.0, 16.0, 24.0),
        ticks=(0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64),
    ),
    spelling=OF_SOUNDS,
    point=SoundPoint,
    mean=SoundMean,
    exhibit=SoundExhibit,
    most_shown=6,
    all_listed=True,
    stem="listen",
    perceived="listened to",
    against="",
    clock="wall clock on one core, sounds side by side",
    packages=("numpy", "scipy", "torch", "soundfile", "soxr", *PACKAGES, "bjontegaard"),
    read=read_sounds,
    entrants=choose_sound_entrants,
    measuring=MeasuringSound,
    conclude=_conclude,
    showings=_showings,
    facts=("seconds", lambda original: f"{original.seconds:.1f}"),
    shown=_exhibit,
    sections=_sections,
)
