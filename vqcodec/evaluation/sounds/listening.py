"""Sounds to listen to: originals and what codecs make of them, as files that browsers play, with their spectrograms."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vqcodec.evaluation.pictures.entrants import OURS, Entrant
from vqcodec.evaluation.sounds.metrics import mono
from vqcodec.evaluation.sounds.rate_distortion import SoundCodec
from vqcodec.evaluation.sounds.spectrogram import levels, spectrogram_png
from vqcodec.media.sounds.blocks import fit_length
from vqcodec.media.sounds.recordings import Recording, write_recording
from vqcodec.media.sounds.resampling import resample

__all__ = ["LONGEST", "Clip", "SoundChoice", "SoundExhibit", "choose_sounds", "play"]

AIMS = (1.5, 3.0)  # kbit/s of vqcodec; of others it is the lowest rate
LONGEST = 10.0  # seconds of a clip; it is cut in half, and again, as long as it does not fit
SHORTEST = 0.5
PLAYED_RATES = (8_000, 48_000)  # Hz that all browsers play


@dataclass(frozen=True)
class SoundChoice:
    """A setting to listen to."""

    entrant: Entrant[SoundCodec]
    quality: float


@dataclass(frozen=True)
class Clip:
    """What a browser gets: FLAC and PNG in base64; of the original, codec and quality are empty and 0."""

    codec: str
    quality: float
    sound: str
    picture: str


@dataclass(frozen=True)
class SoundExhibit:
    """A sound and what codecs make of it.

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
        """What it adds to a page, nearly."""
        return sum(len(clip.sound) + len(clip.picture) for clip in self.clips)


def choose_sounds(entrants: Sequence[Entrant[SoundCodec]]) -> tuple[SoundChoice, ...]:
    """vqcodec at the settings that are next to AIMS, the others at their lowest."""
    choices = []
    for entrant in entrants:
        wanted = AIMS if entrant.name == OURS else (min(entrant.qualities),)
        nearest = (min(entrant.qualities, key=lambda each: abs(math.log(each / aim))) for aim in wanted)
        choices += [SoundChoice(entrant, quality) for quality in dict.fromkeys(nearest)]
    return tuple(choices)


def play(name: str, original: Recording, choices: Sequence[SoundChoice], budget: int) -> SoundExhibit:
    """Code a sound with every choice, and make what is heard of it fit into `budget` characters of base64."""
    sample_rate = min(max(original.sample_rate, PLAYED_RATES[0]), PLAYED_RATES[1])
    shown = resample(original.samples, original.sample_rate, sample_rate)
    versions, length = [("", 0.0, shown)], shown.shape[1]
    for choice in choices:
        coder = choice.entrant.codec
        decoded, own_rate = coder.decompress(coder.compress(original.samples, original.sample_rate, choice.quality))
        samples = fit_length(resample(decoded, own_rate, sample_rate), length)
        versions.append((choice.entrant.name, choice.quality, samples))
    seconds = min(LONGEST, length / sample_rate)
    while True:
        cut = math.ceil(seconds * sample_rate)
        heard = [(codec, quality, samples[:, :cut]) for codec, quality, samples in versions]
        exhibit = SoundExhibit(name, seconds, _clips(heard, sample_rate))
        if exhibit.bytes <= budget or seconds < SHORTEST:
            return exhibit
        seconds /= 2


def _clips(versions: Sequence[tuple[str, float, NDArray[np.float32]]], sample_rate: int) -> tuple[Clip, ...]:
    """Files of `[C, N]` at `sample_rate`; all spectrograms are as bright as that of the first."""
    seen = [levels(mono(samples, sample_rate)) for _, _, samples in versions]
    loudest = float(seen[0].max())
    pictures = (_base64(spectrogram_png(each, loudest)) for each in seen)
    return tuple(
        Clip(codec, quality, _flac(samples, sample_rate), picture)
        for (codec, quality, samples), picture in zip(versions, pictures, strict=True)
    )


def _flac(samples: NDArray[np.float32], sample_rate: int) -> str:
    """Of one or two channels, as there are; more of them are mixed into one."""
    file = io.BytesIO()
    write_recording(samples if len(samples) <= 2 else samples.mean(axis=0, keepdims=True), sample_rate, file, ".flac")
    return _base64(file.getvalue())


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
