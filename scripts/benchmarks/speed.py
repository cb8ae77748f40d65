"""How long whole processes take for a picture, and how much memory, by its size.

    python -m scripts.benchmarks.speed PICTURES [--runs 5] [--megapixels 0.1 ... 8] [--model photo] [--threads 1]
        [--out RESULTS]

Every time is the median of so many runs after one that is not counted, so that files are in the cache of the system.
Prints Markdown; writes time and memory against the size of the picture to RESULTS/size.csv and RESULTS/size.png. The
pictures are made from the first one of the folder. Nothing else should run on the machine meanwhile.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from PIL import Image
from tqdm import tqdm

from scripts.benchmarks.inputs import STANDARD, standard_picture
from scripts.benchmarks.process_cost import RoundTrip, add_threads, cost_of, machine, round_trip, use_threads
from scripts.command_line import add_model, parser_of, run_script
from vqcodec.defaults import DEFAULT_MODEL
from vqcodec.evaluation.pictures.folder import find_pictures, mirrored_to_size
from vqcodec.evaluation.report.text import markdown_table, number, write_csv
from vqcodec.media.pictures.reading import read_rgb

MEGAPIXELS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
COLOURS = {"compress": "#c2255c", "decompress": "#1971c2"}


@dataclass(frozen=True)
class SizeCost:
    """What a picture of some size costs, in whole processes."""

    megapixels: float
    width: int
    height: int
    file_bytes: int
    compress_seconds: float
    compress_megabytes: float
    decompress_seconds: float
    decompress_megabytes: float


def process_table(image: Image.Image, model: str, runs: int) -> str:
    """The commands, from start to end."""
    both = picture_cost(image, model, runs)
    costs = {"--help": cost_of("--help", runs=runs), "compress": both.compress, "decompress": both.decompress}
    rows = [[f"`vqcodec {name}`", number(cost.seconds, 3), number(cost.megabytes, 0)] for name, cost in costs.items()]
    return markdown_table(["whole process", "seconds", "peak MB"], rows)


def picture_cost(image: Image.Image, model: str, runs: int) -> RoundTrip:
    """Both commands on a picture."""
    with tempfile.TemporaryDirectory() as folder:
        source, packed, target = (Path(folder) / name for name in ("in.png", "packed.vq", "out.png"))
        image.save(source)
        return round_trip(source, packed, target, model, runs=runs)


def size_costs(image: Image.Image, sizes: Sequence[float], model: str, runs: int) -> list[SizeCost]:
    """Both commands at every size."""
    costs = []
    for megapixels in tqdm(sizes, desc="sizes", disable=None):
        width = round(math.sqrt(megapixels * 1e6 * STANDARD[0] / STANDARD[1]))
        height = round(megapixels * 1e6 / width)
        both = picture_cost(mirrored_to_size(image, width, height), model, runs)
        costs.append(
            SizeCost(
                megapixels=megapixels,
                width=width,
                height=height,
                file_bytes=both.file_bytes,
                compress_seconds=both.compress.seconds,
                compress_megabytes=both.compress.megabytes,
                decompress_seconds=both.decompress.seconds,
                decompress_megabytes=both.decompress.megabytes,
            )
        )
    return costs


def size_table(costs: Sequence[SizeCost]) -> str:
    """Time and memory at every size."""
    rows = [
        [
            f"{cost.megapixels:g} ({cost.width} x {cost.height})",
            str(cost.file_bytes),
            number(cost.compress_seconds),
            number(cost.compress_megabytes, 0),
            number(cost.decompress_seconds),
            number(cost.decompress_megabytes, 0),
        ]
        for cost in costs
    ]
    return markdown_table(["megapixels", "bytes", "compress s", "peak MB", "decompress s", "peak MB"], rows)


def plot(costs: Sequence[SizeCost], path: Path) -> None:
    """Time and memory over the size of the picture."""
    figure, panels = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    sizes = [cost.megapixels for cost in costs]
    for axes, unit, title in zip(panels, ("seconds", "megabytes"), ("Time, s", "Peak memory, MB"), strict=True):
        for command, colour in COLOURS.items():
            values = [getattr(cost, f"{command}_{unit}") for cost in costs]
            axes.plot(sizes, values, "o-", color=colour, linewidth=2, markersize=4)
            end = (sizes[-1], values[-1])
            axes.annotate(command, end, xytext=(7, 0), textcoords="offset points", va="center", color=colour)
        # Linear: what grows in proportion to the picture is a straight line, and what each process costs its start.
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("megapixels")
        axes.set_title(title, loc="left")
        axes.grid(color="#e9ecef")
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=160)
    plt.close(figure)


def main() -> None:
    """See the module."""
    parser = parser_of(__doc__)
    parser.add_argument("pictures", type=Path, help="folder of pictures")
    parser.add_argument("--runs", type=int, default=5, help="how often each is measured (default: 5)")
    add_model(parser, DEFAULT_MODEL)
    add_threads(parser)
    parser.add_argument("--megapixels", type=float, nargs="+", default=MEGAPIXELS, help="sizes; default: 0.1 ... 8")
    parser.add_argument("--out", type=Path, default=Path(), help="folder for size.csv and size.png (default: here)")
    arguments = parser.parse_args()
    use_threads(arguments.threads)
    arguments.out.mkdir(parents=True, exist_ok=True)
    runs = max(1, arguments.runs)

    first = find_pictures(arguments.pictures)[0]
    print(f"Medians of {runs} runs; {machine()}.\n")
    print("A picture of {} x {} pixels at the default quality:\n".format(*STANDARD))
    print(process_table(standard_picture(first), arguments.model, runs), flush=True)
    image = read_rgb(first).image
    costs = size_costs(image, sorted(arguments.megapixels), arguments.model, runs)
    write_csv(arguments.out / "size.csv", SizeCost, costs)
    plot(costs, arguments.out / "size.png")
    print("\nWhole processes against the size of the picture:\n\n" + size_table(costs))


if __name__ == "__main__":
    run_script(main)
