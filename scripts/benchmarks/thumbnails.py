"""How far small versions of decoded pictures are from the whole ones, scaled down.

    python -m scripts.benchmarks.thumbnails PICTURE... [--model photo] [--max-size 192] [--qualities 20 60 90]

Prints the mean and the least PSNR of all pictures at each quality, as Markdown.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from scripts.command_line import add_model, parser_of, run_script
from vqcodec.codec.image import ImageCodec
from vqcodec.codec.loading import for_pictures, load
from vqcodec.defaults import DEFAULT_MODEL
from vqcodec.evaluation.report.text import markdown_table, number
from vqcodec.media.pictures.reading import read_rgb


def psnr(codec: ImageCodec, path: Path, quality: float, most: int) -> float:
    """Of the small version of a picture, of at most `most` pixels a side, in dB."""
    data = codec.compress(read_rgb(path), quality)
    small = codec.decompress(data, max_size=most)
    wanted = codec.decompress(data).resize(small.size, Image.Resampling.LANCZOS)
    error = np.asarray(small).astype(float) - np.asarray(wanted)
    return float(10 * np.log10(255**2 / max((error**2).mean(), 1e-9)))


def main() -> None:
    """See the module."""
    parser = parser_of(__doc__)
    parser.add_argument("pictures", type=Path, nargs="+", metavar="PICTURE")
    add_model(parser, DEFAULT_MODEL)
    parser.add_argument("--max-size", type=int, default=192, help="pixels a side (default: 192)")
    parser.add_argument("--qualities", type=float, nargs="+", default=[20, 60, 90], help="(default: 20 60 90)")
    arguments = parser.parse_args()
    codec, rows = for_pictures(load(arguments.model)), []
    for quality in arguments.qualities:
        found = [psnr(codec, path, quality, arguments.max_size) for path in arguments.pictures]
        rows.append([f"{quality:g}", number(sum(found) / len(found), 1), number(min(found), 1)])
    print(markdown_table(["quality", "mean PSNR", "least"], rows))


if __name__ == "__main__":
    run_script(main)
