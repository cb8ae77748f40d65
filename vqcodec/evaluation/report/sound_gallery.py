"""Sounds to listen to: the original and what each codec makes of it, as files that browsers play, with spectrograms."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqcodec.evaluation.report.gallery import Gallery
from vqcodec.evaluation.report.spectrogram import levels, spectrogram_png
from vqcodec.evaluation.shared.codecs import OURS, EvaluatedCodec
from vqcodec.evaluation.shared.jobs import Job
from vqcodec.evaluation.shared.results import Results
from vqcodec.evaluation.sounds.folder import OriginalSound, load_recording
from vqcodec.evaluation.sounds.metrics import mono
from vqcodec.evaluation.sounds.modality import measuring_version
from vqcodec.evaluation.sounds.rate_distortion import SoundCoder
from vqcodec.media.sounds.blocks import fit_length
from vqcodec.media.sounds.recordings import Recording, write_recording
from vqcodec.media.sounds.resampling import resample

__all__ = ["LONGEST", "SOUND_GALLERY", "Clip", "SoundChoice", "SoundExhibit", "choose_sounds", "exhibit_sound"]

AIMS = (1.5, 3.0)  # kbit/s of vqcodec; of others it is the lowest rate
LONGEST = 10.0  # seconds of a clip; it is cut in half, and again, as long as it does not fit
SHORTEST = 0.5
PLAYED_RATES = (8_000, 48_000)  # Hz that all browsers play


@dataclass(frozen=True)
class SoundChoice:
    """A setting of a codec to listen to."""

    codec: EvaluatedCodec[SoundCoder]
    quality: float


@dataclass(frozen=True)
class Clip:
    """A sound as browsers take it.

    Attributes:
        codec: the name of the evaluated codec; empty for the original.
        quality: the setting of the codec; 0 for the original.
        sound: FLAC in base64.
        picture: the spectrogram, PNG in base64.
    """

    codec: str
    quality: float
    sound: str
    picture: str


@dataclass(frozen=True)
class SoundExhibit:
    """A sound, and what codecs make of it.

    Attributes:
        sound: its name.
        seconds: how much of it can be heard, from its start.
        clips: the original, and then in the order of the choices.
    """

    sound: str
    seconds: float
    clips: tuple[Clip, ...]

    @property
    def name(self) -> str:
        """Of the sound."""
        return self.sound

    @property
    def bytes(self) -> int:
        """Nearly what it adds to a page."""
        return sum(len(clip.sound) + len(clip.picture) for clip in self.clips)


def choose_sounds(codecs: Sequence[EvaluatedCodec[SoundCoder]]) -> tuple[SoundChoice, ...]:
    """vqcodec at the settings that are nearest to AIMS, the others at their lowest setting."""
    choices = []
    for codec in codecs:
        wanted = AIMS if codec.name == OURS else (min(codec.qualities),)
        nearest = (min(codec.qualities, key=lambda each: abs(math.log(each / aim))) for aim in wanted)
        choices += [SoundChoice(codec, quality) for quality in dict.fromkeys(nearest)]
    return tuple(choices)


def exhibit_sound(name: str, original: Recording, choices: Sequence[SoundChoice], budget: int) -> SoundExhibit:
    """Code a sound with every choice, and make what is heard of it fit into `budget` characters of base64."""
    sample_rate = min(max(original.sample_rate, PLAYED_RATES[0]), PLAYED_RATES[1])
    shown = resample(original.samples, original.sample_rate, sample_rate)
    versions, length = [("", 0.0, shown)], shown.shape[1]
    for choice in choices:
        coder = choice.codec.coder
        decoded, own_rate = coder.decompress(coder.compress(original.samples, original.sample_rate, choice.quality))
        samples = fit_length(resample(decoded, own_rate, sample_rate), length)
        versions.append((choice.codec.name, choice.quality, samples))
    seconds = min(LONGEST, length / sample_rate)
    while True:
        end = math.ceil(seconds * sample_rate)
        heard = [(codec, quality, samples[:, :end]) for codec, quality, samples in versions]
        exhibit = SoundExhibit(name, seconds, _clips(heard, sample_rate))
        if exhibit.bytes <= budget or seconds < SHORTEST:
            return exhibit
        seconds /= 2


def _clips(versions: Sequence[tuple[str, float, NDArray[np.float32]]], sample_rate: int) -> tuple[Clip, ...]:
    """Clips of `[C, N]` at `sample_rate`. The spectrogram of the first says how bright all of them are."""
    seen = [levels(mono(samples, sample_rate)) for _, _, samples in versions]
    loudest = float(seen[0].max())
    pictures = (_base64(spectrogram_png(each, loudest)) for each in seen)
    return tuple(
        Clip(codec, quality, _flac(samples, sample_rate), picture)
        for (codec, quality, samples), picture in zip(versions, pictures, strict=True)
    )


def _flac(samples: NDArray[np.float32], sample_rate: int) -> str:
    """A file of one or two channels in base64; more than two channels are mixed into one."""
    file = io.BytesIO()
    write_recording(samples if len(samples) <= 2 else samples.mean(axis=0, keepdims=True), sample_rate, file, ".flac")
    return _base64(file.getvalue())


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _jobs(results: Results, originals: Sequence[OriginalSound], budget: int) -> list[Job]:
    choices = choose_sounds(results.codecs)
    return [_job(original, choices, budget) for original in originals]


def _job(original: OriginalSound, choices: Sequence[SoundChoice], budget: int) -> Job:
    key: dict[str, object] = {
        "sound": original.digest,
        "measuring": measuring_version(),
        "budget": budget,
        "choices": [[choice.codec.version, choice.quality] for choice in choices],
    }
    return Job(original.name, "an exhibit", key, partial(_exhibit, original, choices, budget))


def _exhibit(original: OriginalSound, choices: Sequence[SoundChoice], budget: int) -> SoundExhibit:
    return exhibit_sound(original.name, load_recording(original.path), choices, budget)


def _page_data(exhibit: SoundExhibit) -> dict[str, Any]:
    return {"seconds": exhibit.seconds, "clips": [_clip_data(clip) for clip in exhibit.clips]}


def _clip_data(clip: Clip) -> dict[str, Any]:
    return {
        "codec": clip.codec or None,
        "quality": clip.quality,
        "sound": f"data:audio/flac;base64,{clip.sound}",
        "picture": f"data:image/png;base64,{clip.picture}",
    }


SOUND_GALLERY = Gallery(
    kind=SoundExhibit,
    most=6,
    all_listed=True,
    verb="listen",
    participle="listened to",
    jobs=_jobs,
    page_data=_page_data,
)
