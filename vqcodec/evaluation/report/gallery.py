"""What the page shows of originals: pictures to look at, or sounds to listen to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from vqcodec.evaluation.shared.jobs import Job
from vqcodec.evaluation.shared.results import Results

__all__ = ["PAGE_BYTES", "Exhibit", "Gallery", "evenly", "exhibit_budget"]

PAGE_BYTES = 30_000_000
BARE_BYTES = 6_000_000  # of a page without exhibits; most of it is plotly

Each = TypeVar("Each")


class Exhibit(Protocol):
    """What the page shows of an original; a dataclass."""

    @property
    def name(self) -> str:
        """Of the original."""


@dataclass(frozen=True)
class Gallery:
    """How exhibits are made and shown.

    Attributes:
        kind: the dataclass of exhibits.
        most: the most originals that are shown.
        all_listed: whether the page lists the points of all originals, or only of those that are shown.
        verb: what one does with an exhibit; the templates of the gallery have this name.
        participle: of the verb.
        jobs: gives the jobs that make exhibits of originals, each of at most so many characters of base64.
        page_data: gives an exhibit as the scripts of the page take it.
    """

    kind: type[Any]
    most: int
    all_listed: bool
    verb: Literal["look", "listen"]
    participle: str
    jobs: Callable[[Results, Sequence[Any], int], list[Job]]
    page_data: Callable[[Any], dict[str, Any]]


def evenly(originals: Sequence[Each], most: int) -> list[Each]:
    """The originals that are shown: all, or `most` of them at equal distances."""
    count = min(len(originals), most)
    return [originals[index * len(originals) // count] for index in range(count)]


def exhibit_budget(shown: int) -> int:
    """Characters of base64 for each of so many exhibits."""
    return (PAGE_BYTES - BARE_BYTES) // shown
