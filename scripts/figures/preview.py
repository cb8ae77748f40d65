"""A preview of a thousand bytes, beside the best JPEG and WebP of at most as many: docs/preview.png.

    python -m scripts.figures.preview PICTURE OUT.png [--bytes 1000] [--width 440] [--model photo]

JPEG and WebP are given what vqcodec gives itself: the picture is coded at every scale 2^(-k/2), scaled by Lanczos
filters both ways, at the highest quality that fits the budget, of JPEG baseline and progressive. The file with the
highest PSNR at the whole size is shown. Prints what each has.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from bitstream import ImageSource
from scripts.command_line import add_model, parser_of, run_script
from vqcodec.codec.loading import for_pictures, load
from vqcodec.defaults import DEFAULT_MODEL
from vqcodec.evaluation.pictures.anchors import JPEG, MOZJPEG, WEBP, PictureAnchor
from vqcodec.evaluation.pictures.metrics import psnr
from vqcodec.media.pictures.contact_sheet import contact_sheet
from vqcodec.media.pictures.reading import read_rgb

LANCZOS = Image.Resampling.LANCZOS
CAPTION = 24  # pixels of height
BASELINE = replace(JPEG, options={"optimize": True})


@dataclass(frozen=True)
class Preview:
    """A picture as a codec gives it back.

    Attributes:
        label: of the codec.
        size: bytes of the file.
        coded: width and height at which it was coded.
        decoded: the picture, at its own size.
        psnr: in dB.
    """

    label: str
    size: int
    coded: tuple[int, int]
    decoded: Image.Image
    psnr: float

    @property
    def caption(self) -> str:
        """What it is, in a line."""
        scaled = "" if self.coded == self.decoded.size else f" at {self.coded[0]} x {self.coded[1]}"
        return f"{self.label}{scaled}: {self.size:,} bytes, {self.psnr:.2f} dB"


def largest(anchor: PictureAnchor, picture: Image.Image, budget: int) -> bytes | None:
    """The file of the highest quality that fits; None if none does."""
    best, low, high = None, 0, 100
    while low <= high:
        quality = (low + high) // 2
        data = anchor.compress(picture, quality)
        best, low, high = (data, quality + 1, high) if len(data) <= budget else (best, low, quality - 1)
    return best


def previews(anchor: PictureAnchor, picture: Image.Image, budget: int) -> Iterator[Preview]:
    """The preview of each scale at which there is one."""
    for number in range(math.ceil(2 * math.log2(max(picture.size)))):
        coded = max(1, round(picture.width * 2 ** (-number / 2))), max(1, round(picture.height * 2 ** (-number / 2)))
        data = largest(anchor, picture.resize(coded, LANCZOS), budget)
        if data is not None:
            decoded = anchor.decompress(data).resize(picture.size, LANCZOS)
            yield Preview(anchor.label, len(data), coded, decoded, psnr(picture, decoded))


def best(anchors: Sequence[PictureAnchor], picture: Image.Image, budget: int) -> Preview:
    """The preview with the highest PSNR that one of these settings of a codec gives."""
    return max((each for anchor in anchors for each in previews(anchor, picture, budget)), key=lambda each: each.psnr)


def own(model: str, picture: Image.Image, budget: int) -> Preview:
    """That of vqcodec."""
    codec = for_pictures(load(model))
    data = codec.compress(picture, max_bytes=budget)
    source, decoded = codec.read(data).source, codec.decompress(data)
    assert isinstance(source, ImageSource)
    return Preview("vqcodec", len(data), (source.coded_width, source.coded_height), decoded, psnr(picture, decoded))


def captioned(picture: Image.Image, text: str, width: int) -> Image.Image:
    """The picture at a width, with a line below it."""
    shown = picture.resize((width, round(picture.height * width / picture.width)), LANCZOS)
    panel = Image.new("RGB", (width, shown.height + CAPTION), "white")
    panel.paste(shown)
    font = ImageFont.load_default(14)
    ImageDraw.Draw(panel).text((2, shown.height + 3), text, "black", font)
    return panel


def main() -> None:
    """See the module."""
    parser = parser_of(__doc__)
    parser.add_argument("picture", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--bytes", type=int, default=1000, dest="budget")
    parser.add_argument("--width", type=int, default=440, help="of each panel, in pixels")
    add_model(parser, DEFAULT_MODEL)
    arguments = parser.parse_args()
    picture, budget = read_rgb(arguments.picture).image, arguments.budget
    shown = [
        own(arguments.model, picture, budget),
        best([anchor for anchor in (MOZJPEG, JPEG, BASELINE) if anchor.available], picture, budget),
        best([WEBP], picture, budget),
    ]
    original = captioned(picture, f"original, {picture.width} x {picture.height}", arguments.width)
    panels = [captioned(each.decoded, each.caption, arguments.width) for each in shown]
    contact_sheet([original, *panels]).save(arguments.target, optimize=True)
    for each in shown:
        print(each.caption)


if __name__ == "__main__":
    run_script(main)
