"""What a `.vq` file says of itself, without decoding it."""

from __future__ import annotations

from dataclasses import dataclass

from bitstream import ImageSource, Limits, unpack
from vqcodec.model import bundled_models

__all__ = ["FileInfo", "inspect"]


@dataclass(frozen=True)
class FileInfo:
    """The header of a `.vq` file.

    Attributes:
        modality: "image" or "audio".
        width: of the picture in pixels (samples, for sound).
        height: likewise (channels, for sound).
        model: name of the bundled model that it was written with, if there is one.
        fingerprint: of that model, in hex.
        planes: of indices, if the model is a bundled one.
        rate_point: which of its codebook sets.
        layers: bytes of each layer's stream.
        total_bytes: of the file.
        bits_per_pixel: 8 total_bytes / pixels.
    """

    modality: str
    width: int
    height: int
    model: str | None
    fingerprint: str
    planes: int | None
    rate_point: int
    layers: tuple[int, ...]
    total_bytes: int
    bits_per_pixel: float


def inspect(data: bytes) -> FileInfo:
    """Read the header of a `.vq` file.

    Raises:
        BitstreamError: it is damaged or foreign.
    """
    container = unpack(data, Limits(max_pixels=2**62))
    source = container.source
    is_image = isinstance(source, ImageSource)
    width, height = (
        (source.width, source.height) if isinstance(source, ImageSource) else (source.samples, source.channels)
    )
    fingerprint = container.fingerprint.hex()
    model = next((info for info in bundled_models() if info.fingerprint == fingerprint), None)
    return FileInfo(
        modality="image" if is_image else "audio",
        width=width,
        height=height,
        model=model.name if model else None,
        fingerprint=fingerprint,
        planes=model.planes if model else None,
        rate_point=container.rate_point,
        layers=tuple(len(layer.stream) for layer in container.layers),
        total_bytes=len(data),
        bits_per_pixel=8 * len(data) / (width * height),
    )
