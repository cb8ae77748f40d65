"""Bits per dim of pictures under a model: -log2 p(x) <= -log2 p(x|z_q) - log2 p(z_q). A dim is a colour of a pixel."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bitstream.errors import InputError
from vqcodec.codec.image import ImageCodec
from vqcodec.evaluation.pictures.folder import find_pictures
from vqcodec.evaluation.shared.bits import bits_of_codes
from vqcodec.media.pictures.reading import is_picture_name, read_rgb, rgb_array
from vqcodec.model.quality import Setting

__all__ = [
    "FIGURES",
    "LOSSLESS",
    "BitsPerDim",
    "find_files",
    "has_pictures",
    "measure_picture_bits",
    "read_pictures",
]

Pixels = NDArray[np.uint8]

FIGURES = ("pixels", "codes", "bound", "uniform_bound")  # of `BitsPerDim`, in bits per dim
LOSSLESS = ("png", "webp")
ARRAYS = ".npy"
PNG = {"optimize": True}
WEBP = {"lossless": True, "quality": 100, "method": 6}


@dataclass(frozen=True)
class BitsPerDim:
    """What a picture costs, in bits per dim.

    Attributes:
        file: the name of its file.
        picture: number of the picture in the file.
        dims: height x width x 3.
        pixels: -log2 p(x|z_q).
        codes: -log2 p(z_q) under the prior.
        bound: the sum of both, at least -log2 p(x).
        uniform_bound: the same if all indices were equally likely.
        png: 8 times the bytes of a PNG file; NaN if it was not measured.
        webp: 8 times the bytes of a lossless WebP file; NaN if it was not measured.
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


def has_pictures(name: str) -> bool:
    """Whether a file of this name should hold pictures: as `is_picture_name` says, or in an array."""
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


def measure_picture_bits(
    codec: ImageCodec, file: str, picture: int, pixels: Pixels, chosen: Setting, lossless: bool
) -> BitsPerDim:
    """Measure a picture under a model.

    Args:
        codec: the model.
        file: the name of the file.
        picture: number of the picture in the file.
        pixels: uint8 `[H, W, 3]`.
        chosen: rate point and lambda that the picture is coded with.
        lossless: measure lossless files, too.
    """
    indices = codec.encode(pixels, chosen.lambda_, chosen.rate_point)
    likelihood = float(codec.pixel_bits(pixels, indices).sum(dtype=np.float64))
    prior, uniform = bits_of_codes(codec, indices)
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
