"""One item: its bytes to a row of results, with models that stay loaded."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from bitstream import AudioSource, Container, ImageSource, InputError, VqcodecError, unpack
from bitstream.header import read_header
from vqcodec.bulk.settings import Settings
from vqcodec.codec.cache import CodecCache
from vqcodec.codec.loading import for_pictures, for_sound
from vqcodec.defaults import DEFAULT_AUDIO_MODEL, DEFAULT_MODEL
from vqcodec.media.content import holds_sound
from vqcodec.system.arguments import limits

if TYPE_CHECKING:
    from vqcodec.codec.base import Codec
    from vqcodec.codec.indices import Source
    from vqcodec.media.pictures.reading import Picture

__all__ = ["Coder", "Row", "attempt", "coder_of", "failure"]

Row = dict[str, Any]
Coder = Callable[[bytes], Row]


def coder_of(settings: Settings) -> Coder:
    """The work on an item: from the bytes of its file to its columns. It can be pickled, and loads models on first use.

    It raises VqcodecError, OSError or MemoryError if the item cannot be coded.
    """
    if settings.work == "compress":
        return Compress(settings)
    return Decompress(settings) if settings.work == "decompress" else Tokenize(settings)


def failure(error: BaseException) -> str:
    """The text for the error of an item, in one line."""
    if isinstance(error, VqcodecError):
        text = str(error)
    elif isinstance(error, OSError):
        text = error.strerror or str(error) or type(error).__name__
    elif isinstance(error, MemoryError) or "alloc" in str(error).lower():
        text = "there is not enough memory for this"
    else:
        text = f"{type(error).__name__}: {error}"
    return " ".join(text.split()) or type(error).__name__


def attempt(coder: Coder, data: bytes) -> Row:
    """The columns of an item, or its error."""
    try:
        return coder(data)
    except Exception as error:
        return {"error": failure(error)}


class _Coding:
    """The models of workers."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._codecs = CodecCache(settings.device)
        self._folder: TemporaryDirectory[str] | None = None

    def __getstate__(self) -> Settings:
        return self.settings

    def __setstate__(self, settings: Settings) -> None:
        _Coding.__init__(self, settings)

    def named(self, default: str) -> Codec:
        """The codec that was asked for, or else that of a bundled model."""
        return self._codecs.named(self._model() or default)

    def for_file(self, container: Container) -> Codec:
        """The codec of the model that wrote a file."""
        from vqcodec.model.bundled import find_model

        model = self._model()
        return self._codecs.for_file(container, [find_model(str(model))] if model else [])

    def _model(self) -> str | Path | None:
        """The name or path of the model, which was carried here if it is no bundled one."""
        model = self.settings.model
        if not isinstance(model, bytes):
            return model
        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="vqcodec-model-")  # which goes with this process
            (Path(self._folder.name) / "model.safetensors").write_bytes(model)
        return Path(self._folder.name) / "model.safetensors"


class Compress(_Coding):
    """The bytes of a picture or sound to those of its `.vq` file."""

    def __call__(self, data: bytes) -> Row:
        code = self._sound if holds_sound(data) else self._picture
        vq = code(data)
        return {"vq": vq, **description(vq), "bits": 8 * len(vq), "sha256": sha256(vq).hexdigest()}

    def _picture(self, data: bytes) -> bytes:
        picture, settings = read(data, self.settings.keep_metadata), self.settings
        codec = for_pictures(self.named(DEFAULT_MODEL))
        pixels = picture.image.width * picture.image.height
        budget = settings.max_bytes if settings.bpp is None else settings.bpp * pixels / 8
        return codec.compress(picture, settings.quality, budget, effort=settings.effort)

    def _sound(self, data: bytes) -> bytes:
        from vqcodec.media.sounds.recordings import RecordingReader

        settings = self.settings
        with RecordingReader(data) as reader:
            codec = for_sound(self.named(DEFAULT_AUDIO_MODEL))
            rates = settings.quality, settings.kbps, settings.max_bytes
            return codec.compress_blocks(reader.blocks(), reader.sample_rate, *rates)


class Decompress(_Coding):
    """The bytes of a `.vq` file to those of a picture or sound."""

    def __call__(self, data: bytes) -> Row:
        container = unpack(data, limits(self.settings.max_pixels))
        codec, memory = self.for_file(container), io.BytesIO()
        if isinstance(container.source, AudioSource):
            from vqcodec.media.sounds.recordings import is_sound_name, write_recording

            wanted = self.settings.suffix
            suffix = wanted if wanted and is_sound_name(f"a{wanted}") else ".wav"
            samples, rate = for_sound(codec).decompress(container)
            write_recording(samples, rate, memory, suffix)
        else:
            from vqcodec.media.pictures.writing import write_picture
            from vqcodec.media.sounds.recordings import is_sound_name

            wanted = self.settings.suffix
            suffix = wanted if wanted and not is_sound_name(f"a{wanted}") else ".png"
            picture = for_pictures(codec).decompress(container, self.settings.max_pixels)
            write_picture(picture, memory, suffix)
        made = memory.getvalue()
        return {"bytes": made, "suffix": suffix, **description(data), "sha256": sha256(made).hexdigest()}


class Tokenize(_Coding):
    """The bytes of a picture or sound to the indices of every plane."""

    def __call__(self, data: bytes) -> Row:
        codec = self.named(DEFAULT_AUDIO_MODEL if self.settings.model is None and holds_sound(data) else DEFAULT_MODEL)
        chosen = codec.settings(self.settings.quality)
        if codec.model.config.modality == "audio":
            from vqcodec.media.sounds.recordings import RecordingReader

            with RecordingReader(data) as reader:
                latents, source = for_sound(codec).analyse(reader.blocks(), reader.sample_rate)
            indices = codec.indices(codec.choose(latents, chosen), chosen.rate_point, source)
        else:
            picture = fitted(read(data), self.settings.size)
            indices = for_pictures(codec).encode(picture, chosen.lambda_, chosen.rate_point)
        planes, rows, columns = indices.values.shape
        row = {**described(indices.source), "model": model_name(codec.model.fingerprint)}
        row |= {"rate_point": indices.rate_point, "planes": planes, "rows": rows, "columns": columns}
        row["indices"] = [plane.ravel().astype("uint16") for plane in indices.values]
        if self.settings.code_lengths:
            row["code_lengths"] = [plane.ravel().astype("float32") for plane in codec.bits(indices)]
        return row


def read(data: bytes, keep_metadata: bool = False) -> Picture:
    """The picture of a file, without the warnings of libraries."""
    from vqcodec.media.pictures.reading import read_picture

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return read_picture(data, keep_metadata)


def fitted(picture: Picture, size: tuple[int, int] | None) -> Picture:
    """The picture at a size: scaled to cover it, and cropped around its centre."""
    if size is None:
        return picture
    from PIL import Image, ImageOps

    from vqcodec.media.pictures.reading import picture_of

    return picture_of(ImageOps.fit(picture.image.convert("RGB"), size, Image.Resampling.LANCZOS))


def description(vq: bytes) -> Row:
    """What the header of a `.vq` file says."""
    header = read_header(vq)[0]
    return {**described(header.source), "model": model_name(header.fingerprint)}


def described(source: Source) -> Row:
    """Size and kind of a picture, or of a sound, which has no width and height."""
    if isinstance(source, ImageSource):
        return {"width": source.width, "height": source.height, "mode": source.colour.name.lower()} | dict.fromkeys(
            ("samples", "sample_rate", "channels")
        )
    if not isinstance(source, AudioSource):
        raise InputError("it holds neither a picture nor a sound")
    sound = {"samples": source.samples, "sample_rate": source.sample_rate, "channels": source.channels}
    return {"width": None, "height": None, "mode": "sound", **sound}


def model_name(fingerprint: bytes) -> str:
    """The name of a bundled model, or the fingerprint of another one."""
    return _bundled().get(fingerprint.hex(), fingerprint.hex())


@cache
def _bundled() -> dict[str, str]:
    from vqcodec.model.bundled import bundled_models

    return {info.fingerprint: info.name for info in bundled_models()}
