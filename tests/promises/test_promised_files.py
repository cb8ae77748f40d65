"""Promises about files and prior, checked on a folder of pictures; the exit status is 1 if one is broken.

    python scripts/checks.py PICTURES [--quality 50] [--model photo]

Real: a file is as long as the code length of its indices under the prior says. Compact: next to nothing but streams is
in it. Prior: it saves much of what an ideal order-0 coder would spend, which knows how often each index occurs in
these very pictures. Prints Markdown.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

import vqcodec
from bitstream import VqcodecError, overhead, unpack
from vqcodec.evaluation.pictures.folder import find_pictures
from vqcodec.evaluation.report.text import markdown_table, number, verdict
from vqcodec.media.pictures.reading import read_picture

QUALITIES = (5.0, 25.0, 50.0, 75.0, 95.0)
EXCESS_SHARE = 0.01
EXCESS_BYTES = 48
OVERHEAD_BYTES = 48
SAVING = 0.22


@dataclass(frozen=True)
class FileSize:
    """A file against its ideal.

    Attributes:
        quality: that it was compressed with.
        bits: 8 times the length of the file.
        ideal: code length of its indices under the prior, in bits.
        overhead: bytes besides the streams.
    """

    quality: float
    bits: int
    ideal: float
    overhead: int

    @property
    def excess(self) -> float:
        """Bits more than the ideal."""
        return self.bits - self.ideal

    @property
    def is_real(self) -> bool:
        """Whether the reported code length is the size of the file."""
        return abs(self.excess) <= EXCESS_SHARE * self.ideal + 8 * EXCESS_BYTES


@dataclass(frozen=True)
class PlaneCost:
    """What the indices of a plane cost, in bits over all pictures.

    Attributes:
        plane: number of the plane.
        alphabet: its number of codes.
        uniform: with log2 of the alphabet an index.
        order0: under the entropy of the frequencies in these pictures.
        prior: under the exact prior.
    """

    plane: str
    alphabet: str
    uniform: float
    order0: float
    prior: float


def file_sizes(codec: vqcodec.ImageCodec, pictures: Sequence[Path]) -> list[FileSize]:
    """Every picture at every quality; the indices are those that the file decodes to."""
    sizes = []
    for path in tqdm(pictures, desc="files", disable=None):
        image = read_picture(path).image
        for quality in QUALITIES:
            data = codec.compress(image, quality)
            ideal = float(codec.bits(codec.read(data)).sum())
            sizes.append(FileSize(quality, 8 * len(data), ideal, overhead(unpack(data))))
    return sizes


def entropy_bits(counts: NDArray[np.int64]) -> float:
    """Bits of an ideal order-0 coder for symbols that occur `counts` times."""
    used = counts[counts > 0]
    return float((used * np.log2(used.sum() / used)).sum())


def plane_costs(codec: vqcodec.ImageCodec, pictures: Sequence[Path], quality: float) -> list[PlaneCost]:
    """Costs of all planes with a choice, with frequencies pooled over the pictures."""
    progress = tqdm(pictures, "prior", disable=None)
    volumes = [codec.read(codec.compress(read_picture(path).image, quality)) for path in progress]
    prior = np.sum([codec.bits(volume).sum((1, 2)) for volume in volumes], axis=0)
    costs = []
    for plane, alphabet in enumerate(volumes[0].sizes):
        if alphabet > 1:
            pooled = np.concatenate([volume.values[plane].ravel() for volume in volumes])
            counts = np.bincount(pooled, minlength=alphabet)
            uniform = len(pooled) * float(np.log2(alphabet))
            costs.append(PlaneCost(str(plane), str(alphabet), uniform, entropy_bits(counts), float(prior[plane])))
    return costs


def saving(cost: float, reference: float) -> float:
    """The share of `reference` that is saved; NaN if there is nothing to save."""
    return 1 - cost / reference if reference else float("nan")


def files_table(sizes: Sequence[FileSize]) -> str:
    """Promises "real" and "compact" at every quality."""
    rows = []
    for quality in QUALITIES:
        group = [size for size in sizes if size.quality == quality]
        worst = max(group, key=lambda size: abs(size.excess))
        rows.append(
            [
                f"{quality:g}",
                number(sum(size.bits for size in group) / len(group), 0),
                number(sum(size.ideal for size in group) / len(group), 0),
                number(sum(size.excess for size in group) / len(group), 1, sign=True),
                number(100 * sum(size.excess for size in group) / sum(size.ideal for size in group), 2, sign=True),
                number(worst.excess, 1, sign=True),
                number(100 * worst.excess / worst.ideal, 2, sign=True),
                verdict(all(size.is_real for size in group)),
                str(max(size.overhead for size in group)),
                verdict(all(size.overhead <= OVERHEAD_BYTES for size in group)),
            ]
        )
    header = ["quality", "file bits", "ideal bits", "excess", "%", "worst excess", "%"]
    return markdown_table([*header, "real", "overhead bytes", "compact"], rows)


def prior_table(costs: Sequence[PlaneCost], total: PlaneCost) -> str:
    """The promise "prior", with the savings of every plane."""
    rows = [
        [
            cost.plane,
            cost.alphabet,
            number(cost.uniform / 8, 0),
            number(cost.order0 / 8, 0),
            number(cost.prior / 8, 0),
            number(100 * saving(cost.prior, cost.uniform), 1),
            number(100 * saving(cost.prior, cost.order0), 1),
        ]
        for cost in (*costs, total)
    ]
    header = ["plane", "codes", "uniform bytes", "order-0 bytes", "prior bytes", "% below uniform", "% below order-0"]
    return markdown_table(header, rows)


def main() -> bool:
    """See the module; whether all promises are kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path, help="folder of pictures")
    parser.add_argument("--quality", type=float, default=50.0, help="at which the prior is judged")
    parser.add_argument("--model", default="photo", help="name of a bundled model, or a model file")
    arguments = parser.parse_args()

    codec, pictures = vqcodec.load(arguments.model), find_pictures(arguments.pictures)
    sizes = file_sizes(codec, pictures)
    costs = plane_costs(codec, pictures, arguments.quality)
    sums = [sum(getattr(cost, name) for cost in costs) for name in ("uniform", "order0", "prior")]
    total = PlaneCost("all", "", *sums)
    saved = saving(total.prior, total.order0)
    promises = {
        f"real: 8 x bytes within {EXCESS_SHARE:.0%} + {EXCESS_BYTES} bytes of the code length": all(
            size.is_real for size in sizes
        ),
        f"compact: at most {OVERHEAD_BYTES} bytes besides the streams": all(
            size.overhead <= OVERHEAD_BYTES for size in sizes
        ),
        f"prior: at least {SAVING:.0%} below the order-0 entropy (saves {saved:.1%})": saved >= SAVING,
    }
    print(f"Means over {len(pictures)} pictures:\n\n{files_table(sizes)}")
    print(f"\nThe prior at quality {arguments.quality:g}, sums over the pictures:\n\n{prior_table(costs, total)}")
    print("\n" + markdown_table(["promise", "kept"], [[name, verdict(kept)] for name, kept in promises.items()]))
    return all(promises.values())


if __name__ == "__main__":
    try:
        raise SystemExit(0 if main() else 1)
    except VqcodecError as error:
        raise SystemExit(f"checks.py: error: {error}") from None
