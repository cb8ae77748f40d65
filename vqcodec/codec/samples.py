"""Samples <-> latents <-> indices: the codec of sound in blocks, which knows no files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from bitstream import AudioSource, FingerprintError, InputError, LimitError, Limits, ModelError, UnsupportedError
from vqcodec.codec.base import Codec
from vqcodec.codec.indices import Indices, Source
from vqcodec.codec.rows import RowAnalysis, channels_of, coded_rows, with_silent_rows
from vqcodec.media.sounds.blocks import fit_blocks
from vqcodec.media.sounds.offset import without_offset
from vqcodec.media.sounds.resampling import SAMPLE_RATES, resample_blocks, resampled_length
from vqcodec.media.sounds.sndfile import MAX_CHANNELS
from vqcodec.model.model import Model
from vqcodec.system.arguments import whole_number
from vqcodec.transform.audio.config import AutoencoderConfig
from vqcodec.transform.audio.networks import AudioNetworks

__all__ = ["SampleCodec", "recording_source"]

Samples = NDArray[np.float32]

# Limits on files that are read: a frame is a step of the prior, and the indices of a whole recording are held.
MOST_FRAMES = 2**23
FEW_INDICES = 2**20  # allowed whatever the limit on samples is


class SampleCodec(Codec):
    """A model for sound, between samples and files.

    Attributes:
        networks: encoder, decoder and likelihood.

    Args:
        model: what to code with.
        device: where encoder and decoder run ("cpu", "cuda", ...); the prior is always evaluated on the CPU.

    Raises:
        ModelError: the model is not for sound, its weights do not fit, or the device cannot be used.
    """

    def __init__(self, model: Model, device: str = "cpu") -> None:
        super().__init__(model)
        shape = model.config.autoencoder
        if not isinstance(shape, AutoencoderConfig):
            raise ModelError("the model is not for sound")
        self.networks = AudioNetworks(shape, model.networks, model.codebooks, device)

    @property
    def sample_rate(self) -> int:
        """Of the model, in Hz. Frequencies above half of it are lost."""
        return self.networks.shape.sample_rate

    def analyse(self, blocks: Iterable[Samples], sample_rate: int) -> tuple[Samples, AudioSource]:
        """z_e of a recording in blocks `[C, n]`, split into planes: `[P, D, rows, T]`; and its source."""
        samples = channels = 0
        sample_rate = whole_number(sample_rate, "a sample rate")

        def counted() -> Iterator[Samples]:
            nonlocal samples, channels
            for block in blocks:
                samples, channels = samples + block.shape[1], len(block)
                yield block
            if not samples:
                raise InputError("a recording has at least one sample")

        analysis = RowAnalysis(self.sample_rate)
        z = self.networks.encode(analysis.rows(self._coded(counted(), sample_rate)))
        source = AudioSource(samples, sample_rate, channels, analysis.silent_rows, tuple(analysis.rotations))
        coded = z[:, coded_rows(channels, source.silent_rows)] if source.silent_rows else z
        planes = self.model.codebooks.sizes.shape[1]
        return coded.reshape(planes, -1, *coded.shape[1:]), source

    def decode_blocks(self, indices: Indices) -> Iterator[Samples]:
        """The recording of indices in blocks `[C, n]`, in -1..1 and at the sample rate of the source.

        Raises:
            InputError: the indices do not belong to this model.
        """
        self._check(indices)
        source = recording_source(indices.source)
        rows = with_silent_rows(self.networks.decode(indices.values, indices.rate_point), source)
        blocks = channels_of(rows, self.sample_rate, source.rotations)
        coded = fit_blocks(blocks, self._coded_length(source))
        restored = resample_blocks(coded, self.sample_rate, source.sample_rate)
        return (np.clip(block, -1, 1) for block in fit_blocks(restored, source.samples))

    # Limits is frozen, so that one default can serve all calls.
    def shape_of(self, source: Source, allowed: Limits = Limits()) -> tuple[int, int]:  # noqa: B008
        """Coded rows and frames of the index volume of a recording; errors as for `Codec.shape_of`.

        A recording of a low sample rate has more samples at that of the model than its header says.
        """
        found = recording_source(source)
        coded = self._coded_length(found)
        if coded * found.channels > allowed.max_samples:
            raise LimitError(
                f"the recording is too long: it has {coded} samples in {found.channels} channels at the sample rate of"
                f" the model, at most {allowed.max_samples} are allowed"
            )
        frames = -(-coded // self.networks.shape.stride)
        indices = found.coded_rows * frames * self.model.codebooks.sizes.shape[1]
        if frames > MOST_FRAMES or indices > max(allowed.max_samples, FEW_INDICES):
            raise LimitError(f"the recording is too long for the model: it has {frames} frames, {indices} indices")
        return found.coded_rows, frames

    def _coded_length(self, source: AudioSource) -> int:
        """Samples a channel at the sample rate of the model."""
        return resampled_length(source.samples, source.sample_rate, self.sample_rate)

    def _coded(self, blocks: Iterable[Samples], sample_rate: int) -> Iterator[Samples]:
        """A recording in blocks `[C, n]` at the sample rate of the model, without its offset."""
        return resample_blocks(without_offset(blocks, sample_rate), sample_rate, self.sample_rate)


def recording_source(source: Source) -> AudioSource:
    """The source of a recording; an error if it is of a picture, or cannot be decoded."""
    if not isinstance(source, AudioSource):
        raise FingerprintError("the file holds a picture, the model is for sound")
    if source.sample_rate not in SAMPLE_RATES:
        raise UnsupportedError(f"the sample rate of the recording, {source.sample_rate} Hz, is out of range")
    if source.channels > MAX_CHANNELS:
        raise UnsupportedError(f"the recording has {source.channels} channels, at most {MAX_CHANNELS} are decoded")
    return source
