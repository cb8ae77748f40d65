"""Whether what a prior draws costs what pictures cost; the exit status is 1 if not.

    python scripts/samples.py PICTURES [--quality 60] [--model photo] [--seed 0]

Under a prior that fits, indices of pictures which it was not fitted to take as many bits as its own draws do. For every
picture one of the same size is drawn at temperature 1, and the bits of a position (all planes) are compared: the mean
over the pictures' positions with that over the draws'. Prints Markdown.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

import vqcodec
from bitstream import VqcodecError
from vqcodec.defaults import DEFAULT_MODEL, DEFAULT_QUALITY
from vqcodec.evaluation.pictures.bits_per_dim import find_files, read_pictures
from vqcodec.evaluation.report.text import markdown_table, number, verdict

TOLERANCE = 0.05


def bits_per_position(codec: vqcodec.Codec, volumes: list[vqcodec.Indices]) -> float:
    """Mean code length of a position, over the positions of all volumes."""
    bits = sum(float(codec.bits(volume).sum()) for volume in volumes)
    return bits / sum(int(volume.values[0].size) for volume in volumes)


def perplexities(volumes: list[vqcodec.Indices]) -> NDArray[np.float64]:
    """2^entropy of the indices of each plane, `[P]`."""
    planes = zip(*(volume.values.reshape(len(volume.values), -1) for volume in volumes), strict=True)
    shares = [np.unique(np.concatenate(plane), return_counts=True)[1] for plane in planes]
    return np.array([2 ** -np.sum(n / n.sum() * np.log2(n / n.sum())) for n in shares])


def main() -> bool:
    """See the module; whether the two agree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path, help="pictures that the prior was not fitted to: a folder, or .npy")
    parser.add_argument("--quality", type=float, default=DEFAULT_QUALITY, help="at which the pictures are coded")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="name of a bundled model, or a model file")
    parser.add_argument("--seed", type=int, default=0, help="of the draws; each picture has one of its own after it")
    arguments = parser.parse_args()

    codec = vqcodec.load(arguments.model)
    pictures = [picture for path in find_files(arguments.pictures) for picture in read_pictures(path)]
    chosen, coded, drawn = codec.settings(arguments.quality), [], []
    for seed, picture in enumerate(tqdm(pictures, disable=None), start=arguments.seed):
        height, width, _ = picture.shape
        coded.append(codec.encode(picture, chosen.lambda_, chosen.rate_point))
        drawn += codec.sample(1, height, width, seed, rate_point=chosen.rate_point)
    pictures_bits, samples_bits = bits_per_position(codec, coded), bits_per_position(codec, drawn)
    difference = samples_bits / pictures_bits - 1
    agree = abs(difference) <= TOLERANCE
    print(f"Bits of a position, over {len(pictures)} pictures at quality {arguments.quality:g}:\n")
    row = [arguments.model, number(pictures_bits, 1), number(samples_bits, 1), number(100 * difference, 1, sign=True)]
    header = ["model", "of pictures", "of samples", "difference, %", f"within {TOLERANCE:.0%}"]
    print(markdown_table(header, [[*row, verdict(agree)]]))
    used, alphabets = perplexities(coded), coded[0].sizes
    parts = ", ".join(f"{a:.0f} of {b}" for a, b in zip(used, alphabets, strict=True))
    print(f"\nPerplexity of the planes: {parts}; {np.mean(used / np.array(alphabets)):.2f} in the mean.")
    return agree


if __name__ == "__main__":
    try:
        raise SystemExit(0 if main() else 1)
    except VqcodecError as error:
        raise SystemExit(f"samples.py: error: {error}") from None
