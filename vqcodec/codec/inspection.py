"""What a `.vq` file says of itself, without decoding it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bitstream import UNLIMITED, ImageSource, unpack
from vqcodec.model.bundled import bundled_models
from vqcodec.model.config import Modality
from vqcodec.system.arguments import file_bytes

if TYPE_CHECKING:
    from vqcodec.system.arguments import FileData

__all__ = ["AudioFileInfo", "FileInfo", "ImageFileInfo", "inspect"]


@dataclass(frozen=True, kw_only=True)
class FileInfo:
    """The header of a `.vq` file; `ImageFileInfo` and `AudioFileInfo` have what depends on the modality.

    Attributes:
        modality: "image" or "audio".
        model: name of the bundled model that wrote the file; None if it was another one.
        fingerprint: of the model, in hex.
        planes: of indices; None if the model is not a bundled one.
        rate_point: which of its codebook sets.
        streams: bytes of each whole stream: of all streams, unless the file was cut.
        prefixes: bytes of the file up to the end of each stream. A cut there leaves a file that can be decoded.
        total_bytes: of the file.
    """

    modality: Modality
    model: str | None
    fingerprint: str
    planes: int | None
    rate_point: int
    streams: tuple[int, ...]
    prefixes: tuple[int, ...]
    total_bytes: int


@dataclass(frozen=True, kw_only=True)
class ImageFileInfo(FileInfo):
    """The header of a file that holds a picture.

    Attributes:
        width: in pixels.
        height: in pixels.
        coded_width: of the picture as it is coded, which may be at a smaller scale.
        coded_height: likewise.
        colour: the format of its pixels: "rgb", "grey", "bilevel", "palette", "grey_16" or "cmyk".
        alpha_bytes: of its alpha channel, as it is coded; 0 if it has none.
        metadata_bytes: of colour profile, EXIF and XMP, as they are packed; 0 if there are none.
        overlay_bytes: of the pixels that are coded without loss; 0 if there are none.
        bits_per_pixel: 8 total_bytes / pixels.
    """

    width: int
    height: int
    coded_width: int
    coded_height: int
    colour: str
    alpha_bytes: int
    metadata_bytes: int
    overlay_bytes: int
    bits_per_pixel: float


@dataclass(frozen=True, kw_only=True)
class AudioFileInfo(FileInfo):
    """The header of a file that holds sound.

    Attributes:
        samples: of each channel.
        sample_rate: in Hz.
        channels: how many.
        seconds: samples / sample_rate.
        kbps: 8 total_bytes / seconds, in thousands.
    """

    samples: int
    sample_rate: int
    channels: int
    seconds: float
    kbps: float


def inspect(data: FileData, allow_truncated: bool = False) -> ImageFileInfo | AudioFileInfo:
    """Read the header of a `.vq` file.

    Args:
        data: the file's bytes, in any buffer, or its path.
        allow_truncated: the file may be cut, if its first stream is whole.

    Raises:
        BitstreamError: it is damaged, or not a `.vq` file.
    """
    data = file_bytes(data)
    container = unpack(data, UNLIMITED, allow_truncated)
    source, fingerprint, size = container.source, container.fingerprint.hex(), len(data)
    model = next((info for info in bundled_models() if info.fingerprint == fingerprint), None)
    common = FileInfo(
        modality="image" if isinstance(source, ImageSource) else "audio",
        model=model.name if model else None,
        fingerprint=fingerprint,
        planes=model.planes if model else None,
        rate_point=container.rate_point,
        streams=tuple(len(stream.data) for stream in container.streams),
        prefixes=container.stream_ends,
        total_bytes=size,
    )
    if isinstance(source, ImageSource):
        pixels = source.width * source.height
        return ImageFileInfo(
            **vars(common),
            width=source.width,
            height=source.height,
            coded_width=source.coded_width,
            coded_height=source.coded_height,
            colour=source.colour.name.lower(),
            alpha_bytes=len(container.chunks.alpha),
            metadata_bytes=len(container.chunks.metadata),
            overlay_bytes=len(container.chunks.overlay),
            bits_per_pixel=8 * size / pixels,
        )
    seconds = source.samples / source.sample_rate
    return AudioFileInfo(
        **vars(common),
        samples=source.samples,
        sample_rate=source.sample_rate,
        channels=source.channels,
        seconds=seconds,
        kbps=8 * size / seconds / 1000,
    )
