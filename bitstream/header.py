"""The header of a `.vq` file: everything before its chunks and streams, and the limits on what it may claim.

    magic | version | modality and mode | fingerprint | decoder version | source | rate point | stream count | sizes
    4       1         1                   8             varint            ...      varint       varint         varints

The source is `width height colour [coded width, coded height] [palette]` for an image, `samples sample-rate channels
[silent rows] [rotations]` for audio. The sizes are those of the streams, then those of the chunks that there are.
"""

from __future__ import annotations

from dataclasses import dataclass

from .errors import LimitError, NotAVqFileError, TruncatedError, UnsupportedError
from .fields import Reader, encode_varint
from .sources import (
    UINT32_MAX,
    AudioSource,
    ColourFormat,
    ImageSource,
    check_range,
    in_range,
    read_audio_source,
    read_image_source,
    write_source,
)

__all__ = ["UNLIMITED", "Header", "Limits", "check_magic", "is_audio", "read_header", "write_header"]

MAGIC = b"\x8eVQ\n"
FORMAT_VERSION = 1
FINGERPRINT_SIZE = 8
MAX_STREAMS = 8

IMAGE, AUDIO = 0, 1  # modality, low nibble of its byte
LOSSY, LOSSLESS = 0, 1  # mode, high nibble of the same byte
WITH_ALPHA = (ColourFormat.RGB, ColourFormat.GREY)  # the colour formats that a picture with alpha may have

# What 8e 56 51 0a becomes when a file is copied as text: line ends converted (CR LF, CR); 8e read as Latin-1 or Windows
# 1252 and written as UTF-8, replaced (U+FFFD, '?'), dropped, or stripped of its eighth bit.
TEXT_COPIES = (b"\x8eVQ\r", b"\xc2\x8eVQ", b"\xc5\xbdVQ", b"\xef\xbf\xbdVQ", b"?VQ", b"VQ\n", b"VQ\r", b"\x0eVQ")


@dataclass(frozen=True)
class Header:
    """All fields between the format version and the first chunk or stream.

    `stream_sizes` are the bytes of each stream (1..8 of them); chunk sizes are bytes, too, 0 if there is none.

    Raises:
        ValueError: a field is out of range, or a chunk does not go with the source.
    """

    fingerprint: bytes
    decoder_version: int
    source: ImageSource | AudioSource
    rate_point: int
    stream_sizes: tuple[int, ...]
    alpha_size: int = 0
    metadata_size: int = 0
    overlay_size: int = 0

    def __post_init__(self) -> None:
        check_range("fingerprint length", len(self.fingerprint), FINGERPRINT_SIZE, FINGERPRINT_SIZE)
        check_range("decoder version", self.decoder_version, 0, UINT32_MAX)
        check_range("rate point", self.rate_point, 0, 255)
        check_range("number of streams", len(self.stream_sizes), 1, MAX_STREAMS)
        for size in self.stream_sizes:
            check_range("stream size", size, 0, UINT32_MAX)
        is_image = isinstance(self.source, ImageSource)
        may_have_alpha = isinstance(self.source, ImageSource) and self.source.colour in WITH_ALPHA
        check_range("size of alpha", self.alpha_size, 0, UINT32_MAX if may_have_alpha else 0)
        check_range("size of metadata", self.metadata_size, 0, UINT32_MAX if is_image else 0)
        check_range("size of overlay", self.overlay_size, 0, UINT32_MAX if is_image else 0)

    @property
    def all_chunk_sizes(self) -> tuple[int, ...]:
        """Bytes of the chunks in the order of the file, 0 where there is none."""
        return self.alpha_size, self.metadata_size, self.overlay_size

    @property
    def chunk_sizes(self) -> tuple[int, ...]:
        """Bytes of the chunks that there are."""
        return tuple(size for size in self.all_chunk_sizes if size)


@dataclass(frozen=True)
class Limits:
    """The most that a header may claim; checked before anything of that size is allocated.

    Attributes:
        max_pixels: width times height of an image (the threshold at which Pillow refuses a picture).
        max_streams: in the file.
        max_stream_bytes: all streams and chunks of the file together.
        max_samples: samples times channels of a recording.
        max_seconds: of a recording. Each second takes steps, however low the sample rate is.
        max_steps: steps of decoding that follow each other. Pictures that are long and thin have many small ones. Their
            number depends on the model: see docs/FORMAT.md.
    """

    max_pixels: int = 2 * 89_478_485
    max_streams: int = MAX_STREAMS
    max_stream_bytes: int = 2**30
    max_samples: int = 2**31
    max_seconds: float = 2**17
    max_steps: int = 2**23

    def check(self, header: Header) -> None:
        """Raise LimitError if `header` claims more than these limits allow."""
        match header.source:
            case ImageSource(width, height):
                _check_limit(f"{width} x {height} pixels", width * height, self.max_pixels)
            case AudioSource(samples, sample_rate, channels):
                _check_limit(f"{samples} samples in {channels} channels", samples * channels, self.max_samples)
                _check_limit("seconds", samples / sample_rate, self.max_seconds)
        _check_limit("streams", len(header.stream_sizes), self.max_streams)
        _check_limit("bytes of streams", sum(header.stream_sizes + header.chunk_sizes), self.max_stream_bytes)


UNLIMITED = Limits(max_pixels=2**64, max_samples=2**96, max_seconds=2**64, max_steps=2**64)
"""Limits that allow everything a header can hold."""


def check_magic(data: bytes) -> None:
    """Check that `data` begin with the magic and a known format version.

    Raises:
        NotAVqFileError: they are empty, a copy made in text mode, or of another format.
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


def is_audio(data: bytes) -> bool:
    """Return whether a file that begins with `data` holds sound; its first 6 bytes are enough.

    Raises:
        BitstreamError: as for `check_magic`; TruncatedError also if the sixth byte is missing.
    """
    check_magic(data)
    return Reader(data, len(MAGIC) + 1).byte() & 0x0F == AUDIO


def write_header(header: Header) -> bytes:
    """Return the bytes of `header`, with magic and version in front."""
    modality = IMAGE if isinstance(header.source, ImageSource) else AUDIO
    return b"".join(
        (
            MAGIC,
            bytes((FORMAT_VERSION, modality | LOSSY << 4)),
            header.fingerprint,
            encode_varint(header.decoder_version),
            write_source(header.source, [size > 0 for size in header.all_chunk_sizes]),
            encode_varint(header.rate_point),
            encode_varint(len(header.stream_sizes)),
            *map(encode_varint, header.stream_sizes + header.chunk_sizes),
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
    source, has_chunks = _read_source(reader, kind & 0x0F)
    rate_point = in_range("rate point", reader.varint(), 0, 255)
    streams = in_range("number of streams", reader.varint(), 1, MAX_STREAMS)
    sizes = tuple(reader.varint() for _ in range(streams))
    names = zip(("alpha", "metadata", "overlay"), has_chunks, strict=True)
    chunks = [in_range(f"size of {name}", reader.varint(), 1, UINT32_MAX) if has else 0 for name, has in names]
    return Header(fingerprint, decoder_version, source, rate_point, sizes, *chunks), reader.position


def _read_source(reader: Reader, modality: int) -> tuple[ImageSource | AudioSource, tuple[bool, ...]]:
    """The source, and whether the file has each chunk: alpha, metadata, overlay."""
    if modality == IMAGE:
        source, has_chunks = read_image_source(reader)
        if has_chunks[0] and source.colour not in WITH_ALPHA:
            raise UnsupportedError("the file has alpha with a colour format that has none in this release")
        return source, has_chunks
    if modality == AUDIO:
        return read_audio_source(reader), (False, False, False)
    raise UnsupportedError(f"the file holds neither an image nor audio (modality {modality})")


def _check_limit(what: str, claimed: float, limit: float) -> None:
    if claimed > limit:
        raise LimitError(f"the header claims too much: {what} ({claimed:.16g}), at most {limit:.16g} are allowed")
