"""The variants that a family of codecs is compared by."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

from vqcodec.evaluation.report.section import Section
from vqcodec.evaluation.report.wording import RateScale, Wording
from vqcodec.evaluation.shared.curves import Curve
from vqcodec.evaluation.shared.results import Results

__all__ = ["best_variants"]


def best_variants(results: Results, wording: Wording) -> list[Section]:
    """The best variants of every family by each metric; no table if no family has several."""
    metrics, scale = results.modality.metrics, wording.rate
    variants = {each.name: each.variant or "plain" for each in results.codecs}
    rows = []
    for family in dict.fromkeys(each.family for each in results.codecs if each.variant):
        cells = (_along(results.curves[metric.name][family], variants, scale) for metric in metrics)
        rows.append((results.labels[family], *cells))
    remark = (
        "A codec with several variants is compared by the one that is the best at the rate, for each metric by itself. "
        f"These are the best at {scale.tabled[0]:g} to {scale.tabled[-1]:g} {scale.unit}, by the mean curves."
    )
    header = ("codec", *(f"best by {metric.short}" for metric in metrics))
    return [Section("The best variants", (remark,), header, tuple(rows), wordy=True)] if rows else []


def _along(curve: Curve, variants: Mapping[str, str], scale: RateScale) -> str:
    """The variants along a curve within the tabled rates, and from which rate on each is the best."""
    points = [
        (variants[name], rate)
        for name, rate in zip(curve.codecs, curve.rates, strict=True)
        if scale.tabled[0] <= rate <= scale.tabled[-1]
    ]
    stretches = [(variant, next(stretch)[1]) for variant, stretch in groupby(points, key=lambda point: point[0])]
    if not stretches:
        return "-"
    later = (f"{variant} from {rate:.{scale.digits}f} on" for variant, rate in stretches[1:])
    return ", ".join((stretches[0][0], *later))
