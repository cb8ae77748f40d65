"""Containers: `bitstream` accepts what docs/FORMAT.md allows and nothing else, and so it is with their chunks.

The second decoder, in tests/second_decoder, which was written from the text alone, says what that is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitstream import (
    BitstreamError,
    ImageSource,
    LimitError,
    Limits,
    decode_alpha,
    decode_overlay,
    encode_alpha,
    encode_overlay,
    pack,
    unpack,
)
from bitstream.header import read_header
from vqcodec.media.pictures.metadata import unpack_metadata

from .file_mutations import mutate_file
from .seeds import damaged_files, golden_files
from .target import MIB, Target, demand
from .text import FormatError, Picture, Sound, read_alpha, read_container, read_metadata, read_overlay, same

__all__ = ["containers"]

LIMITS = Limits(max_pixels=2**15, max_samples=2**19, max_seconds=2**5)
EXIF_HEAD, ORIENTATION = b"Exif\0\0", (b"tiff:Orientation", b"\1\x12", b"\x12\1")
SLOW_PIXELS = 2**8  # the second decoder takes them one at a time


def containers() -> Target:
    """The layout of `.vq` files, and their chunks."""
    whole, damaged = golden_files(), damaged_files()
    return Target(whole, damaged, mutate_file, judge, (BitstreamError,), memory=80 * MIB, seconds=1, batch=2000)


def judge(data: bytes) -> None:
    """Read a file as a whole one and as one that may be cut, and then its chunks."""
    _, error = _read(data, allow_truncated=False)
    container, error_of_cut = _read(data, allow_truncated=True)
    if error_of_cut is not None:
        demand(error is not None, "a whole file is refused as a cut one")
        raise error_of_cut
    if isinstance(container.source, ImageSource):
        _judge_alpha(container.chunks.alpha, container.source.height, container.source.width)
        _judge_metadata(container.chunks.metadata)
        _judge_overlay(container.chunks.overlay, container.source.height, container.source.width)


def _read(data: bytes, allow_truncated: bool) -> tuple[Any, BitstreamError | None]:
    """What `unpack` makes of a file, held against the text: a container, or an error."""
    try:
        right = read_container(data, allow_truncated)
    except FormatError:
        right = None
    fits = right is None or _fits(data, right.source)
    try:
        container = unpack(data, LIMITS, allow_truncated)
    except BitstreamError as error:
        demand(right is None or (isinstance(error, LimitError) and not fits), f"a right file is refused: {error}")
        return None, error
    demand(right is not None, "a wrong file is accepted")
    demand(fits, "a file that claims more than the limits is accepted")
    demand(_fields(container) == _fields(right), "a field is read as something else than it is")
    if not allow_truncated:
        demand(pack(container) == data, "a file that is accepted is written to other bytes")
    return container, None


def _fits(data: bytes, source: Picture | Sound) -> bool:
    """Whether a right file claims no more than the limits."""
    if isinstance(source, Picture):
        fits = source.width * source.height <= LIMITS.max_pixels
    else:
        fits = source.samples * source.channels <= LIMITS.max_samples
        fits &= source.samples <= LIMITS.max_seconds * source.sample_rate
    header, _ = read_header(data)
    return fits and sum(header.stream_sizes + header.chunk_sizes) <= LIMITS.max_stream_bytes


def _fields(container: Any) -> tuple[object, ...]:
    """The fields of a container, of either decoder."""
    source, chunks = vars(container.source), getattr(container, "chunks", container)
    palette = source.get("palette", ())
    colours = palette if isinstance(palette, bytes) else bytes(level for colour in palette for level in colour)
    return (
        source | {"palette": colours},
        *(chunks.alpha or b"", chunks.metadata or b"", chunks.overlay or b""),
        *(container.fingerprint, container.decoder_version, container.rate_point),
        [(stream.data, stream.indices_crc) for stream in container.streams],
    )


def _judge_alpha(chunk: bytes, height: int, width: int) -> None:
    """Decode alpha; if it is small, as the text does."""
    if not chunk:
        return
    if height * width > SLOW_PIXELS:
        alpha = decode_alpha(chunk, height, width)
    else:
        alpha = same(lambda: decode_alpha(chunk, height, width), lambda: np.array(read_alpha(chunk, height, width)))
    again = decode_alpha(encode_alpha(alpha), height, width)
    demand(np.array_equal(again, alpha), "alpha does not come back")


def _judge_overlay(chunk: bytes, height: int, width: int) -> None:
    """Decode an overlay; if it is small, as the text does."""
    if not chunk:
        return
    if height * width > SLOW_PIXELS:
        pixels = _overlay(chunk, height, width)
    else:
        pixels = same(lambda: _overlay(chunk, height, width), lambda: _overlay_of_text(chunk, height, width))
    mask = pixels[..., 0] >= 0
    if mask.any():
        again = _overlay(encode_overlay(pixels.clip(0).astype(np.uint8), mask), height, width)
        demand(np.array_equal(again, pixels), "an overlay does not come back")


def _overlay(chunk: bytes, height: int, width: int) -> NDArray[np.int64]:
    """The colours of an overlay, `[H, W, 3]`, and -1 for what is below it."""
    indices, colours = decode_overlay(chunk, height, width)
    pixels: NDArray[np.int64] = np.concatenate([[[-1] * 3], colours.astype(np.int64)])[indices]
    return pixels


def _overlay_of_text(chunk: bytes, height: int, width: int) -> NDArray[np.int64]:
    return np.array([[colour or (-1,) * 3 for colour in row] for row in read_overlay(chunk, height, width)])


def _judge_metadata(chunk: bytes) -> None:
    """Unpack metadata as the text does, but for orientations, which are not passed on: see `decodes`."""
    if chunk:
        same(lambda: _upright(vars(unpack_metadata(chunk))), lambda: _upright(read_metadata(chunk)))


def _upright(records: dict[str, bytes]) -> dict[str, bytes | None]:
    """What there is of metadata, and None for what may have an orientation."""
    there = {name: content for name, content in records.items() if content}
    while there.get("exif", b"").startswith(EXIF_HEAD):
        there["exif"] = there["exif"].removeprefix(EXIF_HEAD)
    return {name: None if any(mark in each for mark in ORIENTATION) else each for name, each in there.items()}
