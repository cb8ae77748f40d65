"""Decoding with small models: what is accepted is within the limits, intact to its last bit, and decoded rightly."""

from __future__ import annotations

import zlib
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
from vqcodec.codec import limits

from .containers import PIXELS, SAMPLES
from .file_mutations import ROOMY, mutate_file, with_right_indices
from .seeds import MODELS, golden_files
from .target import MIB, Target, demand
from .text import ModelFile, decode_indices, read_container, same

__all__ = ["decodes"]

ALLOWED = limits(PIXELS, SAMPLES)
SLOW_INDICES = 2**9  # the second decoder takes one at a time
# What docs/FORMAT.md says that this implementation decodes.
MOST_STEPS, MOST_PIXEL_STEPS = 2**16, 2**20
RATES, MOST_CHANNELS, MOST_MODEL_SAMPLES = range(1_000, 10_000_001), 1_024, 2**31


def decodes() -> Target:
    """All of the way from files to pixels and samples."""
    models = {model.fingerprint(): (load(path), model) for path, model in ((path, ModelFile(path)) for path in MODELS)}
    whole = [data for data in golden_files() if unpack(data, allow_truncated=True).fingerprint in models]
    refusals = (BitstreamError, FingerprintError)
    return Target(whole, (), mutate_file, partial(judge, models), refusals, memory=96 * MIB, seconds=2, batch=200)


def judge(models: dict[bytes, tuple[Codec, ModelFile]], data: bytes) -> None:
    """Decode a file; if its indices have other checksums than it says, then also one that has theirs."""
    container = unpack(data, ROOMY, allow_truncated=True)
    codec, model = _model_for(models, container)
    _judge_shape(codec, model, container.source)
    container = unpack(data, ALLOWED, allow_truncated=True)
    try:
        indices = _read(codec, model, data, container)
    except CorruptError as error:
        if "do not match their checksum" not in str(error):
            raise
        streams = [layer.stream for layer in container.layers]
        values = codec.model.prior.decode(streams, container.rate_point, *codec.shape_of(container.source))
        data = with_right_indices(data, _checksums(model, values))
        indices = _read(codec, model, data, unpack(data))
    _judge_result(codec, indices)


def _model_for(models: dict[bytes, tuple[Codec, ModelFile]], container: Container) -> tuple[Codec, ModelFile]:
    """The model that a file names; another one, if that is not known."""
    return models.get(container.fingerprint) or next(iter(models.values()))


def _judge_shape(codec: Codec, model: ModelFile, source: ImageSource | AudioSource) -> None:
    """What takes too many steps, or samples at the rate of the model, is refused before anything is made of it."""
    if model.is_audio != isinstance(source, AudioSource):
        return
    try:
        shape = codec.shape_of(source)
    except (LimitError, UnsupportedError):
        demand(not _may_be_decoded(model, source), "what may be decoded is refused")
        raise
    demand(_may_be_decoded(model, source), "what takes too much time is not refused")
    demand(shape == _shape(model, source), "the shape of the volume is another one")


def _may_be_decoded(model: ModelFile, source: ImageSource | AudioSource) -> bool:
    if isinstance(source, AudioSource):
        few = _coded_samples(model, source) * source.channels <= MOST_MODEL_SAMPLES
        return few and source.sample_rate in RATES and source.channels <= MOST_CHANNELS
    steps = -(-source.width // model.stride) + 2 * -(-source.height // model.stride)
    return steps <= MOST_STEPS and source.width + 2 * source.height <= MOST_PIXEL_STEPS


def _shape(model: ModelFile, source: ImageSource | AudioSource) -> tuple[int, int]:
    """Rows and columns of the index volume."""
    if isinstance(source, AudioSource):
        return source.coded_rows, -(-_coded_samples(model, source) // model.stride)
    return -(-source.coded_height // model.stride), -(-source.coded_width // model.stride)


def _coded_samples(model: ModelFile, source: AudioSource) -> int:
    """Samples of a channel at the rate of the model."""
    return int(-(-source.samples * model.config["autoencoder"]["sample_rate"] // source.sample_rate))


def _read(codec: Codec, model: ModelFile, data: bytes, container: Container) -> Indices:
    """The indices of a file; if they are few, held against those that the second decoder finds."""
    found: list[Indices] = []

    def read() -> NDArray[np.int32]:
        found.append(codec.read(data, ALLOWED, allow_truncated=True))
        return found[0].values

    is_sound = isinstance(container.source, AudioSource)
    if is_sound == model.is_audio and np.prod(_shape(model, container.source)) * len(model.sizes[0]) <= SLOW_INDICES:
        same(read, lambda: decode_indices(read_container(data, cut=True), model))
    else:
        read()
    indices = found[0]
    crcs = [layer.indices_crc for layer in container.layers]
    demand(container.fingerprint == model.fingerprint(), "a file of another model is accepted")
    demand(_checksums(model, indices.values) == crcs, "indices with another checksum are accepted")
    demand(indices.source == container.source, "the source is another one")
    return indices


def _checksums(model: ModelFile, values: NDArray[np.integer]) -> list[int]:
    """The CRC-32 of the indices of each layer that there is."""
    planes = [model.planes(layer) for layer in range(len(model.layers))]
    return [zlib.crc32(values[each].astype("<u2").tobytes()) for each in planes if each.stop <= len(values)]


def _judge_result(codec: Codec, indices: Indices) -> None:
    """Make a picture or a recording of indices, which has the size that they are for, and a file, if they are whole."""
    if len(indices.values) == codec.model.prior.layer_ends[-1]:
        demand(codec.read(codec.write(indices)) == indices, "indices are written as others")
    source = indices.source
    if isinstance(codec, ImageCodec) and isinstance(source, ImageSource):
        picture = codec.decode(indices)
        demand(picture.size == (source.width, source.height), "the picture has another size")
        demand(_orientation(picture) in (None, 1), "viewers will turn the picture")
    elif isinstance(codec, AudioCodec) and isinstance(source, AudioSource):
        samples, rate = codec.decode(indices)
        shape = (source.channels, source.samples)
        demand((samples.shape, rate) == (shape, source.sample_rate), "the recording has another length")
        demand(bool(np.isfinite(samples).all()), "a sample is not finite")


def _orientation(picture: Image.Image) -> object:
    """As Pillow reads it, of EXIF or XMP; None if there is none, or if these are damaged."""
    try:
        return picture.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # of nearly any type
        return None
