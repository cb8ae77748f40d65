"""The header of a `.vq` file: everything before the first layer's stream, and the limits on what it may claim.

    magic | version | modality and mode | fingerprint | decoder version | source | rate point | layer count | lengths
    4       1         1                   8             varint            ...      varint       varint        varints

The source is `width height colour [coded width, coded height]` for an image, `samples rate channels` for audio.
"""

from __future__ import annotations

from dataclasses import dataclass

from .errors import CorruptError, LimitError, NotAVqFileError, TruncatedError, UnsupportedError
from .fields import Reader, encode_varint

__all__ = ["AudioSource", "Header", "ImageSource", "Limits", "check_magic", "read_header", "write_header"]

MAGIC = b"\x8eVQ\n"
FORMAT_VERSION = 1
FINGERPRINT_SIZE = 8
MAX_LAYERS = 8
UINT32_MAX = 2**32 - 1

IMAGE, AUDIO = 0, 1  # modality, low nibble of its byte
LOSSY, LOSSLESS = 0, 1  # mode, high nibble of the same byte
RGB = 0  # colour format, low nibble of its byte
CODED_SIZE_DIFFERS = 0x10  # feature flag, high nibble of the same byte; the other three flags are reserved

# What 8e 56 51 0a becomes when a file is copied as text: line ends converted (CR LF, CR); 8e read as Latin-1 or Windows
# 1252 and written as UTF-8, replaced (U+FFFD, '?'), dropped, or stripped of its eighth bit.
TEXT_COPIES = (b"\x8eVQ\r", b"\xc2\x8eVQ", b"\xc5\xbdVQ", b"\xef\xbf\xbdVQ", b"?VQ", b"VQ\n", b"VQ\r", b"\x0eVQ")


@dataclass(frozen=True)
class ImageSource:
    """An RGB picture of `width` x `height` pixels (1..2**32-1), coded at `coded_width` x `coded_height`.

    The coded size is at most the source's size. Left out, or zero, it is the source's size.

    Raises:
        ValueError: a size is out of range.
    """

    width: int
    height: int
    coded_width: int = 0
    coded_height: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "coded_width", self.coded_width or self.width)
        object.__setattr__(self, "coded_height", self.coded_height or self.height)
        _check_range("width", self.width, 1, UINT32_MAX)
        _check_range("height", self.height, 1, UINT32_MAX)
        _check_range("coded width", self.coded_width, 1, self.width)
        _check_range("coded height", self.coded_height, 1, self.height)


@dataclass(frozen=True)
class AudioSource:
    """A recording of `samples` (1..2**64-1) a channel, at `sample_rate` Hz, in `channels` (each 1..2**32-1).

    Raises:
        ValueError: a number is out of range.
    """

    samples: int
    sample_rate: int
    channels: int

    def __post_init__(self) -> None:
        _check_range("samples", self.samples, 1, 2**64 - 1)
        _check_range("sample rate", self.sample_rate, 1, UINT32_MAX)
        _check_range("channels", self.channels, 1, UINT32_MAX)


@dataclass(frozen=True)
class Header:
    """All fields between the format version and the first stream; `stream_sizes` are bytes, one a layer (1..8).

    Raises:
        ValueError: a field is out of range.
    """

    fingerprint: bytes
    decoder_version: int
    source: ImageSource | AudioSource
    rate_point: int
    stream_sizes: tuple[int, ...]

    def __post_init__(self) -> None:
        _check_range("fingerprint length", len(self.fingerprint), FINGERPRINT_SIZE, FINGERPRINT_SIZE)
        _check_range("decoder version", self.decoder_version, 0, UINT32_MAX)
        _check_range("rate point", self.rate_point, 0, 255)
        _check_range("number of layers", len(self.stream_sizes), 1, MAX_LAYERS)
        for size in self.stream_sizes:
            _check_range("stream size", size, 0, UINT32_MAX)


@dataclass(frozen=True)
class Limits:
    """The most that a header may claim; checked before anything of that size is allocated.

    Attributes:
        max_pixels: width times height of an image (the threshold at which Pillow refuses a picture).
        max_layers: streams in the file.
        max_stream_bytes: all streams of the file together.
        max_samples: samples times channels of a recording.
    """

    max_pixels: int = 2 * 89_478_485
    max_layers: int = MAX_LAYERS
    max_stream_bytes: int = 2**30
    max_samples: int = 2**31

    def check(self, header: Header) -> None:
        """Raise LimitError if `header` claims more than these limits allow."""
        match header.source:
            case ImageSource(width, height):
                _check_limit(f"{width} x {height} pixels", width * height, self.max_pixels)
            case AudioSource(samples, _, channels):
                _check_limit(f"{samples} samples in {channels} channels", samples * channels, self.max_samples)
        _check_limit("layers", len(header.stream_sizes), self.max_layers)
        _check_limit("bytes of streams", sum(header.stream_sizes), self.max_stream_bytes)


def check_magic(data: bytes) -> None:
    """Check that `data` begin with the magic and a known format version.

    Raises:
        NotAVqFileError: they are empty, a copy made in text mode, or another format.
        TruncatedError: they end inside these five bytes.
        UnsupportedError: the format version is not known.
    """
    if not data:
        raise NotAVqFileError("the file is empty")
    if data.startswith(TEXT_COPIES):
        raise NotAVqFileError("the .vq file was damaged by a copy in text mode: copy it again in binary mode")
    if not data.startswith(MAGIC[: len(data)]):
        raise NotAVqFileError(f"not a .vq file: it begins with the bytes {data[: len(MAGIC)].hex(' ')}")
    if len(data) <= len(MAGIC):
        raise TruncatedError(f"the file is cut short: only {len(data)} bytes of it are here")
    if data[len(MAGIC)] != FORMAT_VERSION:
        raise UnsupportedError(f"the file has format version {data[len(MAGIC)]}; this release reads {FORMAT_VERSION}")


def write_header(header: Header) -> bytes:
    """Return the bytes of `header`, with magic and version in front."""
    modality = IMAGE if isinstance(header.source, ImageSource) else AUDIO
    return b"".join(
        (
            MAGIC,
            bytes((FORMAT_VERSION, modality | LOSSY << 4)),
            header.fingerprint,
            encode_varint(header.decoder_version),
            _write_source(header.source),
            encode_varint(header.rate_point),
            encode_varint(len(header.stream_sizes)),
            *map(encode_varint, header.stream_sizes),
        )
    )


def read_header(data: bytes) -> tuple[Header, int]:
    """Return the header and its length in bytes; magic and version must have been checked.

    Raises:
        CorruptError: a field has a value that it cannot have.
        TruncatedError: `data` end inside the header.
        UnsupportedError: a reserved mode, modality, colour format or feature is used.
    """
    reader = Reader(data, len(MAGIC) + 1)
    kind = reader.byte()
    if kind >> 4 != LOSSY:
        raise UnsupportedError("the file is lossless, or of a later kind: this release reads lossy files")
    fingerprint = reader.take(FINGERPRINT_SIZE)
    decoder_version = reader.varint()
    source = _read_source(reader, kind & 0x0F)
    rate_point = _in_range("rate point", reader.varint(), 0, 255)
    layers = _in_range("number of layers", reader.varint(), 1, MAX_LAYERS)
    sizes = tuple(reader.varint() for _ in range(layers))
    return Header(fingerprint, decoder_version, source, rate_point, sizes), reader.position


def _write_source(source: ImageSource | AudioSource) -> bytes:
    if isinstance(source, AudioSource):
        return b"".join(map(encode_varint, (source.samples, source.sample_rate, source.channels)))
    size, coded = (source.width, source.height), (source.coded_width, source.coded_height)
    plain = b"".join(map(encode_varint, size))
    if coded == size:
        return plain + bytes((RGB,))
    return plain + bytes((RGB | CODED_SIZE_DIFFERS,)) + b"".join(map(encode_varint, coded))


def _read_source(reader: Reader, modality: int) -> ImageSource | AudioSource:
    if modality == IMAGE:
        return _read_image_source(reader)
    if modality == AUDIO:
        return AudioSource(
            samples=_in_range("samples", reader.varint(bits=64), 1, 2**64 - 1),
            sample_rate=_in_range("sample rate", reader.varint(), 1, UINT32_MAX),
            channels=_in_range("channels", reader.varint(), 1, UINT32_MAX),
        )
    raise UnsupportedError(f"the file holds something else than an image or audio (modality {modality})")


def _read_image_source(reader: Reader) -> ImageSource:
    width = _in_range("width", reader.varint(), 1, UINT32_MAX)
    height = _in_range("height", reader.varint(), 1, UINT32_MAX)
    colour = reader.byte()
    if colour & ~CODED_SIZE_DIFFERS != RGB:
        raise UnsupportedError(
            f"the file uses a colour format or feature that this release does not know ({colour:#x})"
        )
    if not colour & CODED_SIZE_DIFFERS:
        return ImageSource(width, height)
    coded_width = _in_range("coded width", reader.varint(), 1, width)
    coded_height = _in_range("coded height", reader.varint(), 1, height)
    if (coded_width, coded_height) == (width, height):
        raise CorruptError("the header says that the coded size differs, and repeats the size")
    return ImageSource(width, height, coded_width, coded_height)


def _in_range(name: str, value: int, low: int, high: int) -> int:
    if not low <= value <= high:
        raise CorruptError(f"the header has {name} {value}, outside of {low}..{high}")
    return value


def _check_range(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise ValueError(f"{name} {value} is outside of {low}..{high}")


def _check_limit(what: str, claimed: int, limit: int) -> None:
    if claimed > limit:
        raise LimitError(f"the header claims too much: {what} ({claimed}), at most {limit} are allowed")
