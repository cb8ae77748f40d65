"""Megapixels a second and core, beside other codecs.

    python -m scripts.benchmarks.peers PICTURE... [--rounds 7]

Classical codecs have their default effort, and a quality that makes files about as large as ours at quality 60, the
default: with other sizes they take other times. Networks alone are without the prior and its coder. Every codec has one
thread; time is that of the processor, so what else runs disturbs little. Codecs take turns, and medians are counted.

The networks of CompressAI are optional, and take a minute or so for a picture in each round:

    pip install -c constraints.txt torchvision torch-geometric einops pandas
    pip install --no-deps compressai  # it asks for numpy 1, and works with 2

where torchvision has to be of the same build as torch, for a CPU or for CUDA. Their weights are random.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from PIL import Image

import vqcodec
from scripts.benchmarks.paired import add_rounds, in_turn, timed
from scripts.benchmarks.peer import Peer
from scripts.benchmarks.process_cost import machine, use_threads
from scripts.command_line import parser_of, run_script
from vqcodec.defaults import DEFAULT_MODEL, DEFAULT_QUALITY
from vqcodec.evaluation.pictures.anchors import AVIF, JXL, WEBP
from vqcodec.evaluation.pictures.encoders import encode_on_one_thread
from vqcodec.evaluation.report.text import markdown_table, number
from vqcodec.media.pictures.reading import read_rgb

# With a quality each. Efforts are the defaults of Pillow and of its plug-in for JPEG XL.
CLASSICAL = (
    (replace(AVIF, variant="speed 6", options={"speed": 6, "max_threads": 1}), 30),
    (replace(WEBP, variant="method 4", options={"method": 4}), 6),
    (replace(JXL, variant="effort 7", options={"effort": 7, "num_threads": 1, "lossless_jpeg": False}), 16),
)


def our_peers() -> list[Peer]:
    """The default model as it is called, and its networks alone."""
    codec = vqcodec.load(DEFAULT_MODEL)
    assert isinstance(codec, vqcodec.ImageCodec)
    name = f"vqcodec, {DEFAULT_MODEL}"
    return [
        Peer(f"{name}, quality {DEFAULT_QUALITY:g}", codec.compress, codec.decompress),
        Peer(f"{name}, networks and nearest codewords alone", codec.encode, codec.decode),
    ]


def classical_peers() -> list[Peer]:
    """Codecs of Pillow; a line on standard error for each that is missing."""
    encode_on_one_thread()
    peers = []
    for anchor, quality in CLASSICAL:
        if not anchor.available:
            print(f"{anchor.label} is left out: {anchor.remedy}", file=sys.stderr)
            continue
        name = f"{anchor.label}, {anchor.variant}, quality {quality}"
        peers.append(Peer(name, partial(anchor.compress, quality=quality), anchor.decompress))
    return peers


def network_peers() -> list[Peer]:
    """The networks of CompressAI, or a line on standard error if it is not installed."""
    try:
        from scripts.benchmarks.compressai_peers import compressai_peers
    except (ImportError, RuntimeError) as error:  # the latter from a torchvision that does not fit torch
        print(f"CompressAI is left out, see --help: {error}", file=sys.stderr)
        return []
    return compressai_peers()


def cost(peer: Peer, images: Sequence[Image.Image]) -> tuple[float, float, float]:
    """Processor seconds of encoding pictures and of decoding them, and the bits of all files: NaN if there are none."""
    coded: list[Any] = []
    encoding = timed(lambda: coded.extend(map(peer.encode, images)))()
    decoding = timed(lambda: [peer.decode(each) for each in coded])()
    bits = 8 * sum(map(len, coded)) if isinstance(coded[0], bytes) else math.nan
    return encoding.cpu_seconds, decoding.cpu_seconds, bits


def table(peers: Sequence[Peer], images: Sequence[Image.Image], rounds: int) -> str:
    """The bits a pixel of each codec, and the megapixels that it encodes and decodes in a second."""
    pixels = sum(image.width * image.height for image in images)
    rows = []
    for peer, costs in zip(
        peers, zip(*in_turn([partial(cost, peer, images) for peer in peers], rounds), strict=True), strict=True
    ):
        encoding, decoding, bits = (median(each) for each in zip(*costs, strict=True))
        speeds = [number(pixels / 1e6 / seconds, 3) for seconds in (encoding, decoding)]
        rows.append([peer.name, number(bits / pixels), *speeds])
    return markdown_table(["codec", "bit/pixel", "encode, megapixels/s", "decode, megapixels/s"], rows)


def main() -> None:
    """See the module."""
    parser = parser_of(__doc__)
    parser.add_argument("pictures", type=Path, nargs="+", metavar="PICTURE")
    add_rounds(parser)
    arguments = parser.parse_args()
    use_threads(1)
    images = [read_rgb(path).image for path in arguments.pictures]
    peers = [*our_peers(), *classical_peers(), *network_peers()]
    print(f"Medians of {arguments.rounds} rounds; {machine()}.\n", flush=True)
    print(table(peers, images, arguments.rounds))


if __name__ == "__main__":
    run_script(main)
