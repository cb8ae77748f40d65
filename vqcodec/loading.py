"""Which codec: that of a model, or that of the model which a file names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from bitstream import FingerprintError, unpack
from vqcodec.codec import Codec, Picture, limits
from vqcodec.defaults import DEFAULT_MODEL, DEFAULT_QUALITY
from vqcodec.model import bundled_models, find_model, load_model

__all__ = ["compress", "decompress", "load", "load_for"]


def load(model: str | Path = DEFAULT_MODEL, device: str = "cpu") -> Codec:
    """A codec with a bundled model (by name) or a model file (by path).

    Raises:
        ModelError: the model is not there or cannot be trusted, or the device cannot be used.
    """
    return Codec(load_model(find_model(model)), device)


def load_for(data: bytes, device: str = "cpu", models: Sequence[Path] = (), max_pixels: int | None = None) -> Codec:
    """The codec that a `.vq` file was written with, among the bundled models and `models`.

    What the file claims is checked before a model is loaded.

    Raises:
        BitstreamError: not a `.vq` file, or damaged.
        FingerprintError: the model is not here.
    """
    wanted = unpack(data, limits(max_pixels)).fingerprint
    for info in bundled_models():
        if info.fingerprint == wanted.hex():
            return Codec(load_model(info.path), device)
    for path in models:
        model = load_model(path)
        if model.fingerprint == wanted:
            return Codec(model, device)
    raise FingerprintError(
        f"the file was written with model {wanted.hex()}, which is not bundled: name it with --model"
    )


def compress(image: Picture, quality: float = DEFAULT_QUALITY) -> bytes:
    """`Codec.compress` with the default model."""
    return load().compress(image, quality)


def decompress(data: bytes) -> Image.Image:
    """`Codec.decompress` with the bundled model that the file names."""
    return load_for(data).decompress(data)
