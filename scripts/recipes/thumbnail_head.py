"""Fit the thumbnails of a bundled model of pictures anew; the rest of the file stays as it is.

    python -m scripts.recipes.thumbnail_head MODEL PICTURES [--count 100]

`vqcodec fit-prior` does it at its end. MODEL is a file, and PICTURES a folder like that of its training, of which
`--count` pictures are used, at all qualities.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from bitstream import ImageSource
from scripts.command_line import parser_of, run_script
from vqcodec.codec.image import ImageCodec
from vqcodec.evaluation.pictures.folder import find_pictures
from vqcodec.media.pictures.reading import read_rgb
from vqcodec.model.model import load_model
from vqcodec.training.thumbnail import fit_thumbnail

SIDE = 768  # pixels of a picture that are used


def main() -> None:
    """See the module."""
    parser = parser_of(__doc__)
    parser.add_argument("model", type=Path, help="a model file, which is written anew")
    parser.add_argument("pictures", type=Path, help="a folder")
    parser.add_argument("--count", type=int, default=100, help="pictures to use (default: 100)")
    arguments = parser.parse_args()
    model, paths = load_model(arguments.model), find_pictures(arguments.pictures)
    chosen = paths[:: max(1, len(paths) // arguments.count)][: arguments.count]
    codec = ImageCodec(model)
    crops = (middle(np.asarray(read_rgb(path).image)) for path in tqdm(chosen, desc="pictures", disable=None))
    originals = ((codec.analyse(crop), ImageSource(crop.shape[1], crop.shape[0])) for crop in crops)
    fit_thumbnail(model, originals).save(arguments.model)


def middle(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The middle of a picture `[H, W, 3]`, at most SIDE pixels a side."""
    top, left = (max(0, extent - SIDE) // 2 for extent in pixels.shape[:2])
    return pixels[top : top + SIDE, left : left + SIDE]


if __name__ == "__main__":
    run_script(main)
