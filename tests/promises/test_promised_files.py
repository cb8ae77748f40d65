"""Files of pictures have what they should: they are as long as their indices cost, and hold next to nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

import vqcodec
from bitstream import overhead, unpack
from vqcodec.evaluation.report.text import markdown_table, number

pytestmark = pytest.mark.promises

QUALITIES = (5.0, 25.0, 50.0, 75.0, 95.0)
EXCESS_SHARE, EXCESS_BYTES = 0.01, 48
OVERHEAD_BYTES = 48


@dataclass(frozen=True)
class FileSize:
    """A file against its ideal.

    Attributes:
        bits: 8 times the length of the file.
        ideal: code length of its indices under the prior, in bits.
        overhead: bytes besides the streams.
    """

    bits: int
    ideal: float
    overhead: int

    @property
    def excess(self) -> float:
        """Bits more than the ideal."""
        return self.bits - self.ideal


@pytest.fixture(scope="module")
def sizes(
    picture_codec: vqcodec.ImageCodec, pictures: Sequence[NDArray[np.uint8]]
) -> Mapping[float, Sequence[FileSize]]:
    """Of all pictures at each quality."""
    found: dict[float, list[FileSize]] = {quality: [] for quality in QUALITIES}
    for quality, group in found.items():
        for picture in pictures:
            data = picture_codec.compress(picture, quality)
            ideal = float(picture_codec.bits(picture_codec.read(data)).sum())
            group.append(FileSize(8 * len(data), ideal, overhead(unpack(data))))
    print(f"Means over {len(pictures)} pictures:\n\n{table(found)}")
    return found


def table(sizes: Mapping[float, Sequence[FileSize]]) -> str:
    """A line for each quality."""
    rows = []
    for quality, group in sizes.items():
        bits, ideal = (float(np.mean([getattr(size, name) for size in group])) for name in ("bits", "ideal"))
        worst = max(group, key=lambda size: abs(size.excess))
        excess = [bits - ideal, 100 * (bits / ideal - 1), worst.excess, 100 * worst.excess / worst.ideal]
        cells = [number(each, digits, sign=True) for each, digits in zip(excess, (1, 2, 1, 2), strict=True)]
        most = str(max(size.overhead for size in group))
        rows.append([f"{quality:g}", number(bits, 0), number(ideal, 0), *cells, most])
    header = ["quality", "file bits", "ideal bits", "excess", "%", "worst excess", "%", "overhead bytes"]
    return markdown_table(header, rows)


@pytest.mark.parametrize("quality", QUALITIES)
def test_files_are_as_long_as_their_indices_cost(sizes: Mapping[float, Sequence[FileSize]], quality: float) -> None:
    for size in sizes[quality]:
        assert abs(size.excess) <= EXCESS_SHARE * size.ideal + 8 * EXCESS_BYTES


@pytest.mark.parametrize("quality", QUALITIES)
def test_next_to_nothing_but_streams_is_in_files(sizes: Mapping[float, Sequence[FileSize]], quality: float) -> None:
    assert max(size.overhead for size in sizes[quality]) <= OVERHEAD_BYTES
