"""The layout of a `.vq` file: a header, chunks, streams of indices, and checksums.

    header | chunk, its CRC-32 | ... | stream, CRC-32 of its indices | ... | CRC-32 of all bytes before | the very end

A stream is followed by the checksum of what it decodes to, so a file that was cut after a stream is still of use. The
chunks, which hold what is beside the indices, come first: a cut file has them, too.
"""

from __future__ import annotations

import itertools
import zlib
from dataclasses import dataclass

from .errors import BitstreamError, CorruptError, TruncatedError
from .fields import Reader
from .header import MAX_STREAMS, Header, Limits, check_magic, read_header, write_header
from .sources import UINT32_MAX, AudioSource, ImageSource, check_range

__all__ = ["Chunks", "Container", "Stream", "overhead", "pack", "unpack"]

_CRC_SIZE = 4


@dataclass(frozen=True)
class Stream:
    """Entropy-coded bytes, and the CRC-32 (0..2**32-1) of the indices that they decode to.

    Raises:
        ValueError: the checksum is out of range.
    """

    data: bytes
    indices_crc: int

    def __post_init__(self) -> None:
        if not 0 <= self.indices_crc <= UINT32_MAX:
            raise ValueError(f"checksum {self.indices_crc} is outside of 0..{UINT32_MAX}")


@dataclass(frozen=True)
class Chunks:
    """What the file of a picture holds beside its indices; see docs/FORMAT.md for what is in the bytes.

    Attributes:
        alpha: the alpha channel, losslessly coded; empty if the picture has none.
        metadata: colour profile, EXIF and XMP; empty if none of them is kept.
        overlay: pixels that are coded without loss; empty if there are none.
    """

    alpha: bytes = b""
    metadata: bytes = b""
    overlay: bytes = b""

    @property
    def present(self) -> tuple[bytes, ...]:
        """The chunks that there are, in the order of the file."""
        return tuple(chunk for chunk in (self.alpha, self.metadata, self.overlay) if chunk)


@dataclass(frozen=True)
class Container:
    """All that a `.vq` file holds.

    Attributes:
        fingerprint: 8 bytes that name the normative part of the model: only a model that has it decodes the indices.
        decoder_version: version of the network that turns indices into pixels or samples, 0..2**32-1.
        source: what was compressed.
        rate_point: which of the model's codebook sets, 0..255.
        streams: 1..8, the most important one first; of a file that was cut those that are whole.
        chunks: of a picture; alpha goes with the colour formats RGB and GREY only.
        cut_off: of a file that was cut, the bytes of each further stream that its header names.

    Raises:
        ValueError: a field is out of range, or a chunk does not go with the source.
    """

    fingerprint: bytes
    decoder_version: int
    source: ImageSource | AudioSource
    rate_point: int
    streams: tuple[Stream, ...]
    chunks: Chunks = Chunks()
    cut_off: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        check_range("number of streams", len(self.streams), 1, MAX_STREAMS)
        _header_of(self)  # whose construction checks the other fields

    @property
    def stream_ends(self) -> tuple[int, ...]:
        """How many bytes of the file there are up to the end of each stream that its header names."""
        header = _header_of(self)
        start = len(write_header(header)) + sum(size + _CRC_SIZE for size in header.chunk_sizes)
        return tuple(itertools.accumulate((size + _CRC_SIZE for size in header.stream_sizes), initial=start))[1:]

    def check(self, limits: Limits, allow_truncated: bool = False) -> None:
        """Check what was unpacked already as `unpack` would.

        Raises:
            LimitError: the header claims more than `limits` allow.
            TruncatedError: streams are cut off, without `allow_truncated`.
        """
        limits.check(_header_of(self))
        if self.cut_off and not allow_truncated:
            whole = len(self.streams)
            raise TruncatedError(f"the file is cut short: {whole} of its {whole + len(self.cut_off)} streams are whole")


def pack(container: Container) -> bytes:
    """Return the bytes of the `.vq` file; of one that was cut, those up to the end of its last whole stream."""
    parts = [write_header(_header_of(container))]
    for chunk in container.chunks.present:
        parts += (chunk, zlib.crc32(chunk).to_bytes(_CRC_SIZE, "little"))
    for stream in container.streams:
        parts += (stream.data, stream.indices_crc.to_bytes(_CRC_SIZE, "little"))
    body = b"".join(parts)
    if container.cut_off:
        return body
    return body + zlib.crc32(body).to_bytes(_CRC_SIZE, "little")


# Limits is frozen, so that one default can serve all calls.
def unpack(data: bytes, limits: Limits = Limits(), allow_truncated: bool = False) -> Container:  # noqa: B008
    """Read a `.vq` file: the inverse of `pack`. Bytes that `pack` would not write are refused.

    With `allow_truncated`, a file that was cut returns its chunks and its complete streams. The checksum of all bytes
    is then missing, so a damaged header or stream is noticed only when the indices do not match `Stream.indices_crc`.

    Raises:
        NotAVqFileError: the data are not a `.vq` file.
        UnsupportedError: the file needs a later release.
        TruncatedError: the data end early; with `allow_truncated`, before the end of the first stream.
        CorruptError: the data are damaged, or go on after the end.
        LimitError: the header claims more than `limits` allow.
    """
    check_magic(data)
    intact = _checksum_matches(data)
    if not (intact or allow_truncated):
        raise _diagnose(data)
    header, position = read_header(data)
    size = _file_size(header, position)
    whole = intact and len(data) == size
    cut = allow_truncated and len(data) < size
    if not (whole or cut):
        raise _diagnose(data)
    limits.check(header)
    streams = _read_streams(data, header, position)
    if not streams:
        raise TruncatedError(f"the file is cut short or damaged: {len(data)} bytes of {size}, and no whole stream")
    chunks = _read_chunks(data, header, position)
    fields = header.fingerprint, header.decoder_version, header.source, header.rate_point
    return Container(*fields, streams, chunks, header.stream_sizes[len(streams) :])


def overhead(container: Container) -> int:
    """Return the number of bytes that the file has besides its streams."""
    header = _header_of(container)
    return _file_size(header, len(write_header(header))) - sum(header.stream_sizes)


def _header_of(container: Container) -> Header:
    sizes = *(len(stream.data) for stream in container.streams), *container.cut_off
    chunks = container.chunks
    chunk_sizes = len(chunks.alpha), len(chunks.metadata), len(chunks.overlay)
    return Header(
        container.fingerprint, container.decoder_version, container.source, container.rate_point, sizes, *chunk_sizes
    )


def _file_size(header: Header, header_size: int) -> int:
    parts = header.chunk_sizes + header.stream_sizes
    return header_size + sum(size + _CRC_SIZE for size in parts) + _CRC_SIZE


def _checksum_matches(data: bytes) -> bool:
    body = memoryview(data)[:-_CRC_SIZE]
    return zlib.crc32(body) == int.from_bytes(data[-_CRC_SIZE:], "little")


def _read_chunks(data: bytes, header: Header, position: int) -> Chunks:
    """Return the chunks, which lie before the first stream; CorruptError if they are damaged."""
    reader = Reader(data, position)
    chunks: list[bytes] = []
    for size in header.all_chunk_sizes:
        chunks.append(reader.take(size))
        if size and reader.uint32() != zlib.crc32(chunks[-1]):
            raise CorruptError("the file is damaged: the checksum of its alpha, metadata or overlay does not match")
    return Chunks(*chunks)


def _read_streams(data: bytes, header: Header, position: int) -> tuple[Stream, ...]:
    """Return the complete streams, of which there may be none."""
    reader = Reader(data, position + sum(size + _CRC_SIZE for size in header.chunk_sizes))
    streams: list[Stream] = []
    for size in header.stream_sizes:
        if reader.remaining < size + _CRC_SIZE:
            break
        streams.append(Stream(reader.take(size), reader.uint32()))
    return tuple(streams)


def _diagnose(data: bytes) -> BitstreamError:
    """Say what is wrong with data of a wrong checksum or size. The header is used for the message only."""
    try:
        header, position = read_header(data)
    except TruncatedError as error:
        return error
    except BitstreamError:
        return CorruptError("the file is damaged: its checksum does not match")
    size, total = _file_size(header, position), len(header.stream_sizes)
    if len(data) < size:
        whole = len(_read_streams(data, header, position))
        return TruncatedError(
            f"the file is cut short or damaged: {len(data)} bytes of {size}, {whole} of {total} streams whole"
        )
    if len(data) > size:
        return CorruptError(f"the file is damaged: {len(data) - size} bytes follow its end")
    return CorruptError("the file is damaged: its checksum does not match")
