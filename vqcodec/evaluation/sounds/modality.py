"""Sounds, as `vqcodec eval rd` measures them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from statistics import fmean

from vqcodec.evaluation.shared.codecs import EvaluatedCodec
from vqcodec.evaluation.shared.jobs import Job, work_on_one_thread
from vqcodec.evaluation.shared.modality import Conclusion, Modality
from vqcodec.evaluation.shared.published import Spelling
from vqcodec.evaluation.shared.versions import versions_of
from vqcodec.evaluation.sounds.codecs import choose_sound_codecs
from vqcodec.evaluation.sounds.folder import OriginalSound, load_recording, read_original_sounds
from vqcodec.evaluation.sounds.metrics import PACKAGES
from vqcodec.evaluation.sounds.rate_distortion import (
    REVISION,
    SOUND_METRICS,
    SoundCoder,
    SoundMean,
    SoundPoint,
    measure_sound,
)

__all__ = ["SOUNDS", "measuring_version"]

MEASURED_BY = (*PACKAGES, "soxr")


def measuring_version() -> str:
    """Text that changes whenever the same files get other points: REVISION, and versions of packages."""
    return f"revision {REVISION}, {versions_of(MEASURED_BY)}"


def _job(original: OriginalSound, codec: EvaluatedCodec[SoundCoder], kbps: float) -> Job:
    key: dict[str, object] = {
        "codec": codec.name,
        "version": codec.version,
        "measuring": measuring_version(),
        "kbps": kbps,
        "sound": original.digest,
    }
    return Job(original.name, f"{codec.title} at {kbps:g} kbit/s", key, partial(_measure, original, codec, kbps))


def _measure(original: OriginalSound, codec: EvaluatedCodec[SoundCoder], kbps: float) -> SoundPoint:
    return measure_sound(codec.name, codec.coder, kbps, original.name, load_recording(original.path))


def _conclude(codecs: Sequence[EvaluatedCodec[SoundCoder]], points: Sequence[SoundPoint]) -> Conclusion:
    """Leave out the targets that give the same files as another one, and name the sounds that cannot be scored."""
    metrics = [metric.name for metric in SOUND_METRICS]
    unscored = {point.sound for point in points if not all(math.isfinite(getattr(point, name)) for name in metrics)}
    notes = [f"{name} is in no mean: it cannot be scored, as it is silent or too short" for name in sorted(unscored)]
    kept = []
    for codec in codecs:
        distinct = _distinct([point for point in points if point.codec == codec.name])
        missing = [f"{each:g}" for each in codec.qualities if each not in distinct]
        if missing:
            targets = f"target{'s' * (len(missing) > 1)} {', '.join(missing)}"
            notes.append(f"{codec.title} makes the same files at {targets} as at another target, which is kept")
        kept.append(replace(codec, qualities=tuple(each for each in codec.qualities if each in distinct)))
    left = {(codec.name, quality) for codec in kept for quality in codec.qualities}
    found = tuple(point for point in points if (point.codec, point.quality) in left)
    return Conclusion(tuple(kept), found, frozenset(unscored), tuple(notes))


def _distinct(points: Sequence[SoundPoint]) -> set[float]:
    """The targets of a codec that give different files. Of those that give equal sizes it is the one met best."""
    ordered = sorted(points, key=lambda point: (point.quality, point.sound))
    files = [(quality, list(group)) for quality, group in groupby(ordered, key=lambda point: point.quality)]
    kept = set()
    for _, same in groupby(files, key=lambda each: [point.bytes for point in each[1]]):
        candidates = {quality: fmean(point.file_kbps for point in group) for quality, group in same}
        kept.add(min(candidates, key=lambda quality: abs(math.log(quality / candidates[quality]))))
    return kept


SOUNDS = Modality(
    name="sound",
    field="sound",
    metrics=SOUND_METRICS,
    point=SoundPoint,
    mean=SoundMean,
    spelling=Spelling(
        rate=("kbps",),
        metrics={"pesq": ("pesq", "pesq_wb", "pesq-wb"), "stoi": ("stoi",), "visqol": ("visqol",)},
        decibels={},
    ),
    packages=("numpy", "scipy", "onnxruntime", "soundfile", "soxr", *PACKAGES, "bjontegaard"),
    prepare=work_on_one_thread,
    read=read_original_sounds,
    codecs=choose_sound_codecs,
    job=_job,
    conclude=_conclude,
)
