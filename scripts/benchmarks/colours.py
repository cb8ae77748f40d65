"""Flat colours, text and drawings: how far models are from them, and PSNR at equal bytes beside WebP and AVIF.

    python -m scripts.benchmarks.colours photo [MODEL ...] [--quality 20 60 95] [--effort fast high] [--size 768 512]

The pictures are those of `vqcodec.evaluation.pictures.synthetic`. The first table has the largest and the mean error of
the flat patches, in levels, by the kind of their colour; the second one the PSNR of screenshots and drawings, and that
of WebP (method 6) and AVIF (4:4:4, speed 4) files of as many bytes, or the smallest that they write if these have more.
"""

from __future__ import annotations

import io
import math
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image

import vqcodec
from scripts.command_line import parser_of, run_script
from vqcodec.defaults import EFFORTS, Effort
from vqcodec.evaluation.pictures.metrics import psnr
from vqcodec.evaluation.pictures.synthetic.drawings import DRAWINGS
from vqcodec.evaluation.pictures.synthetic.patch_page import PatchPage, patch_page
from vqcodec.evaluation.pictures.synthetic.texture import texture
from vqcodec.evaluation.report.text import markdown_table

QUALITIES = (20.0, 40.0, 60.0, 80.0, 95.0, 100.0)
ANCHORS: dict[str, tuple[str, dict[str, Any]]] = {
    "WebP": ("WEBP", {"method": 6}),
    "AVIF": ("AVIF", {"speed": 4, "subsampling": "4:4:4"}),
}


def patch_errors(page: PatchPage, decoded: Image.Image) -> dict[str, tuple[int, float]]:
    """The largest and the mean error of the flat patches of a page, by the kind of their colour."""
    pixels, found = np.asarray(decoded.convert("RGB")).astype(int), defaultdict(list)
    for patch in page.patches:
        left, top, right, bottom = patch.box
        found[patch.kind].append(np.abs(pixels[top:bottom, left:right] - patch.colour).ravel())
    joined = {kind: np.concatenate(errors) for kind, errors in found.items()}
    return {kind: (int(errors.max()), float(errors.mean())) for kind, errors in joined.items()}


def patch_rows(
    codec: vqcodec.ImageCodec, name: str, qualities: list[float], effort: Effort, size: tuple[int, int]
) -> Iterator[list[str]]:
    """A row for each quality and page: bytes, and the errors of each kind."""
    for title, background in (("grey", None), ("texture", texture(*size))):
        page = patch_page(*size, background=background)
        for quality in qualities:
            data = codec.compress(page.image, quality=quality, effort=effort)
            errors = patch_errors(page, codec.decompress(data))
            cells = [f"{most} ({mean:.2f})" for _, (most, mean) in sorted(errors.items())]
            yield [name, title, effort, f"{quality:g}", str(len(data)), *cells]


def anchor_psnr(image: Image.Image, anchor: str, budget: int) -> str:
    """The PSNR of the best file within a budget, or of the smallest one, with its bytes."""
    kind, options = ANCHORS[anchor]
    files = {}
    for quality in range(0, 101, 4):
        file = io.BytesIO()
        image.save(file, kind, quality=quality, **options)
        files[len(file.getvalue())] = file
        if len(file.getvalue()) > budget:
            break
    size = max((size for size in files if size <= budget), default=min(files))
    with Image.open(files[size]) as decoded:
        value = decibels(image, decoded.convert("RGB"))
    return value if size <= budget else f"{value} in {size} bytes"


def drawing_rows(
    codec: vqcodec.ImageCodec, name: str, qualities: list[float], effort: Effort, size: tuple[int, int]
) -> Iterator[list[str]]:
    """A row for each drawing and quality: bytes and PSNR, ours and those of the anchors."""
    for title, draw in DRAWINGS.items():
        image = draw(*size, 0)
        for quality in qualities:
            data = codec.compress(image, quality=quality, effort=effort)
            anchors = [anchor_psnr(image, anchor, len(data)) for anchor in ANCHORS]
            decoded = codec.decompress(data)
            yield [name, title, effort, f"{quality:g}", str(len(data)), decibels(image, decoded), *anchors]


def decibels(original: Image.Image, decoded: Image.Image) -> str:
    """PSNR, for people."""
    value = psnr(original, decoded)
    return "lossless" if math.isinf(value) else f"{value:.1f}"


def main() -> None:
    """See the module."""
    parser = parser_of(__doc__)
    parser.add_argument("models", nargs="+", help="names of bundled models, or files")
    parser.add_argument("--quality", nargs="+", type=float, default=QUALITIES, help="of patches and drawings")
    parser.add_argument("--effort", nargs="+", choices=EFFORTS, default=["fast", "high"])
    parser.add_argument("--size", nargs=2, type=int, default=(768, 512), help="width and height")
    parser.add_argument("--no-drawings", action="store_true", help="patches only")
    arguments = parser.parse_args()
    patches: list[list[str]] = []
    drawings: list[list[str]] = []
    for name in arguments.models:
        codec = vqcodec.load(name)
        for effort in arguments.effort:
            given = codec, name, arguments.quality, effort, tuple(arguments.size)
            patches += patch_rows(*given)
            drawings += [] if arguments.no_drawings else drawing_rows(*given)
    kinds = sorted({patch.kind for patch in patch_page(*arguments.size).patches})
    print(markdown_table(["model", "page", "effort", "quality", "bytes", *kinds], patches), "\n")
    if drawings:
        print(markdown_table(["model", "drawing", "effort", "quality", "bytes", "vqcodec", *ANCHORS], drawings))


if __name__ == "__main__":
    run_script(main)
