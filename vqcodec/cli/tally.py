"""Sums over many files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vqcodec.system.sizes import readable_size

__all__ = ["Sizes", "Tally", "sizes_of"]


@dataclass(frozen=True)
class Sizes:
    """Bytes of a file `before` and `after` the work, and of its `.vq` file, `coded`; and its `pixels` or `seconds`."""

    before: int
    after: int
    coded: int
    pixels: int = 0
    seconds: float = 0


@dataclass
class Tally:
    """Sums over files."""

    files: int = 0
    before: int = 0
    after: int = 0
    pixels: int = 0
    pixel_bytes: int = 0
    seconds: float = 0
    second_bytes: int = 0

    def add(self, sizes: Sizes) -> None:
        """Count one more file."""
        self.files += 1
        self.before += sizes.before
        self.after += sizes.after
        self.pixels += sizes.pixels
        self.seconds += sizes.seconds
        self.pixel_bytes += sizes.coded if sizes.pixels else 0
        self.second_bytes += sizes.coded if sizes.seconds else 0

    def summary(self, failed: int, left_out: int = 0) -> str:
        """One line: `24 files, 18.9 MB to 410 kB (0.20 bit per pixel), 3 left out, 1 failed`."""
        parts = [f"{self.files} file{'' if self.files == 1 else 's'}"]
        rates = []
        if self.pixels:
            rates.append(f"{8 * self.pixel_bytes / self.pixels:.2f} bit per pixel")
        if self.seconds:
            rates.append(f"{8 * self.second_bytes / self.seconds / 1000:.2f} kbit/s")
        if self.files:
            parts.append(
                f"{readable_size(self.before)} to {readable_size(self.after)}"
                + (f" ({', '.join(rates)})" if rates else "")
            )
        parts += [f"{left_out} left out"] if left_out else []
        parts += [f"{failed} failed"] if failed else []
        return ", ".join(parts)


def sizes_of(source: str, target: str, coded: str) -> Sizes:
    """The sizes of the files of a task; `coded` is the one that is a `.vq` file. OSError as it comes."""
    from bitstream import AudioSource
    from bitstream.header import read_header

    before, after, path = Path(source).stat().st_size, Path(target).stat().st_size, Path(coded)
    if not path.is_file():  # a pipe, which cannot be read again
        return Sizes(before, after, 0)
    found, size = read_header(path.read_bytes())[0].source, path.stat().st_size
    if isinstance(found, AudioSource):
        return Sizes(before, after, size, seconds=found.samples / found.sample_rate)
    return Sizes(before, after, size, pixels=found.width * found.height)
