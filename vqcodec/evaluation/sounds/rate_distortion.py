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

__all__ = ["REVISION", "SOUND_METRICS", "SoundCoder", "SoundMean", "SoundPoint", "measure_sound"]

# Raise this number when sounds get other results and no version of a package says so: when vqcodec codes them in
# another way, or when a metric is computed in another way. Results of other revisions are measured again.
REVISION = 1

SOUND_METRICS = (
    Metric("pesq", "PESQ-WB", "PESQ-WB, MOS-LQO", 2, unit="MOS"),
    Metric("stoi", "STOI", "STOI", 3),
    Metric("visqol", "ViSQOL", "ViSQOL of speech, MOS-LQO", 2, unit="MOS"),
)


class SoundCoder(Protocol):
    """What compresses and decompresses sounds, as `SoundModelCoder` and `Opus` do."""

    def load(self) -> None:
        """Load what is needed once, before anything is timed."""

    def compress(self, samples: NDArray[np.float32], sample_rate: int, kbps: float) -> bytes:
        """The bytes of a whole file of `[C, N]` that aims at a bitrate."""

    def decompress(self, data: bytes) -> tuple[NDArray[np.float32], int]:
        """The sound in such a file, `[C, M]`, and its sample rate, which may differ from that of the original."""

    def payload_bytes(self, data: bytes) -> int:
        """How many bytes of a file count when codecs are compared."""


@dataclass(frozen=True)
class SoundPoint:
    """Rate and distortion of a recording at a setting of a codec.

    Attributes:
        codec: the name of the evaluated codec.
        sound: name of the recording.
        quality: the setting of the codec: the kbit/s that it aims at.
        bytes: size of the whole file.
        payload_bytes: the bytes that count when codecs are compared: of Opus without the Ogg container.
        kbps: 8 payload_bytes / seconds / 1000.
        file_kbps: 8 bytes / seconds / 1000.
        pesq: see `Scores`; NaN if the recording cannot be scored.
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
    """The mean of the points of a codec at a setting, over `sounds` recordings."""

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


def measure_sound(codec: str, coder: SoundCoder, kbps: float, name: str, original: Recording) -> SoundPoint:
    """Compress and decompress a recording, and compare it with the original."""
    coder.load()
    started = time.perf_counter()
    data = coder.compress(original.samples, original.sample_rate, kbps)
    compressed = time.perf_counter()
    decoded, sample_rate = coder.decompress(data)
    finished = time.perf_counter()
    scores = score(mono(original.samples, original.sample_rate), mono(decoded, sample_rate))
    payload, seconds = coder.payload_bytes(data), original.samples.shape[1] / original.sample_rate
    return SoundPoint(
        codec=codec,
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
