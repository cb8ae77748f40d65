"""What came of parts, and of a whole run."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from vqcodec.system.sizes import readable_size

__all__ = ["Report", "Totals"]


@dataclass
class Report:
    """What came of a part.

    Attributes:
        number: of the part.
        done: items that are coded now.
        skipped: items that were before.
        failed_before: items of a shard or table that is done, which have an error there.
        errors: names of the items that failed, each with the reason.
        read: bytes of the files of items that are done.
        written: bytes of what was made of them.
    """

    number: int
    done: int = 0
    skipped: int = 0
    failed_before: int = 0
    errors: list[tuple[str, str]] = field(default_factory=list)
    read: int = 0
    written: int = 0

    def dumps(self) -> str:
        """The report as text."""
        return json.dumps(asdict(self))

    @staticmethod
    def loads(text: str) -> Report:
        """The report that `dumps` gave."""
        found = json.loads(text)
        return Report(**found | {"errors": [(name, reason) for name, reason in found["errors"]]})


@dataclass
class Totals:
    """Sums over parts.

    Attributes:
        done: items that are coded now.
        skipped: items that were before.
        failed: items that are not coded, of this run.
        failed_before: items of shards and tables that are done, which have an error there.
        read: bytes of the files of items that are done.
        written: bytes of what was made of them.
        undone: parts whose workers died too often.
    """

    done: int = 0
    skipped: int = 0
    failed: int = 0
    failed_before: int = 0
    read: int = 0
    written: int = 0
    undone: int = 0

    def add(self, report: Report) -> None:
        """Count a part."""
        self.done += report.done
        self.skipped += report.skipped
        self.failed += len(report.errors)
        self.failed_before += report.failed_before
        self.read += report.read
        self.written += report.written

    @property
    def items(self) -> int:
        """Items that are settled."""
        return self.done + self.skipped + self.failed

    def summary(self, seconds: float) -> str:
        """One line: `2,000 done in 85 s (23.5 a second, 1.6 MB a second), 9.8 MB to 410 kB, 12 skipped, 20 failed`."""
        pace = max(seconds, 1e-3)
        rates = f" ({self.done / pace:.3g} a second, {readable_size(self.read / pace)} a second)" if self.done else ""
        parts = [f"{self.done:,} done in {seconds:.0f} s{rates}"]
        parts += [f"{readable_size(self.read)} to {readable_size(self.written)}"] if self.written else []
        parts += [f"{self.skipped:,} skipped"] if self.skipped else []
        parts += [f"{self.failed:,} failed"] if self.failed else []
        parts += [f"{self.failed_before:,} failed before"] if self.failed_before else []
        parts += (
            [f"{self.undone:,} parts undone, as their workers died (another run tries again)"] if self.undone else []
        )
        return ", ".join(parts)
