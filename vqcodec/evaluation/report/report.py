"""What a report is made of."""

from __future__ import annotations

from dataclasses import dataclass

from vqcodec.evaluation.report.gallery import Exhibit, Gallery
from vqcodec.evaluation.report.wording import Wording
from vqcodec.evaluation.shared.results import Results

__all__ = ["Report"]


@dataclass(frozen=True)
class Report:
    """Results, and how they are told and shown.

    Attributes:
        results: all that was measured.
        wording: of its modality.
        gallery: of its modality.
        exhibits: what the page shows, perhaps not of all originals.
    """

    results: Results
    wording: Wording
    gallery: Gallery
    exhibits: tuple[Exhibit, ...]
