"""Crops of pictures made by code, to be trained on beside photographs: what these have too little of.

    python -m scripts.recipes.synthetic_crops PICTURES OUT.npy [--count 360] [--size 256]

Half of them are patches of pure, grey and random colours, gradients, text and lines on a photograph; the others are
screenshots and drawings (`vqcodec.evaluation.pictures.synthetic`), of which some are turned to other colours. Writes
uint8 [N, size, size, 3], to be laid beside the photographs: `vqcodec train image` takes pictures by their area.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from scripts.command_line import parser_of, run_script
from vqcodec.evaluation.pictures.folder import find_pictures
from vqcodec.evaluation.pictures.synthetic.drawings import DRAWINGS
from vqcodec.evaluation.pictures.synthetic.patch_page import patch_page
from vqcodec.media.pictures.reading import read_rgb
from vqcodec.system.files import atomic_write

PAGE = 2.5  # sides of a page, in those of a crop, at most


def page_of_patches(photographs: Sequence[Path], size: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Patches of the colours and textures of the page on a photograph, or on flat grey."""
    side, seed = round(size * rng.uniform(1, PAGE)), int(rng.integers(2**31))
    photograph = read_rgb(photographs[int(rng.integers(len(photographs)))]).image if rng.random() < 0.8 else None
    return np.asarray(patch_page(side, side, seed, photograph).image)


def drawing(size: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A screenshot or drawing, with its channels in any order and inverted or not."""
    side = round(size * rng.uniform(1, PAGE))
    draw = list(DRAWINGS.values())[int(rng.integers(len(DRAWINGS)))]
    pixels = np.asarray(draw(side, side, int(rng.integers(2**31))))[..., rng.permutation(3)]
    return 255 - pixels if rng.random() < 0.3 else pixels


def crop_of(page: NDArray[np.uint8], size: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A square of a page, anywhere."""
    i, j = (int(rng.integers(0, extent - size + 1)) for extent in page.shape[:2])
    return page[i : i + size, j : j + size]


def main() -> None:
    """See the module."""
    parser = parser_of(__doc__)
    parser.add_argument("pictures", type=Path, help="folder of photographs")
    parser.add_argument("out", type=Path, help="the .npy file to write")
    parser.add_argument("--count", type=int, default=360, help="crops (default: 360)")
    parser.add_argument("--size", type=int, default=256, help="their side (default: 256)")
    arguments = parser.parse_args()
    rng, photographs = np.random.default_rng(0), find_pictures(arguments.pictures)
    crops = np.empty((arguments.count, arguments.size, arguments.size, 3), np.uint8)
    for number in tqdm(range(arguments.count), disable=None):
        page = drawing(arguments.size, rng) if number % 2 else page_of_patches(photographs, arguments.size, rng)
        crops[number] = crop_of(page, arguments.size, rng)
    with atomic_write(arguments.out, force=True) as file:
        np.save(file, crops)


if __name__ == "__main__":
    run_script(main)
