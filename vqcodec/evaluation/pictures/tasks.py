"""What `vqcodec eval rd` has other processes do with pictures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from PIL import Image

from vqcodec.evaluation.pictures.entrants import Entrant
from vqcodec.evaluation.pictures.folder import Original
from vqcodec.evaluation.pictures.gallery import Choice, Exhibit, show
from vqcodec.evaluation.pictures.rate_distortion import CODING_ERRORS, PictureCodec, Point, measure
from vqcodec.evaluation.shared.folder import Skipped
from vqcodec.media.pictures.reading import read_rgb

__all__ = ["Measuring", "Showing"]


@dataclass(frozen=True)
class Measuring:
    """A picture, to be measured at a setting of a codec."""

    original: Original
    entrant: Entrant[PictureCodec]
    quality: float

    @property
    def key(self) -> dict[str, object]:
        """What the result depends on."""
        version = f"{self.entrant.version}; {_versions_of_metrics()}; times of the processor"
        return {"codec": self.entrant.name, "version": version, "quality": self.quality, "image": self.original.digest}

    def run(self) -> Point | Skipped:
        """Measure; a picture that the codec does not take is to be skipped."""
        entrant, original = self.entrant, self.original
        try:
            return measure(entrant.name, entrant.codec, self.quality, original.name, _picture(original.path))
        except CODING_ERRORS as error:
            return Skipped(original.name, f"{entrant.title} at quality {self.quality:g}: {error}")


@dataclass(frozen=True)
class Showing:
    """A picture, to be shown with some settings of the codecs, in so many characters of base64."""

    original: Original
    choices: tuple[Choice, ...]
    budget: int

    @property
    def key(self) -> dict[str, object]:
        """What the result depends on."""
        choices = [[choice.entrant.version, choice.aim, choice.quality] for choice in self.choices]
        return {"image": self.original.digest, "budget": self.budget, "choices": choices}

    def run(self) -> Exhibit | Skipped:
        """Make what is shown."""
        try:
            return show(self.original.name, _picture(self.original.path), self.choices, self.budget)
        except CODING_ERRORS as error:
            return Skipped(self.original.name, str(error))


@lru_cache(maxsize=1)
def _picture(path: Path) -> Image.Image:
    return read_rgb(path).image


@lru_cache(maxsize=1)
def _versions_of_metrics() -> str:
    return ", ".join(f"{name} {metadata.version(name)}" for name in ("pytorch-msssim", "ssimulacra2"))
