"""Points as the scripts of the page take them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vqcodec.evaluation.shared.curves import Metric
from vqcodec.evaluation.shared.modality import RDPoint

__all__ = ["point_data"]


def point_data(point: RDPoint, metrics: Sequence[Metric]) -> dict[str, Any]:
    """A point, with no more digits than are shown."""
    return {
        "codec": point.codec,
        "quality": point.quality,
        "bytes": point.bytes,
        "rate": round(point.rate, 5),
        **{metric.name: round(getattr(point, metric.name), metric.digits + 1) for metric in metrics},
        "encode": round(point.encode_seconds, 4),
        "decode": round(point.decode_seconds, 4),
    }
