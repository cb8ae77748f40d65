"""The whole of `vqcodec eval bpd`: what is in a file or folder, and how it is measured under a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tqdm import tqdm

from vqcodec.codec.base import Codec
from vqcodec.codec.loading import for_pictures, for_sound
from vqcodec.defaults import DEFAULT_AUDIO_MODEL, DEFAULT_MODEL
from vqcodec.evaluation.pictures import bits_per_dim
from vqcodec.evaluation.pictures.bits_per_dim import BitsPerDim, has_pictures, measure_picture_bits
from vqcodec.evaluation.sounds import bits_per_sample
from vqcodec.evaluation.sounds.bits_per_sample import BitsPerSample, measure_sound_bits
from vqcodec.media.sounds.recordings import is_sound_name, read_recording
from vqcodec.model.quality import Setting
from vqcodec.system.folders import files_named

__all__ = ["MeasuredFiles", "find_sounds", "look_into"]


@dataclass(frozen=True)
class MeasuredFiles:
    """Files of one modality, and how their bits are measured.

    Attributes:
        paths: at least one.
        counted: what a row of results is of.
        default_model: the name of the bundled model for them.
        row: the dataclass of results.
        figures: the fields of a row that have bits per dim.
        lossless: likewise, of lossless files.
        measure: gives the rows of a file with a codec and a setting; the last argument is whether lossless files are
            measured, too. InputError or OSError if the file cannot be read, ModelError if the codec does not fit.
    """

    paths: list[Path]
    counted: Literal["pictures", "sounds"]
    default_model: str
    row: type[Any]
    figures: tuple[str, ...]
    lossless: tuple[str, ...]
    measure: Callable[[Path, str, Codec, Setting, bool], list[Any]]


def look_into(place: Path) -> MeasuredFiles:
    """The sounds of `place`, as `find_sounds` tells; if there are none, its pictures.

    Raises:
        InputError: there are neither.
        OSError: the folder cannot be read.
    """
    sounds = find_sounds(place)
    return _sound_files(sounds) if sounds else _picture_files(bits_per_dim.find_files(place))


def find_sounds(place: Path) -> list[Path]:
    """The file `place` if it is a sound, or the sounds directly in the folder `place`, sorted, if it has no pictures.

    Raises:
        OSError: the folder cannot be read.
    """
    if place.is_file():
        return [place] if is_sound_name(place.name) else []
    return [] if files_named(place, has_pictures) else files_named(place, is_sound_name)


def _picture_files(paths: list[Path]) -> MeasuredFiles:
    return MeasuredFiles(
        paths=paths,
        counted="pictures",
        default_model=DEFAULT_MODEL,
        row=BitsPerDim,
        figures=bits_per_dim.FIGURES,
        lossless=bits_per_dim.LOSSLESS,
        measure=_measure_pictures,
    )


def _sound_files(paths: list[Path]) -> MeasuredFiles:
    return MeasuredFiles(
        paths=paths,
        counted="sounds",
        default_model=DEFAULT_AUDIO_MODEL,
        row=BitsPerSample,
        figures=bits_per_sample.FIGURES,
        lossless=bits_per_sample.LOSSLESS,
        measure=_measure_sound,
    )


def _measure_pictures(path: Path, name: str, codec: Codec, chosen: Setting, lossless: bool) -> list[BitsPerDim]:
    own = for_pictures(codec)
    pictures = tqdm(bits_per_dim.read_pictures(path), desc=name, leave=False, disable=None)  # shown on a terminal only
    return [measure_picture_bits(own, name, number, pixels, chosen, lossless) for number, pixels in enumerate(pictures)]


def _measure_sound(path: Path, name: str, codec: Codec, chosen: Setting, lossless: bool) -> list[BitsPerSample]:
    return [measure_sound_bits(for_sound(codec), name, read_recording(path), chosen, lossless)]
