"""The prior of pictures saves much of what an ideal order-0 coder would spend, and draws what pictures cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

import vqcodec
from vqcodec.defaults import DEFAULT_QUALITY
from vqcodec.evaluation.report.text import markdown_table, number

pytestmark = pytest.mark.promises

SAVING, SAVING_AT = 0.22, 50.0  # of the order-0 code, and a quality
TOLERANCE = 0.05

Pictures = Sequence[NDArray[np.uint8]]


@dataclass(frozen=True)
class PlaneCost:
    """What the indices of a plane cost, over all pictures, in bits.

    Attributes:
        plane: its number, or "all".
        alphabet: its number of codes.
        uniform: if all codes were equally likely.
        order0: under an ideal code that knows how often each of them occurs in these very pictures.
        prior: under the prior.
    """

    plane: str
    alphabet: str
    uniform: float
    order0: float
    prior: float


def order0_bits(indices: NDArray[np.int32]) -> float:
    """Bits of an ideal order-0 coder."""
    counts = np.unique(indices, return_counts=True)[1]
    return float((counts * np.log2(counts.sum() / counts)).sum())


def plane_costs(codec: vqcodec.ImageCodec, volumes: Sequence[vqcodec.Indices]) -> list[PlaneCost]:
    """Costs of all planes with a choice, and their sum."""
    prior = np.sum([codec.bits(volume).sum((1, 2)) for volume in volumes], axis=0)
    costs = []
    for plane, alphabet in enumerate(volumes[0].sizes):
        if alphabet > 1:
            pooled = np.concatenate([volume.values[plane].ravel() for volume in volumes])
            uniform = len(pooled) * float(np.log2(alphabet))
            costs.append(PlaneCost(str(plane), str(alphabet), uniform, order0_bits(pooled), float(prior[plane])))
    sums = [sum(getattr(cost, name) for cost in costs) for name in ("uniform", "order0", "prior")]
    return [*costs, PlaneCost("all", "", *sums)]


def table(costs: Sequence[PlaneCost]) -> str:
    """A line for each plane."""
    rows = []
    for cost in costs:
        figures = [number(bits / 8, 0) for bits in (cost.uniform, cost.order0, cost.prior)]
        savings = [number(100 * (1 - cost.prior / bits), 1) if bits else "-" for bits in (cost.uniform, cost.order0)]
        rows.append([cost.plane, cost.alphabet, *figures, *savings])
    header = ["plane", "codes", "uniform bytes", "order-0 bytes", "prior bytes", "% below uniform", "% below order-0"]
    return markdown_table(header, rows)


def bits_per_position(codec: vqcodec.ImageCodec, volumes: Sequence[vqcodec.Indices]) -> float:
    """Mean code length of a position, with all its planes, over the positions of all volumes."""
    bits = sum(float(codec.bits(volume).sum()) for volume in volumes)
    return bits / sum(int(volume.values[0].size) for volume in volumes)


def perplexities(volumes: Sequence[vqcodec.Indices]) -> list[float]:
    """2^entropy of the indices of each plane, over the positions of all volumes."""
    pooled = np.concatenate([volume.values.reshape(len(volume.values), -1) for volume in volumes], axis=1)
    return [float(2 ** (order0_bits(plane) / plane.size)) for plane in pooled]


def test_the_prior_saves_much_of_an_order_0_code(
    pytestconfig: pytest.Config, picture_codec: vqcodec.ImageCodec, pictures: Pictures
) -> None:
    quality = pytestconfig.getoption("--quality") or SAVING_AT
    volumes = [picture_codec.read(picture_codec.compress(picture, quality)) for picture in pictures]
    costs = plane_costs(picture_codec, volumes)
    print(f"The prior at quality {quality:g}, sums over {len(pictures)} pictures:\n\n{table(costs)}")
    assert 1 - costs[-1].prior / costs[-1].order0 >= SAVING


def test_draws_cost_what_pictures_cost(
    pytestconfig: pytest.Config, picture_codec: vqcodec.ImageCodec, pictures: Pictures
) -> None:
    """A prior that fits pictures draws such as it was fitted to. For every picture one of its size is drawn."""
    chosen = picture_codec.settings(pytestconfig.getoption("--quality") or DEFAULT_QUALITY)
    coded, drawn = [], list[vqcodec.Indices]()
    for seed, picture in enumerate(pictures):
        height, width, _ = picture.shape
        coded.append(picture_codec.encode(picture, chosen.lambda_, chosen.rate_point))
        drawn += picture_codec.sample(1, height, width, seed, rate_point=chosen.rate_point)
    of_pictures, of_draws = (bits_per_position(picture_codec, volumes) for volumes in (coded, drawn))
    used = zip(perplexities(coded), coded[0].sizes, strict=True)
    print(f"Bits of a position: {of_pictures:.1f} of pictures, {of_draws:.1f} of draws")
    print("Perplexity of the planes:", ", ".join(f"{codes:.0f} of {alphabet}" for codes, alphabet in used))
    assert of_draws == pytest.approx(of_pictures, rel=TOLERANCE)
