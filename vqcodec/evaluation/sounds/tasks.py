"""What `vqcodec eval rd` has other processes do with sounds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from vqcodec.evaluation.pictures.entrants import Entrant
from vqcodec.evaluation.pictures.rate_distortion import CODING_ERRORS
from vqcodec.evaluation.shared.folder import Skipped
from vqcodec.evaluation.sounds.folder import Sound
from vqcodec.evaluation.sounds.listening import SoundChoice, SoundExhibit, play
from vqcodec.evaluation.sounds.metrics import PACKAGES
from vqcodec.evaluation.sounds.rate_distortion import SoundCodec, SoundPoint, measure_sound
from vqcodec.media.sounds.recordings import Recording, read_recording

__all__ = ["Listening", "MeasuringSound"]


@dataclass(frozen=True)
class MeasuringSound:
    """A sound, to be measured with a codec that aims at so many kbit/s."""

    original: Sound
    entrant: Entrant[SoundCodec]
    kbps: float

    @property
    def key(self) -> dict[str, object]:
        """What the result depends on."""
        version = f"{self.entrant.version}; {_versions_of_metrics()}"
        return {"codec": self.entrant.name, "version": version, "kbps": self.kbps, "sound": self.original.digest}

    def run(self) -> SoundPoint | Skipped:
        """Measure; a sound that the codec does not take is to be skipped."""
        entrant, original = self.entrant, self.original
        try:
            return measure_sound(entrant.name, entrant.codec, self.kbps, original.name, _recording(original.path))
        except CODING_ERRORS as error:
            return Skipped(original.name, f"{entrant.title} at {self.kbps:g} kbit/s: {error}")


@dataclass(frozen=True)
class Listening:
    """A sound, to be heard with some settings of the codecs, in so many characters of base64."""

    original: Sound
    choices: tuple[SoundChoice, ...]
    budget: int

    @property
    def key(self) -> dict[str, object]:
        """What the result depends on."""
        choices = [[choice.entrant.version, choice.quality] for choice in self.choices]
        return {"sound": self.original.digest, "budget": self.budget, "choices": choices}

    def run(self) -> SoundExhibit | Skipped:
        """Make what is heard."""
        try:
            return play(self.original.name, _recording(self.original.path), self.choices, self.budget)
        except CODING_ERRORS as error:
            return Skipped(self.original.name, str(error))


@lru_cache(maxsize=1)
def _recording(path: Path) -> Recording:
    return read_recording(path)


@lru_cache(maxsize=1)
def _versions_of_metrics() -> str:
    return ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES)
