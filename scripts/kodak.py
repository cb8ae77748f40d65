"""Rate and distortion of vqcodec and its peers on a folder of pictures: the figures of docs/RESULTS.md.

    python scripts/kodak.py PICTURES --out RESULTS

Every picture is really compressed to a file's bytes and decompressed. Results are kept in RESULTS/cache.jsonl, so that
a second run measures only what is missing. Writes rd.csv (every picture), rd_mean.csv and rd.png, prints Markdown.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray
from tqdm import tqdm

import bitstream
import vqcodec
from vqcodec.evaluation.peers import PEERS
from vqcodec.evaluation.pictures import find_pictures
from vqcodec.evaluation.rate_distortion import ImageCodec, MeanPoint, Point, interpolate, means, measure, rises
from vqcodec.evaluation.report import markdown_table, number, write_csv
from vqcodec.image.pixels import read_picture
from vqcodec.model import find_model

OURS = "vqcodec"
QUALITIES = tuple(float(quality) for quality in range(5, 100, 5))
RATES = (0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6)
# Packages that do not change what is in a file or a decoded picture.
OFF_THE_PATH = ("cli", "evaluation", "training")
COLOURS = {OURS: "#c2255c", "JPEG": "#868e96", "WebP": "#2b8a3e", "AVIF": "#1971c2"}
SHOWN_RATES = (0.05, 1.05)


@dataclass(frozen=True)
class Entrant:
    """A codec to measure; `version` changes whenever its results may."""

    name: str
    codec: ImageCodec
    version: str
    qualities: tuple[float, ...]


@dataclass(frozen=True)
class Key:
    """What a result depends on."""

    codec: str
    version: str
    quality: float
    image: str
    image_hash: str


class Cache:
    """Results on disk, one JSON line each; lines that were cut when a run was stopped are left out."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.points: dict[Key, Point] = {}
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            try:
                entry = json.loads(line)
                self.points[Key(**entry["key"])] = Point(**entry["point"])
            except (ValueError, TypeError, KeyError):
                continue

    def add(self, key: Key, point: Point) -> None:
        """Keep a result. The line feed comes first, so that a line that was cut does not spoil the next one."""
        self.points[key] = point
        with self.path.open("a", encoding="utf-8") as file:
            file.write("\n" + json.dumps({"key": asdict(key), "point": asdict(point)}))


def ours(model: str, qualities: Iterable[float]) -> Entrant:
    """vqcodec with a model."""
    codec = vqcodec.load(model)
    digest = hashlib.sha256(find_model(model).read_bytes())
    for package in (bitstream, vqcodec):
        root = Path(str(package.__file__)).parent
        for path in sorted(root.rglob("*.py")):
            if path.relative_to(root).parts[0] not in OFF_THE_PATH:
                digest.update(path.read_bytes())
    version = f"{codec.model.fingerprint.hex()} {digest.hexdigest()[:16]}"
    return Entrant(OURS, codec, version, tuple(qualities))


def measure_all(entrants: Sequence[Entrant], pictures: Sequence[Path], cache: Cache) -> list[Point]:
    """A point of every entrant, quality and picture, measured where the cache has none."""
    points = []
    progress = tqdm(total=len(pictures) * sum(len(each.qualities) for each in entrants), disable=None)
    for path in pictures:
        image, image_hash = read_picture(path).image, hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        for entrant in entrants:
            for quality in entrant.qualities:
                key = Key(entrant.name, entrant.version, quality, path.name, image_hash)
                if key not in cache.points:
                    cache.add(key, measure(entrant.name, entrant.codec, quality, path.name, image))
                points.append(cache.points[key])
                progress.update()
    progress.close()
    return points


def at_rates(curve: Sequence[MeanPoint], metric: str) -> NDArray[np.float64]:
    """The mean PSNR or MS-SSIM of a codec at RATES."""
    rates = [point.bits_per_pixel for point in curve]
    return interpolate(rates, [getattr(point, metric) for point in curve], RATES)


def rate_table(curves: dict[str, list[MeanPoint]], metric: str, digits: int) -> str:
    """A metric of every codec at RATES, and how far vqcodec is ahead of JPEG and WebP."""
    values = {name: at_rates(curve, metric) for name, curve in curves.items()}
    columns = {name: [number(value, digits) for value in column] for name, column in values.items()}
    for peer in ("JPEG", "WebP") if OURS in values else ():
        ahead = values[OURS] - values[peer]
        columns[f"vs {peer}"] = [number(value, digits, sign=True) for value in ahead]
    rows = zip((f"{rate:g}" for rate in RATES), *columns.values(), strict=True)
    return markdown_table(["bit/pixel", *columns], list(rows))


def quality_table(curve: Sequence[MeanPoint]) -> str:
    """The means of every quality, and whether they rise."""
    header = ["quality", "bit/pixel", "PSNR dB", "MS-SSIM", "compress s", "decompress s"]
    rows = [
        [
            f"{point.quality:g}",
            number(point.bits_per_pixel, 4),
            number(point.psnr),
            number(point.ms_ssim, 4),
            number(point.encode_seconds),
            number(point.decode_seconds),
        ]
        for point in curve
    ]
    return "\n".join([markdown_table(header, rows), "", *strictness(curve)])


def strictness(curve: Sequence[MeanPoint]) -> list[str]:
    """Whether the means rise strictly with the quality, and where they do not."""
    lines = []
    for name, metric in (("rate", "bits_per_pixel"), ("PSNR", "psnr")):
        values = [getattr(point, metric) for point in curve]
        falls = [f"{point.quality:g}" for point, step in zip(curve[1:], np.diff(values), strict=True) if step <= 0]
        answer = "yes" if rises(values) else f"**NO**, not at quality {', '.join(falls)}"
        lines.append(f"- The mean {name} rises strictly with the quality: {answer}.")
    return lines


def plot(curves: dict[str, list[MeanPoint]], pictures: int, path: Path) -> None:
    """PSNR and MS-SSIM over the rate, a labelled curve for each codec."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 5), layout="constrained")
    for axes, metric in ((left, "psnr"), (right, "ms_ssim")):
        for name, curve in curves.items():
            shown = [point for point in curve if SHOWN_RATES[0] <= point.bits_per_pixel <= SHOWN_RATES[1]]
            rates = [point.bits_per_pixel for point in shown]
            draw_curve(axes, name, rates, [getattr(point, metric) for point in shown])
        axes.set_xscale("log")
        axes.set_xlim(SHOWN_RATES)
        ticks = (0.05, 0.1, 0.2, 0.4, 0.6, 1)
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
        axes.set_xlabel("bit per pixel")
        axes.grid(color="#e9ecef")
        axes.spines[["top", "right"]].set_visible(False)
    left.set_title("PSNR of RGB, dB", loc="left")
    right.set_title("MS-SSIM of RGB", loc="left")
    # Equal steps on this axis are equal ratios of what is missing to 1: where the codecs differ, near 1, it is widest.
    right.set_yscale("function", functions=(lambda y: -np.log10(np.maximum(1 - y, 1e-4)), lambda y: 1 - 10.0**-y))
    values = (0.7, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99)
    right.set_yticks(values, [f"{value:g}" for value in values])
    missing = 1 - np.concatenate([[0.8, 0.98], *(np.asarray(line.get_ydata(), float) for line in right.lines)])
    right.set_ylim(1 - 1.15 * np.nanmax(missing), 1 - np.nanmin(missing) / 1.15)
    figure.suptitle(f"Mean over {pictures} pictures", x=0.01, ha="left", fontsize="medium", color="#495057")
    figure.savefig(path, dpi=160)
    plt.close(figure)


def draw_curve(axes: Axes, name: str, rates: Sequence[float], values: Sequence[float]) -> None:
    """One codec, with its name at the end of the line."""
    if not rates:
        return
    mine = name == OURS
    axes.plot(rates, values, "o-", color=COLOURS[name], linewidth=2.4 if mine else 1.4, markersize=4 if mine else 2.5)
    axes.annotate(
        name,
        (rates[-1], values[-1]),
        xytext=(7, 0),
        textcoords="offset points",
        va="center",
        color=COLOURS[name],
        weight="bold" if mine else "normal",
        path_effects=[withStroke(linewidth=3, foreground="white")],
        annotation_clip=False,
    )


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path, help="folder of pictures")
    parser.add_argument("--out", type=Path, required=True, help="folder for the results; made if it is not there")
    parser.add_argument("--qualities", type=float, nargs="+", default=QUALITIES, help="of vqcodec; 5 10 ... 95")
    parser.add_argument("--model", default="photo", help="name of a bundled model, or a model file")
    parser.add_argument("--peers-only", action="store_true", help="measure the other codecs only")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)

    entrants = [] if arguments.peers_only else [ours(arguments.model, sorted(set(arguments.qualities)))]
    entrants += [Entrant(peer.name, peer, peer.version, tuple(map(float, peer.qualities))) for peer in PEERS]
    pictures = find_pictures(arguments.pictures)
    points = measure_all(entrants, pictures, Cache(arguments.out / "cache.jsonl"))
    averages = means(points)
    write_csv(arguments.out / "rd.csv", Point, points)
    write_csv(arguments.out / "rd_mean.csv", MeanPoint, averages)
    curves = {entrant.name: [point for point in averages if point.codec == entrant.name] for entrant in entrants}
    plot(curves, len(pictures), arguments.out / "rd.png")

    print(f"Mean PSNR (dB) over {len(pictures)} pictures, interpolated at fixed rates:\n")
    print(rate_table(curves, "psnr", 2))
    print("\nMean MS-SSIM, likewise:\n")
    print(rate_table(curves, "ms_ssim", 4))
    if OURS in curves:
        print(f"\n{OURS} at every quality:\n")
        print(quality_table(curves[OURS]))


if __name__ == "__main__":
    try:
        main()
    except bitstream.VqcodecError as error:
        raise SystemExit(f"kodak.py: error: {error}") from None
