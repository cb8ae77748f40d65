"""Rate and distortion of sounds: one compressed recording is a `SoundPoint`."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vqcodec.evaluation.shared.curves import Metric
from vqcodec.evaluation.sounds.metrics import mono, score
from vqcodec.media.sounds.recordings import Recording

__all__ = ["SOUND_METRICS", "SoundCodec", "SoundMean", "SoundPoint", "measure_sound"]

SOUND_METRICS = (
    Metric("pesq", "PESQ-WB", "PESQ-WB, MOS-LQO", 2, unit="MOS"),
    Metric("stoi", "STOI", "STOI", 3),
    Metric("visqol", "ViSQOL", "ViSQOL of speech, MOS-LQO", 2, unit="MOS"),
)


class SoundCodec(Protocol):
    """What is measured: vqcodec with a model for sound, and Opus."""

    def load(self) -> None:
        """Make ready what is needed once; what comes then is timed."""

    def compress(self, samples: NDArray[np.float32], sample_rate: int, kbps: float) -> bytes:
        """The bytes of a whole file of `[C, N]`, for a rate that is aimed at."""

    def decompress(self, data: bytes) -> tuple[NDArray[np.float32], int]:
        """The sound of such a file `[C, M]`, and its sample rate, which may be another one."""

    def payload_bytes(self, data: bytes) -> int:
        """How many bytes of a file count where codecs are compared."""


@dataclass(frozen=True)
class SoundPoint:
    """A recording, compressed and decompressed.

    Attributes:
        codec: its name.
        sound: name of the recording.
        quality: setting of the codec: the kbit/s that it aims at.
        bytes: size of the whole file.
        payload_bytes: without the container, of codecs that are compared without it.
        kbps: 8 payload_bytes / seconds / 1000.
        file_kbps: the same of the whole file.
        pesq: see `Scores`; NaN if the recording cannot be scored, as are the next ones.
        stoi: likewise.
        visqol: likewise.
        encode_seconds: wall clock of `compress`.
        decode_seconds: wall clock of `decompress`.
    """

    codec: str
    sound: str
    quality: float
    bytes: int
    payload_bytes: int
    kbps: float
    file_kbps: float
    pesq: float
    stoi: float
    visqol: float
    encode_seconds: float
    decode_seconds: float

    @property
    def name(self) -> str:
        """Of the recording."""
        return self.sound

    @property
    def rate(self) -> float:
        """In kbit/s."""
        return self.kbps


@dataclass(frozen=True)
class SoundMean:
    """The means of the points of one codec and quality, over `sounds` recordings."""

    codec: str
    quality: float
    sounds: int
    kbps: float
    file_kbps: float
    pesq: float
    stoi: float
    visqol: float
    encode_seconds: float
    decode_seconds: float

    @property
    def rate(self) -> float:
        """In kbit/s."""
        return self.kbps


def measure_sound(codec_name: str, codec: SoundCodec, kbps: float, name: str, original: Recording) -> SoundPoint:
    """Compress and decompress a recording, and compare."""
    codec.load()
    started = time.perf_counter()
    data = codec.compress(original.samples, original.sample_rate, kbps)
    compressed = time.perf_counter()
    decoded, sample_rate = codec.decompress(data)
    finished = time.perf_counter()
    scores = score(mono(original.samples, original.sample_rate), mono(decoded, sample_rate))
    payload, seconds = codec.payload_bytes(data), original.samples.shape[1] / original.sample_rate
    return SoundPoint(
        codec=codec_name,
        sound=name,
        quality=kbps,
        bytes=len(data),
        payload_bytes=payload,
        kbps=8 * payload / seconds / 1000,
        file_kbps=8 * len(data) / seconds / 1000,
        pesq=scores.pesq,
        stoi=scores.stoi,
        visqol=scores.visqol,
        encode_seconds=compressed - started,
        decode_seconds=finished - compressed,
    )
