"""What callers from Python give to be compressed -> a picture that can be coded, from memory or from a file."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vqcodec.media.pictures.modes import image_of
from vqcodec.media.pictures.reading import Picture, picture_of, read_picture

__all__ = ["ImageOrFile", "normalised"]

ImageOrFile = Picture | Image.Image | NDArray[np.uint8] | bytes | str | os.PathLike[str]


def normalised(image: ImageOrFile, keep_metadata: bool = False, given: Mapping[str, bytes] | None = None) -> Picture:
    """The picture, normalised if it is not yet; UserWarnings say what is lost by that.

    A `Picture` stays as it is: whoever made it has its notes. `given` is as for `picture_of`, of a Pillow image.

    Raises:
        InputError: it cannot be used.
        OSError: the file cannot be read at all.
    """
    if isinstance(image, Picture):
        return image
    if isinstance(image, (bytes, str, os.PathLike)):
        picture = read_picture(image, keep_metadata)
    elif isinstance(image, Image.Image):
        picture = picture_of(image, keep_metadata, given)
    else:
        picture = Picture(image_of(np.asarray(image)))
    for text in picture.notes:
        warnings.warn(text, stacklevel=3)
    return picture
