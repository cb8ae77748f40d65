"""What is left of pictures whose files are cut after a stream: docs/progressive.png.

    python -m scripts.figures.progressive PICTURES OUT.png [--quality 20 40 60 80 95] [--model photo]

Every picture of the folder is compressed at each quality, and its file is cut after each stream. What that decodes to
is compared with the picture. Draws the mean PSNR over the mean rate, and prints both as Markdown.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image
from tqdm import tqdm

from bitstream import unpack
from scripts.command_line import add_model, parser_of, run_script
from vqcodec import ImageCodec
from vqcodec.codec.loading import for_pictures, load
from vqcodec.defaults import DEFAULT_MODEL
from vqcodec.evaluation.pictures.folder import find_pictures
from vqcodec.evaluation.pictures.metrics import psnr
from vqcodec.evaluation.report.plot import COLOURS
from vqcodec.evaluation.report.text import markdown_table, number
from vqcodec.media.pictures.reading import read_rgb

WHOLE, CUT = COLOURS["vqcodec"], "#868e96"


@dataclass(frozen=True)
class Prefix:
    """What a file gives up to the end of a stream, or its mean over pictures.

    Attributes:
        bpp: bits of the prefix over pixels.
        psnr: in dB.
    """

    bpp: float
    psnr: float


def prefixes(codec: ImageCodec, picture: Image.Image, quality: float) -> list[Prefix]:
    """Of the file of a picture, those to the end of each stream."""
    data, found = codec.compress(picture, quality), []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the files are cut
        for end in unpack(data).stream_ends:
            decoded = codec.decompress(data[:end], allow_truncated=True)
            found.append(Prefix(8 * end / (picture.width * picture.height), psnr(picture, decoded)))
    return found


def means(same: Iterable[Sequence[Prefix]]) -> list[Prefix]:
    """The mean of each stream's prefix over pictures."""
    return [
        Prefix(float(np.mean([each.bpp for each in stream])), float(np.mean([each.psnr for each in stream])))
        for stream in zip(*same, strict=True)
    ]


def draw(measured: dict[float, list[Prefix]], pictures: int, target: Path) -> None:
    """A line for the whole files, and for each quality one from its first stream to all of them."""
    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.subplots()
    whole = [each[-1] for each in measured.values()]
    axes.plot([each.bpp for each in whole], [each.psnr for each in whole], color=WHOLE, linewidth=2.4, marker="o")
    for quality, cuts in measured.items():
        axes.plot([each.bpp for each in cuts], [each.psnr for each in cuts], color=CUT, marker=".", zorder=1)
        axes.annotate(
            f"quality {quality:g}",
            (cuts[-1].bpp, cuts[-1].psnr),
            xytext=(-6, 5),
            textcoords="offset points",
            ha="right",
            color=WHOLE,
        )
    axes.annotate(
        "cut after its first stream",
        (cuts[0].bpp, cuts[0].psnr),
        xytext=(8, -4),
        textcoords="offset points",
        color=CUT,
    )
    axes.set_title(f"Whole files, and files cut after a stream: mean over {pictures} pictures", loc="left")
    axes.set_xlabel("bits per pixel")
    axes.set_ylabel("PSNR, dB")
    axes.set_xlim(left=0)
    axes.grid(color="#e9ecef")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(target, dpi=130)


def main() -> None:
    """See the module."""
    parser = parser_of(__doc__)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--quality", type=float, nargs="+", default=[20, 40, 60, 80, 95])
    add_model(parser, DEFAULT_MODEL)
    arguments = parser.parse_args()
    codec = for_pictures(load(arguments.model))
    pictures = [read_rgb(path).image for path in tqdm(find_pictures(arguments.pictures), "reading", disable=None)]
    measured = {
        quality: means(prefixes(codec, picture, quality) for picture in tqdm(pictures, f"{quality:g}", disable=None))
        for quality in sorted(arguments.quality)
    }
    draw(measured, len(pictures), arguments.target)
    count = len(codec.model.prior.stream_ends)
    header = ["quality", *(f"{end} of {count}: {unit}" for end in range(1, count + 1) for unit in ("bpp", "dB"))]
    rows = [
        [f"{quality:g}", *(cell for each in cuts for cell in (number(each.bpp, 4), number(each.psnr)))]
        for quality, cuts in measured.items()
    ]
    print(markdown_table(header, rows))


if __name__ == "__main__":
    run_script(main)
