"""What was compressed: size and colour format of a picture, or length, sample rate and channels of a recording."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import NamedTuple

from .errors import CorruptError, UnsupportedError
from .fields import Reader, encode_varint

__all__ = [
    "ANGLES",
    "STRETCH_SECONDS",
    "UINT32_MAX",
    "AudioSource",
    "ColourFormat",
    "ImageSource",
    "Rotation",
    "audio_fields",
    "check_range",
    "in_range",
    "read_audio_source",
    "read_image_source",
    "write_source",
]

UINT32_MAX = 2**32 - 1
MAX_PALETTE = 256
STRETCH_SECONDS = 8  # the rotation of two channels may change so often
ANGLES = 2**16  # of half a turn

# Feature flags, the high nibble of the byte whose low nibble is the colour format.
CODED_SIZE_DIFFERS = 0x10
HAS_CHUNK = 0x20, 0x40, 0x80  # alpha, metadata, overlay


class ColourFormat(IntEnum):
    """What the pixels of the picture were; all are coded as RGB of 8 bits a channel."""

    RGB = 0
    GREY = 1  # 8 bits
    BILEVEL = 2  # black and white
    PALETTE = 3  # at most 256 colours
    GREY_16 = 4  # 16 bits
    CMYK = 5  # 8 bits a channel


@dataclass(frozen=True)
class ImageSource:
    """A picture of `width` x `height` pixels (1..2**32-1), coded at `coded_width` x `coded_height`.

    The coded size is at most the source's size. Zero stands for the source's size.

    Attributes:
        colour: the format of its pixels.
        palette: the colours of a palette that are to come back as they were, three bytes each (red, green, blue); else
            empty.

    Raises:
        ValueError: a size is out of range, or the palette does not go with the colour format.
    """

    width: int
    height: int
    coded_width: int = 0
    coded_height: int = 0
    colour: ColourFormat = ColourFormat.RGB
    palette: bytes = b""

    def __post_init__(self) -> None:
        object.__setattr__(self, "coded_width", self.coded_width or self.width)
        object.__setattr__(self, "coded_height", self.coded_height or self.height)
        check_range("width", self.width, 1, UINT32_MAX)
        check_range("height", self.height, 1, UINT32_MAX)
        check_range("coded width", self.coded_width, 1, self.width)
        check_range("coded height", self.coded_height, 1, self.height)
        colours, rest = divmod(len(self.palette), 3)
        check_range("palette size", colours, 0, MAX_PALETTE if self.colour == ColourFormat.PALETTE else 0)
        if rest:
            raise ValueError(f"a palette of {len(self.palette)} bytes does not consist of colours of 3 bytes")


class Rotation(NamedTuple):
    """The angle by which two channels are turned into rows, from a stretch of STRETCH_SECONDS on.

    Attributes:
        stretch: number of the stretch, from 0.
        angle: 0..ANGLES - 1; ANGLES would be half a turn.
    """

    stretch: int
    angle: int


@dataclass(frozen=True)
class AudioSource:
    """A recording of `samples` (1..2**64-1) a channel, at `sample_rate` Hz, in `channels` (each 1..2**32-1).

    It is coded in as many rows as it has channels.

    Attributes:
        silent_rows: rows that are silent and not coded, ascending. At least one row is coded.
        rotations: how two channels are turned into rows: by angle 0 at first, then by these, in order. Each angle
            differs from the one before it.

    Raises:
        ValueError: a number is out of range.
    """

    samples: int
    sample_rate: int
    channels: int
    silent_rows: tuple[int, ...] = ()
    rotations: tuple[Rotation, ...] = ()

    def __post_init__(self) -> None:
        check_range("samples", self.samples, 1, 2**64 - 1)
        check_range("sample rate", self.sample_rate, 1, UINT32_MAX)
        check_range("channels", self.channels, 1, UINT32_MAX)
        check_range("number of silent rows", len(self.silent_rows), 0, self.channels - 1)
        for above, row in pairwise((-1, *self.silent_rows)):
            check_range("silent row", row, above + 1, self.channels - 1)
        check_range("number of rotations", len(self.rotations), 0, self.stretches if self.channels == 2 else 0)
        for before, rotation in pairwise((Rotation(-1, 0), *self.rotations)):
            check_range("stretch of a rotation", rotation.stretch, before.stretch + 1, self.stretches - 1)
            check_range("angle", rotation.angle, 0, ANGLES - 1)
            if rotation.angle == before.angle:
                raise ValueError(f"angle {rotation.angle} repeats that of the rotation before it")

    @property
    def stretches(self) -> int:
        """How many stretches of STRETCH_SECONDS there are, the last one of which may be shorter."""
        return -(-self.samples // (STRETCH_SECONDS * self.sample_rate))

    @property
    def coded_rows(self) -> int:
        """How many rows are coded, at least 1."""
        return self.channels - len(self.silent_rows)


def write_source(source: ImageSource | AudioSource, has_chunks: Sequence[bool]) -> bytes:
    """Return the fields of `source`, and for a picture whether it has each chunk: alpha, metadata, overlay."""
    if isinstance(source, AudioSource):
        return b"".join(map(encode_varint, audio_fields(source)))
    size, coded = (source.width, source.height), (source.coded_width, source.coded_height)
    flags = CODED_SIZE_DIFFERS * (coded != size) + sum(itertools.compress(HAS_CHUNK, has_chunks))
    parts = [*map(encode_varint, size), bytes((source.colour | flags,))]
    if coded != size:
        parts += map(encode_varint, coded)
    if source.colour == ColourFormat.PALETTE:
        parts += (encode_varint(len(source.palette) // 3), source.palette)
    return b"".join(parts)


def read_image_source(reader: Reader) -> tuple[ImageSource, tuple[bool, ...]]:
    """Return the fields of a picture, and whether its file has each chunk: alpha, metadata, overlay.

    Raises:
        CorruptError: a field has a value that it cannot have.
        TruncatedError: the data end inside of the fields.
        UnsupportedError: a reserved colour format is used.
    """
    width = in_range("width", reader.varint(), 1, UINT32_MAX)
    height = in_range("height", reader.varint(), 1, UINT32_MAX)
    byte = reader.byte()
    number, flags = byte & 0x0F, byte & 0xF0
    if number not in set(ColourFormat):
        raise UnsupportedError(f"the file uses a colour format that this release does not know ({number})")
    coded_width, coded_height = _read_coded_size(reader, width, height) if flags & CODED_SIZE_DIFFERS else (0, 0)
    palette = b""
    if number == ColourFormat.PALETTE:
        palette = reader.take(3 * in_range("palette size", reader.varint(), 0, MAX_PALETTE))
    source = ImageSource(width, height, coded_width, coded_height, ColourFormat(number), palette)
    return source, tuple(bool(flags & each) for each in HAS_CHUNK)


def read_audio_source(reader: Reader) -> AudioSource:
    """Return the fields of a recording; raises CorruptError and TruncatedError as for a picture."""
    samples = in_range("samples", reader.varint(bits=64), 1, 2**64 - 1)
    sample_rate = in_range("sample rate", reader.varint(), 1, UINT32_MAX)
    channels = in_range("channels", reader.varint(), 1, UINT32_MAX)
    silent_rows: tuple[int, ...] = ()
    rotations: tuple[Rotation, ...] = ()
    if channels > 1:
        count = in_range("number of silent rows", reader.varint(), 0, channels - 1)
        silent_rows = tuple(reader.varint() for _ in range(count))
    if channels == 2:
        # Never more than there are bytes: the data end before a list of them grows.
        rotations = tuple(Rotation(reader.varint(bits=64), reader.varint()) for _ in range(reader.varint()))
    try:
        return AudioSource(samples, sample_rate, channels, silent_rows, rotations)
    except ValueError as error:
        raise CorruptError(f"the header has {error}") from None


def audio_fields(source: AudioSource) -> tuple[int, ...]:
    """Return the numbers that a header has for a recording, in their order."""
    fields: tuple[int, ...] = source.samples, source.sample_rate, source.channels
    if source.channels > 1:
        fields += (len(source.silent_rows), *source.silent_rows)
    if source.channels == 2:
        fields += (len(source.rotations), *(number for rotation in source.rotations for number in rotation))
    return fields


def in_range(name: str, value: int, low: int, high: int) -> int:
    """Return a value that was read; raises CorruptError if it is out of range."""
    if not low <= value <= high:
        raise CorruptError(f"the header has {name} {value}, outside of {low}..{high}")
    return value


def check_range(name: str, value: int, low: int, high: int) -> None:
    """Check a value that was given; raises ValueError if it is out of range."""
    if not low <= value <= high:
        raise ValueError(f"{name} {value} is outside of {low}..{high}")


def _read_coded_size(reader: Reader, width: int, height: int) -> tuple[int, int]:
    coded_width = in_range("coded width", reader.varint(), 1, width)
    coded_height = in_range("coded height", reader.varint(), 1, height)
    if (coded_width, coded_height) == (width, height):
        raise CorruptError("the header says that the coded size differs, but it does not")
    return coded_width, coded_height
