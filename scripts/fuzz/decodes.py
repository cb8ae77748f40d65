"""Decoding with small models: what is accepted is within the limits, intact to its last bit, and decoded rightly."""

from __future__ import annotations

import zlib
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from bitstream import (
    AudioSource,
    BitstreamError,
    Container,
    CorruptError,
    FingerprintError,
    ImageSource,
    LimitError,
    UnsupportedError,
    unpack,
)
from vqcodec import AudioCodec, Codec, ImageCodec, Indices, load

from .file_mutations import mutate_file, with_right_indices
from .seeds import MODELS, damaged_files, golden_files
from .target import MIB, Target, demand
from .text import ModelFile, decode_indices, read_container, same
from .work import ALLOWED, may_be_decoded, shape

__all__ = ["decodes"]

SLOW_INDICES = 2**9  # the second decoder takes one at a time
Models = dict[bytes, tuple[Codec, ModelFile]]


def decodes() -> Target:
    """All of the way from files to pixels and samples."""
    models = {model.fingerprint(): (load(path), model) for path, model in ((path, ModelFile(path)) for path in MODELS)}
    whole, damaged = (
        [data for data in files() if _may_be_decoded(models, data)] for files in (golden_files, damaged_files)
    )
    refusals = (BitstreamError, FingerprintError)
    return Target(whole, damaged, mutate_file, partial(judge, models), refusals, memory=96 * MIB, seconds=1, batch=200)


def _may_be_decoded(models: Models, data: bytes) -> bool:
    """Whether a file may be decoded with one of the models."""
    try:
        container = unpack(data, allow_truncated=True)
    except BitstreamError:
        return False
    known = models.get(container.fingerprint)
    return known is not None and _is_allowed(known[1], container.source)


def judge(models: Models, data: bytes) -> None:
    """Decode a file; if its indices have other checksums than it says, then one that has theirs."""
    container = unpack(data, ALLOWED, allow_truncated=True)
    codec, model = models.get(container.fingerprint) or next(iter(models.values()))
    try:
        indices = _read(codec, model, data, container)
    except CorruptError as error:
        if "do not match their checksum" not in str(error):
            raise
        streams = [stream.data for stream in container.streams]
        values = codec.entropy_model.decode(streams, container.rate_point, *shape(model, container.source))
        data = with_right_indices(data, _checksums(model, values))
        indices = _read(codec, model, data, unpack(data))
    _judge_result(codec, indices)


def _read(codec: Codec, model: ModelFile, data: bytes, container: Container) -> Indices:
    """The indices of a file, which must be of the model and within the limits, and have the checksums that it says."""
    source = container.source
    is_its = container.fingerprint == model.fingerprint() and isinstance(source, AudioSource) == model.is_audio
    try:
        indices = _read_at_all(codec, model, data, source)
    except BitstreamError as error:
        is_limited = isinstance(error, (LimitError, UnsupportedError))
        demand(
            not is_its or is_limited != may_be_decoded(model, source), f"limits come first, or do not apply: {error}"
        )
        raise
    demand(is_its, "a file of another model is accepted")
    demand(may_be_decoded(model, source), "what takes too much time is accepted")
    crcs = [stream.indices_crc for stream in container.streams]
    demand(_checksums(model, indices.values) == crcs, "indices with another checksum are accepted")
    demand(indices.values.shape[1:] == shape(model, source), "the volume has another shape")
    demand(indices.source == source, "the source is another one")
    return indices


def _read_at_all(codec: Codec, model: ModelFile, data: bytes, source: ImageSource | AudioSource) -> Indices:
    """The indices of a file, as a whole one or else as one that was cut."""
    try:
        return _same_indices(codec, model, data, source, allow_truncated=False)
    except LimitError:
        raise
    except BitstreamError:
        return _same_indices(codec, model, data, source, allow_truncated=True)


def _same_indices(
    codec: Codec, model: ModelFile, data: bytes, source: ImageSource | AudioSource, allow_truncated: bool
) -> Indices:
    """What the codec reads; if the indices are few, held against those that the second decoder finds."""
    found: list[Indices] = []

    def read() -> NDArray[np.int32]:
        found.append(codec.read(data, ALLOWED, allow_truncated))
        return found[0].values

    def read_by_the_text() -> NDArray[np.integer]:
        container = read_container(data, allow_truncated)
        if allow_truncated and container.stream_count < len(model.streams):  # which this implementation forgives
            container = replace(container, stream_count=len(model.streams))
        return decode_indices(container, model)

    if _is_allowed(model, source) and np.prod(shape(model, source)) * len(model.sizes[0]) <= SLOW_INDICES:
        same(read, read_by_the_text)
    else:
        read()
    return found[0]


def _is_allowed(model: ModelFile, source: ImageSource | AudioSource) -> bool:
    """Whether a file is one for the model, and within the limits."""
    return isinstance(source, AudioSource) == model.is_audio and may_be_decoded(model, source)


def _checksums(model: ModelFile, values: NDArray[np.integer]) -> list[int]:
    """The CRC-32 of the indices of each stream that there is."""
    planes = [model.planes(stream) for stream in range(len(model.streams))]
    return [zlib.crc32(values[each].astype("<u2").tobytes()) for each in planes if each.stop <= len(values)]


def _judge_result(codec: Codec, indices: Indices) -> None:
    """Make a picture or a recording of indices, which has the size that they are for, and a file, if they are whole."""
    if len(indices.values) == codec.model.prior.stream_ends[-1]:
        demand(codec.read(codec.write(indices)) == indices, "indices are written as others")
    source = indices.source
    if isinstance(codec, ImageCodec) and isinstance(source, ImageSource):
        picture = codec.decode(indices)
        demand(picture.size == (source.width, source.height), "the picture has another size")
        demand(_orientation(picture) in (None, 1), "viewers will turn the picture")
    elif isinstance(codec, AudioCodec) and isinstance(source, AudioSource):
        samples, sample_rate = codec.decode(indices)
        shape = (source.channels, source.samples)
        demand((samples.shape, sample_rate) == (shape, source.sample_rate), "the recording has another length")
        demand(bool(np.isfinite(samples).all()), "a sample is not finite")


def _orientation(picture: Image.Image) -> object:
    """As Pillow reads it, of EXIF or XMP; None if there is none, or if these are damaged."""
    try:
        return picture.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # of nearly any type
        return None
