"""32x32 pictures for the small model, cut from photographs and scaled down.

    python -m scripts.recipes.small_pictures PICTURES OUT.npy [--each 12] [--size 32]

From each photograph so many random squares, from a third of its shorter side up to all of it, as uint8
[N, size, size, 3].
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from scripts.command_line import parser_of, run_script
from vqcodec.evaluation.pictures.folder import find_pictures
from vqcodec.media.pictures.reading import read_rgb
from vqcodec.system.files import atomic_write

SMALLEST = 1 / 3  # of the shorter side


def squares(image: Image.Image, count: int, size: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Random squares of a picture, scaled to size x size."""
    short = min(image.size)
    for _ in range(count if short >= size else 0):
        side = max(size, round(short * rng.uniform(SMALLEST, 1)))
        left, top = (int(rng.integers(0, extent - side + 1)) for extent in image.size)
        box = (left, top, left + side, top + side)
        yield np.asarray(image.resize((size, size), Image.Resampling.LANCZOS, box=box))


def main() -> None:
    """See the module."""
    parser = parser_of(__doc__)
    parser.add_argument("pictures", type=Path, help="folder of pictures")
    parser.add_argument("out", type=Path, help="the .npy file to write")
    parser.add_argument("--each", type=int, default=12, help="squares of each picture (default: 12)")
    parser.add_argument("--size", type=int, default=32, help="their side (default: 32)")
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    progress = tqdm(find_pictures(arguments.pictures), disable=None)
    small = [
        square for path in progress for square in squares(read_rgb(path).image, arguments.each, arguments.size, rng)
    ]
    with atomic_write(arguments.out, force=True) as file:
        np.save(file, np.stack(small))


if __name__ == "__main__":
    run_script(main)
