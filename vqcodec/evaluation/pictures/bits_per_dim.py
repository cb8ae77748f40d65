"""Bits per dim of pictures under a model: -log2 p(x) <= -log2 p(x|z_q) - log2 p(z_q). A dim is a colour of a pixel."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bitstream.errors import InputError
from vqcodec.codec.image import ImageCodec
from vqcodec.evaluation.pictures.folder import find_pictures
from vqcodec.evaluation.report.text import markdown_table, number
from vqcodec.media.pictures.reading import is_picture_name, read_rgb, rgb_array
from vqcodec.model.quality import Setting

__all__ = [
    "FIGURES",
    "LOSSLESS",
    "BitsPerDim",
    "find_files",
    "is_named_picture",
    "mean",
    "measure",
    "read_pictures",
    "table",
]

Pixels = NDArray[np.uint8]

# The figures of a picture, and their names for people.
FIGURES = {
    "pixels": "x given z",
    "codes": "z",
    "bound": "bound",
    "uniform_bound": "bound, uniform prior",
}
LOSSLESS = {"png": "PNG", "webp": "lossless WebP"}
ARRAYS = ".npy"
PNG = {"optimize": True}
WEBP = {"lossless": True, "quality": 100, "method": 6}


@dataclass(frozen=True)
class BitsPerDim:
    """What a picture costs, in bits per dim.

    Attributes:
        file: its name.
        picture: number of the picture in the file.
        dims: height x width x 3.
        pixels: -log2 p(x|z_q).
        codes: -log2 p(z_q) under the prior.
        bound: the sum of both, at least -log2 p(x).
        uniform_bound: the same if all indices were equally likely.
        png: 8 times the bytes of a PNG file; NaN if not measured, as is the next.
        webp: likewise, of lossless WebP.
    """

    file: str
    picture: int
    dims: int
    pixels: float
    codes: float
    bound: float
    uniform_bound: float
    png: float
    webp: float


class Row(Protocol):
    """What an original costs; a dataclass that also has its figures as attributes."""

    @property
    def file(self) -> str:
        """Its name."""

    @property
    def dims(self) -> int:
        """By which the figures are divided."""


def is_named_picture(name: str) -> bool:
    """Whether a file of this name has pictures: those of `is_picture_name`, and arrays."""
    return is_picture_name(name) or Path(name).suffix == ARRAYS


def find_files(place: Path) -> list[Path]:
    """The file `place`, or the pictures and .npy files directly in the folder `place`, sorted.

    Raises:
        InputError: there is none.
        OSError: the folder cannot be read.
    """
    return [place] if place.is_file() else find_pictures(place, also=ARRAYS)


def read_pictures(path: Path) -> Sequence[Pixels] | Pixels:
    """The pictures of a file, uint8 `[H, W, 3]` each: one, or those of a .npy file of uint8 `[N, H, W, 3]`.

    Raises:
        InputError: it holds something else, or is damaged.
        OSError: it cannot be read at all.
    """
    if path.suffix != ARRAYS:
        return [rgb_array(read_rgb(path).image)]
    try:
        pictures: Pixels = np.lib.format.open_memmap(path, mode="r")
    except (OSError, MemoryError):
        raise
    except Exception:  # the header is parsed as Python: nearly any type is raised for a damaged one
        raise InputError(f"{path}: damaged, or no array of NumPy's format") from None
    if pictures.ndim != 4 or pictures.shape[3] != 3 or pictures.dtype != np.uint8 or pictures.size == 0:
        raise InputError(f"{path}: pictures must be uint8 [N, H, W, 3], not {pictures.dtype} {pictures.shape}")
    return pictures


def measure(codec: ImageCodec, file: str, picture: int, pixels: Pixels, chosen: Setting, lossless: bool) -> BitsPerDim:
    """Measure one picture, coded with the rate point and lambda of `chosen`; with `lossless`, as PNG and WebP too."""
    indices = codec.encode(pixels, chosen.lambda_, chosen.rate_point)
    likelihood = float(codec.pixel_bits(pixels, indices).sum(dtype=np.float64))
    prior = float(codec.bits(indices).sum())
    uniform = float(np.log2(indices.sizes).sum() * indices.values[0].size)
    return BitsPerDim(
        file=file,
        picture=picture,
        dims=pixels.size,
        pixels=likelihood / pixels.size,
        codes=prior / pixels.size,
        bound=(likelihood + prior) / pixels.size,
        uniform_bound=(likelihood + uniform) / pixels.size,
        png=_file_bits(pixels, "PNG", PNG) / pixels.size if lossless else np.nan,
        webp=_file_bits(pixels, "WEBP", WEBP) / pixels.size if lossless else np.nan,
    )


def _file_bits(pixels: Pixels, kind: str, options: Mapping[str, bool | int]) -> int:
    """8 times the bytes of a whole file, headers included."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return 8 * file.tell()


def mean(rows: Sequence[Row], figures: Iterable[str] = (*FIGURES, *LOSSLESS)) -> dict[str, float]:
    """Every figure, by its name, as the mean over all dims: all bits divided by all dims."""
    dims = sum(row.dims for row in rows)
    return {name: sum(getattr(row, name) * row.dims for row in rows) / dims for name in figures}


def table(rows: Sequence[Row], figures: Mapping[str, str], counted: str) -> str:
    """Markdown: the mean of every file, and that of all, of figures that are given with their names for people."""
    groups = [(file, list(group)) for file, group in itertools.groupby(rows, lambda row: row.file)]
    cells = []
    for file, group in [*groups, ("mean over all dims", list(rows))]:
        means = mean(group, figures)
        cells.append([file, str(len(group)), *(number(means[name], 3) for name in figures)])
    return markdown_table(["file", counted, *figures.values()], cells)
