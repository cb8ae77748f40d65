"""Ways of higher efforts towards what the decoder is best at: how much of the cost each saves, in how many seconds.

    python -m scripts.experiments.trials_effort PICTURES [--model photo] [--qualities 25,70] [--count 6] [--side 320]

On squares from the middle of some PICTURES, those of the training. The cost is the distortion, as the model weighs it,
plus lambda times the bits: what codes are chosen for. Shares are of the cost of codes of effort "fast", bits a pixel
and distortion those of the last codes. Prints Markdown.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

import vqcodec
from scripts.command_line import add_model, parser_of, run_script
from vqcodec.codec.image import ImageCodec
from vqcodec.codec.loading import for_pictures
from vqcodec.codec.rate_gradient import RateGradient
from vqcodec.codec.refinement import BEST_LAMBDA, refine
from vqcodec.defaults import DEFAULT_MODEL
from vqcodec.evaluation.pictures.bits_per_dim import find_files, read_pictures
from vqcodec.evaluation.report.text import markdown_table
from vqcodec.model.quality import Setting
from vqcodec.prior.pixelcnn import PixelCNN
from vqcodec.transform.image.networks import ImageNetworks

# Names, steps, and whether the gradient of the bits is part of it.
TRIALS = [
    ("0.4 to 0.08 in 10, distortion alone", np.geomspace(0.4, 0.08, 10), False),
    ("0.4 to 0.08 in 10", np.geomspace(0.4, 0.08, 10), True),
    ("0.4 to 0.2 in 4", np.geomspace(0.4, 0.2, 4), True),
    ("0.6 to 0.2 in 4", np.geomspace(0.6, 0.2, 4), True),
    ("0.8 to 0.2 in 4", np.geomspace(0.8, 0.2, 4), True),
    ("0.4 to 0.05 in 20", np.geomspace(0.4, 0.05, 20), True),
    ("0.6 to 0.05 in 20", np.geomspace(0.6, 0.05, 20), True),
    ("0.4 to 0.03 in 30", np.geomspace(0.4, 0.03, 30), True),
]
Pixels = NDArray[np.uint8]
IndexArray = NDArray[np.int32]
Figures = NDArray[np.float64]


def squares(folder: Path, count: int, side: int) -> list[Pixels]:
    """From the middle of pictures that are drawn by chance."""
    files, found = find_files(folder), list[Pixels]()
    for number in np.random.default_rng(0).permutation(len(files)):
        for picture in read_pictures(files[number]):
            top, left = ((extent - side) // 2 for extent in picture.shape[:2])
            if min(top, left) >= 0 and len(found) < count:
                found.append(np.ascontiguousarray(picture[top : top + side, left : left + side]))
        if len(found) == count:
            break
    return found


def measured(
    codec: vqcodec.ImageCodec, networks: ImageNetworks, pixels: Pixels, indices: IndexArray, at: Setting
) -> Figures:
    """Cost, bits and distortion of indices, all of them sums."""
    bits = float(codec.entropy_model.bits(indices, at.rate_point).sum())
    error = sum(part for _, _, part, _ in networks.errors(pixels, indices, at.rate_point, "squared error"))
    weight = codec.model.config.lambdas[at.rate_point] * BEST_LAMBDA
    return np.array([weight * error + at.lambda_ * bits, bits, error])


def flat(indices: IndexArray, rate_point: int) -> float:
    """Stands for a `RateGradient` where bits are not part of it."""
    return 0.0


def main() -> None:
    """See the module."""
    parser = parser_of(__doc__)
    parser.add_argument("pictures", type=Path)
    add_model(parser, DEFAULT_MODEL)
    parser.add_argument("--qualities", default="25,70")
    parser.add_argument("--count", type=int, default=6, help="of squares")
    parser.add_argument("--side", type=int, default=320, help="of a square, in pixels")
    arguments = parser.parse_args()

    codec = for_pictures(vqcodec.load(arguments.model))
    networks, prior = ImageCodec(codec.model).networks, codec.model.prior
    assert isinstance(prior, PixelCNN)
    slopes = RateGradient(prior, codec.entropy_model, codec.model.codebooks)
    pictures = squares(arguments.pictures, arguments.count, arguments.side)
    total, rows = sum(picture[..., 0].size for picture in pictures), []
    for quality in map(float, arguments.qualities.split(",")):
        at, latents = codec.settings(quality), [codec.analyse(picture) for picture in pictures]
        usual = [codec.choose(each, at) for each in latents]
        plain, _, _ = np.sum([measured(codec, networks, *pair, at) for pair in zip(pictures, usual, strict=True)], 0)
        for name, steps, with_bits in tqdm(TRIALS, f"quality {quality:g}", disable=None):
            rates, start = slopes if with_bits else flat, time.perf_counter()
            found = [
                refine(codec, networks, rates, *pair, at, steps.tolist())
                for pair in zip(pictures, map(np.copy, latents), strict=True)
            ]
            seconds = time.perf_counter() - start
            sums = [measured(codec, networks, *pair, at) for pair in zip(pictures, found, strict=True)]
            cost, bits, error = np.sum(sums, 0)
            figures = f"{cost / plain:.4f}", f"{bits / total:.4f}", f"{error / total:.5g}", f"{seconds:.0f}"
            rows.append([f"{quality:g}", name, *figures])
    print(markdown_table(["quality", "steps", "cost", "bit/pixel", "distortion", "seconds"], rows))


if __name__ == "__main__":
    run_script(main)
