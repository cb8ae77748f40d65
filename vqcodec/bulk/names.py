"""Names of what is made. They follow from the names of items alone, so that a second run finds them again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from vqcodec.bulk.items import Part
from vqcodec.bulk.settings import Work

__all__ = ["ERRORS", "RECORDS", "Record", "is_hidden", "part_name", "target_name"]

RECORDS = "_vqcodec"  # the folder in a target for what is not a result
ERRORS = f"{RECORDS}/errors.jsonl"
_RECORD = re.compile(r"part-(\d{6,})-([0-9a-f]{16})-(\d+)-(\d+)\.done")


def target_name(name: str, work: Work, suffix: str = "") -> str:
    """The name of the file that is made of an item: `a/x.png.vq` of `a/x.png`, and `a/x.png.png` of `a/x.png.vq`.

    Whole names are kept: of `x.png` and `x.jpg` each has a file of its own, whatever else comes to be there.
    """
    if work == "compress":
        return f"{name}.vq"
    return (name[:-3] if name.lower().endswith(".vq") else name) + suffix


def part_name(part: Part, suffix: str) -> str:
    """The name of the shard or table that is made of a part."""
    return f"part-{part.number:06d}{suffix}"


@dataclass(frozen=True)
class Record:
    """What the name of the record of a shard or table says, so that a listing is enough to know what is done.

    Attributes:
        number: of its part.
        digest: of its part.
        done: items that are coded in it.
        failed: items that have an error in it.
    """

    number: int
    digest: str
    done: int
    failed: int

    @property
    def name(self) -> str:
        """Of the record."""
        return f"{RECORDS}/part-{self.number:06d}-{self.digest}-{self.done}-{self.failed}.done"

    @staticmethod
    def of(name: str) -> Record | None:
        """The record of this name, if it is one."""
        found = _RECORD.fullmatch(PurePosixPath(name).name)
        return Record(int(found[1]), found[2], int(found[3]), int(found[4])) if found else None


def is_hidden(name: str) -> bool:
    """Whether a file, or a folder above it, begins with a dot; or belongs to records."""
    return any(each.startswith(".") or each == RECORDS for each in name.split("/"))
