"""What a picture of 100 megapixels costs, against one of 8.

    python -m scripts.benchmarks.huge PICTURE... --out FOLDER [--size 12000x8400] [--bpp N] [--model photo]
        [--threads 1]

The large picture is laid out of the given photographs, of which no two places are alike: each is turned, mirrored,
scaled and cropped by chance. The small one is its corner. Both are compressed and decompressed by the command line, in
processes of their own. Prints Markdown; pictures and files stay in the folder.

Nothing else should run on the machine meanwhile. Where something does, the processor's time is the one to compare.
"""

from __future__ import annotations

import io
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from scripts.benchmarks.process_cost import RoundTrip, add_threads, machine, round_trip, use_threads
from scripts.command_line import add_model, parser_of, run_script
from vqcodec.defaults import DEFAULT_MODEL
from vqcodec.evaluation.report.text import markdown_table, number
from vqcodec.media.pictures.reading import read_picture
from vqcodec.media.pictures.writing import write_picture

LARGE, SMALL = (12_000, 8_400), (3_456, 2_304)
CELL = (600, 420)  # pixels of the large picture that one photograph fills
SHARE = (0.6, 1.0)  # of a photograph, in each direction, that a cell shows


@dataclass(frozen=True)
class Cost:
    """What a picture of some size costs.

    Attributes:
        megapixels: its size.
        processes: that compress and decompress it.
        read_seconds: processor time of reading the PNG file alone, which is a part of compressing.
        write_seconds: of writing one, a part of decompressing.
    """

    megapixels: float
    processes: RoundTrip
    read_seconds: float
    write_seconds: float


def mosaic(photographs: list[Image.Image], width: int, height: int, seed: int = 0) -> Image.Image:
    """A picture of `width` x `height` pixels with photographs in cells."""
    rng = np.random.default_rng(seed)
    picture = Image.new("RGB", (width, height))
    for top in range(0, height, CELL[1]):
        for left in range(0, width, CELL[0]):
            photograph = photographs[rng.integers(len(photographs))]
            if rng.random() < 0.5:
                photograph = ImageOps.mirror(photograph)
            if rng.random() < 0.5:
                photograph = ImageOps.flip(photograph)
            extent = [round(side * share) for side, share in zip(photograph.size, rng.uniform(*SHARE, 2), strict=True)]
            x, y = (int(rng.integers(side - part + 1)) for side, part in zip(photograph.size, extent, strict=True))
            part = photograph.crop((x, y, x + extent[0], y + extent[1]))
            picture.paste(ImageOps.fit(part, CELL, Image.Resampling.LANCZOS), (left, top))
    return picture


def measure(source: Path, model: str, options: list[str]) -> Cost:
    """Compress, with options, and decompress the PNG file `source`."""
    packed, target = source.with_suffix(".vq"), source.with_name(f"{source.stem}-decoded.png")
    started = time.process_time()
    image = read_picture(source).image
    read_seconds = time.process_time() - started
    megapixels = image.width * image.height / 1e6
    del image
    processes = round_trip(source, packed, target, model, *options)
    decoded = read_picture(target).image
    started = time.process_time()
    write_picture(decoded, io.BytesIO(), ".png")
    write_seconds = time.process_time() - started
    return Cost(megapixels, processes, read_seconds, write_seconds)


def table(costs: list[Cost]) -> str:
    """Both commands at every size."""
    rows = []
    for cost in costs:
        for command, process, png in (
            ("compress", cost.processes.compress, cost.read_seconds),
            ("decompress", cost.processes.decompress, cost.write_seconds),
        ):
            cells = [process.seconds, process.seconds / cost.megapixels, process.cpu_seconds]
            cells += [process.cpu_seconds / cost.megapixels, png]
            texts = [number(each, digits) for each, digits in zip(cells, (1, 3, 1, 3, 1), strict=True)]
            rows.append([f"{cost.megapixels:.1f}", command, *texts, number(process.megabytes, 0)])
    return markdown_table(
        ["megapixels", "command", "seconds", "a megapixel", "processor", "a megapixel", "PNG", "peak MB"], rows
    )


def ratio(small: Cost, large: Cost) -> str:
    """Time per megapixel of the large picture, in that of the small one."""
    lines = []
    for command in ("compress", "decompress"):
        one, other = (getattr(cost.processes, command) for cost in (small, large))
        factor = small.megapixels / large.megapixels
        wall, processor = other.seconds / one.seconds * factor, other.cpu_seconds / one.cpu_seconds * factor
        lines.append(f"- {command}: {wall:.2f} by the clock, {processor:.2f} in processor time")
    return "Time a megapixel, large against small:\n\n" + "\n".join(lines)


def main() -> None:
    """See the module."""
    parser = parser_of(__doc__)
    parser.add_argument("pictures", type=Path, nargs="+", metavar="PICTURE", help="photographs, larger than 600 x 420")
    parser.add_argument("--out", type=Path, required=True, help="folder for pictures and files, of about 1 GB")
    parser.add_argument("--size", default="{}x{}".format(*LARGE), help="of the large picture (default: %(default)s)")
    parser.add_argument("--bpp", metavar="N", help="with rate control: at most so many bits per pixel")
    add_model(parser, DEFAULT_MODEL)
    add_threads(parser)
    arguments = parser.parse_args()
    use_threads(arguments.threads)
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # of this size by intention
    arguments.out.mkdir(parents=True, exist_ok=True)
    width, height = (int(extent) for extent in arguments.size.split("x"))

    sources = {"small": arguments.out / "small.png", "large": arguments.out / "large.png"}
    picture = mosaic([read_picture(path).image for path in arguments.pictures], width, height)
    picture.save(sources["large"], compress_level=1)
    picture.crop((0, 0, min(width, SMALL[0]), min(height, SMALL[1]))).save(sources["small"], compress_level=1)
    del picture
    options = ["--bpp", arguments.bpp] if arguments.bpp else []
    small, large = (measure(source, arguments.model, options) for source in sources.values())
    sizes = " and ".join(str(cost.processes.file_bytes) for cost in (small, large))
    print(f"{machine()}; `.vq` files of {sizes} bytes.\n")
    print(table([small, large]) + "\n\n" + ratio(small, large))


if __name__ == "__main__":
    run_script(main)
