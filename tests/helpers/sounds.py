"""Sounds for tests, and the formats that they are in."""

from __future__ import annotations

import io

import numpy as np
import soundfile
from hypothesis import strategies as st
from numpy.typing import NDArray

__all__ = ["EXACT", "LOSSY", "RATES", "STEPS", "saved", "sounds", "tone", "voices"]

# What a step of a subtype is, where full scale is 1.
STEPS = {"PCM_U8": 2**-7, "PCM_S8": 2**-7, "PCM_16": 2**-15, "PCM_24": 2**-23, "PCM_32": 2**-24}
EXACT = [
    *(("WAV", subtype) for subtype in ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")),
    *(("FLAC", subtype) for subtype in ("PCM_S8", "PCM_16", "PCM_24")),
    *(("CAF", subtype) for subtype in ("PCM_S8", "PCM_16", "FLOAT")),
    *((name, "PCM_16") for name in ("AIFF", "AU", "W64", "RF64")),
]
LOSSY = [("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III"), ("WAV", "ULAW"), ("WAV", "MS_ADPCM")]
RATES = st.sampled_from([1_000, 8_000, 12_345, 44_100, 48_000, 192_000])


def saved(samples: NDArray[np.floating], name: str = "WAV", subtype: str = "PCM_16", rate: int = 48_000) -> bytes:
    """The bytes of a sound file with `samples` [C, N], as soundfile writes it."""
    memory = io.BytesIO()
    soundfile.write(memory, samples.T, rate, subtype, format=name)
    return memory.getvalue()


def tone(seconds: float = 0.5, channels: int = 1, rate: int = 48_000) -> NDArray[np.float32]:
    """Tones [C, N] at half of full scale, of 440 Hz and, in further channels, its multiples."""
    pitches = 440 * np.arange(1, channels + 1)[:, None]
    return (0.5 * np.sin(2 * np.pi * pitches * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


@st.composite
def sounds(draw: st.DrawFn, channels: int = 8) -> NDArray[np.float32]:
    """Silence, a constant, noise or full scale [C, N], of one sample or more."""
    shape = draw(st.integers(1, channels)), draw(st.integers(1, 300) | st.integers(1, 40_000))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    level = draw(st.sampled_from([0.0, 0.01, 0.9, 1.0]))
    if draw(st.booleans()):
        return np.full(shape, level, np.float32)
    return (level * rng.uniform(-1, 1, shape)).astype(np.float32)


def voices(count: int, length: int, seed: int) -> np.ndarray:
    """Harmonics of a wandering pitch under a slow envelope, with some noise, at 16 kHz: float32 `[count, length]`."""
    rng = np.random.default_rng(seed)
    time = np.arange(length) / 16_000
    out = np.zeros((count, length))
    for voice in out:
        pitch = 120 * 2 ** (rng.uniform(0, 1) + 0.3 * np.sin(2 * np.pi * rng.uniform(1, 3) * time))
        phase = 2 * np.pi * np.cumsum(pitch) / 16_000
        for harmonic in range(1, 12):
            voice += np.sin(harmonic * phase + rng.uniform(0, 6)) / harmonic
        voice *= 0.08 * (1 + np.sin(2 * np.pi * rng.uniform(2, 5) * time + rng.uniform(0, 6)))
        voice += 0.003 * rng.normal(size=length)
    return out.astype(np.float32)
