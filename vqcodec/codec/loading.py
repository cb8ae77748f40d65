"""The codec of a model, or of the model that a file names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

from PIL import Image

from bitstream import Container, InputError, Limits, ModelError
from vqcodec.codec.base import Codec
from vqcodec.codec.image import ImageCodec
from vqcodec.defaults import DEFAULT_EFFORT, DEFAULT_MODEL, DEFAULT_QUALITY, Effort
from vqcodec.media.pictures.inputs import ImageOrFile
from vqcodec.model.bundled import find_model, find_model_of
from vqcodec.model.model import Model, load_model
from vqcodec.system.arguments import container_of, is_path

if TYPE_CHECKING:
    from vqcodec.codec.audio import AudioCodec
    from vqcodec.system.arguments import FileData

__all__ = ["codec_of", "compress", "decompress", "for_pictures", "for_sound", "load", "load_for"]


@overload
def load(model: Literal["photo", "photo-ms-ssim"] = ..., device: str = "cpu") -> ImageCodec: ...


@overload
def load(model: Literal["speech"], device: str = "cpu") -> AudioCodec: ...


@overload
def load(model: str | Path, device: str = "cpu") -> Codec: ...


def load(model: str | Path = DEFAULT_MODEL, device: str = "cpu") -> Codec:
    """A codec with a bundled model (by name) or a model file (by path): an `ImageCodec` or an `AudioCodec`.

    Raises:
        InputError: the model is no name or path.
        ModelError: the model is not there or cannot be trusted, or the device cannot be used.
    """
    if not is_path(model):
        raise InputError(f"a model is given by its name or its path, not as {type(model).__name__}")
    return codec_of(load_model(find_model(model)), device)


def load_for(container: Container, device: str = "cpu", models: Sequence[Path] = ()) -> Codec:
    """The codec of the model that wrote a `.vq` file: one of `models`, or else a bundled one.

    Raises:
        FingerprintError: the model is not here.
        ModelError: one of `models` is not there or cannot be trusted, or the device cannot be used.
    """
    return codec_of(load_model(find_model_of(container.fingerprint, models)), device)


def for_pictures(codec: Codec) -> ImageCodec:
    """The codec, for callers that have only pictures.

    Raises:
        ModelError: it is for sound.
    """
    if not isinstance(codec, ImageCodec):
        raise ModelError("the model is for sound, not for pictures")
    return codec


def for_sound(codec: Codec) -> AudioCodec:
    """The codec, for callers that have only sound.

    Raises:
        ModelError: it is for pictures.
    """
    from vqcodec.codec.audio import AudioCodec

    if not isinstance(codec, AudioCodec):
        raise ModelError("the model is for pictures, not for sound")
    return codec


def compress(
    image: ImageOrFile,
    quality: float = DEFAULT_QUALITY,
    max_bytes: float | None = None,
    keep_metadata: bool = False,
    effort: Effort = DEFAULT_EFFORT,
) -> bytes:
    """`ImageCodec.compress` with the default model."""
    return load().compress(image, quality, max_bytes, keep_metadata, effort)


def decompress(data: FileData | Container, allow_truncated: bool = False) -> Image.Image:
    """`ImageCodec.decompress` with the bundled model that the file names."""
    container = container_of(data, Limits(), allow_truncated)
    codec = load_for(container)
    if not isinstance(codec, ImageCodec):
        raise ModelError('the file holds sound: use vqcodec.load("speech").decompress')
    return codec.decompress(container, allow_truncated=allow_truncated)


def codec_of(model: Model, device: str = "cpu") -> Codec:
    """The codec of a model in memory; errors as for `load`."""
    if model.config.modality == "image":
        return ImageCodec(model, device)
    from vqcodec.codec.audio import AudioCodec

    return AudioCodec(model, device)
