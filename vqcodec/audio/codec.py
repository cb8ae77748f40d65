"""The codec of sound: the whole path, both ways, on one page; what it shares with pictures is in `vqcodec.codec`.

samples --16 kHz, mid/side, encoder--> z_e --codebooks, lambda bits--> indices --prior, range coder--> streams --> .vq
samples <--source's rate, decoder----- z_q <--codebooks--------------- indices <--prior, range coder-- streams <-- .vq

Samples come and go in blocks, so that hours of them need no more memory than their indices do. The model has a sample
rate of its own; length, rate and channels of the source come back. Two channels are coded as mid and side, others each
for itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from bitstream import AudioSource, FingerprintError, InputError, LimitError, Limits, UnsupportedError
from vqcodec.audio.networks import Networks
from vqcodec.audio.resampling import RATES, fit_blocks, resample, resample_blocks, resampled_length
from vqcodec.audio.sndfile import MAX_CHANNELS
from vqcodec.audio.waveform import samples_array
from vqcodec.budget import USUAL_ESTIMATES, USUAL_FILES, SizedFile, check_budget, largest_file, probe, taken
from vqcodec.codec import Codec, limits
from vqcodec.defaults import DEFAULT_QUALITY
from vqcodec.indices import Indices, Source
from vqcodec.model import Model
from vqcodec.nn.progress import as_one
from vqcodec.quality import Setting

__all__ = ["AudioCodec"]

Samples = NDArray[np.float32]

FILE_PASSES = 2  # of the prior through all frames, for a file whose codes are chosen, then written


class AudioCodec(Codec):
    """A model for sound, ready to use. See `vqcodec.load`.

    Args:
        model: what to code with.
        device: where encoder and decoder run ("cpu", "cuda", ...); the prior is always evaluated on the CPU.

    Raises:
        ModelError: the model is not for sound, its weights do not fit, or the device cannot be used.
    """

    def __init__(self, model: Model, device: str = "cpu") -> None:
        super().__init__(model)
        self._networks = Networks(model, device)

    @property
    def sample_rate(self) -> int:
        """Of the model, in Hz: nothing above half of it is kept."""
        return self._networks.shape.sample_rate

    # Bytes <-> samples ---------------------------------------------------------------------------------------------

    def compress(
        self,
        samples: NDArray[np.generic],
        rate: int,
        quality: float = DEFAULT_QUALITY,
        kbps: float | None = None,
        max_bytes: float | None = None,
    ) -> bytes:
        """Compress a recording to the bytes of a `.vq` file.

        Args:
            samples: floats, nominally in -1..1, or int16 or int32: `[N]` or `[C, N]`.
            rate: samples a second.
            quality: 1..100, continuous; both the size of the file and the fidelity rise with it.
            kbps: size of the file in kbit a second, instead of a quality: it is met from below, with at most 3 % to
                spare. If more is left, a UserWarning says why.
            max_bytes: the most bytes that the file may have, in the same way.

        Raises:
            InputError: an argument cannot be used, or no file of the recording is so small.
        """
        return self.compress_blocks([samples_array(samples, rate)], rate, quality, kbps, max_bytes)

    def compress_blocks(
        self,
        blocks: Iterable[Samples],
        rate: int,
        quality: float = DEFAULT_QUALITY,
        kbps: float | None = None,
        max_bytes: float | None = None,
    ) -> bytes:
        """As `compress`, of float32 blocks `[C, n]` that follow each other. How they are cut makes no difference."""
        if kbps is not None and not 0 < kbps < math.inf:
            raise InputError(f"the rate must be above 0 kbit/s, not {kbps:g}")
        if kbps is not None and max_bytes is not None:
            raise InputError("a file is made for a rate or for a number of bytes, not for both")
        budget, chosen = None if max_bytes is None else check_budget(max_bytes), self.settings(quality)
        latents, source = self.analyse(blocks, rate)
        if budget is not None:
            return taken(self._within(latents, source, budget), budget)
        if kbps is not None:
            unit = source.samples / source.sample_rate * 1000 / 8  # bytes
            most = kbps * unit
            return taken(self._within(latents, source, most), most, lambda size: f"{size / unit:.4g} kbit/s")
        return self._file(latents, source, chosen)

    def decompress(
        self, data: bytes, max_samples: int | None = None, allow_truncated: bool = False
    ) -> tuple[Samples, int]:
        """The recording of a `.vq` file: samples `[C, N]` in -1..1, and their number a second.

        Args:
            data: the file's bytes.
            max_samples: refuse more samples in all channels; the default is that of `Limits`.
            allow_truncated: decode a file that was cut from its whole layers: see `read`.

        Raises:
            BitstreamError: the file is damaged, foreign, or too large.
            FingerprintError: it was written with another model.
        """
        return self.decode(self.read(data, limits(max_samples=max_samples), allow_truncated))

    # Samples <-> indices -------------------------------------------------------------------------------------------

    def encode(
        self, samples: NDArray[np.generic], rate: int, lambda_: float = 0.0, rate_point: int | None = None
    ) -> Indices:
        """The indices of a recording.

        Args:
            samples: as for `compress`.
            rate: likewise.
            lambda_: squared quantization widths that a bit is worth; 0 takes the nearest codeword.
            rate_point: which codebooks; by default those of the default quality.

        Raises:
            InputError: an argument cannot be used.
        """
        chosen = self._setting(lambda_, rate_point)
        latents, source = self.analyse([samples_array(samples, rate)], rate)
        return self.indices(self.choose(latents, chosen), chosen.rate_point, source)

    def decode(self, indices: Indices) -> tuple[Samples, int]:
        """The recording of indices: the location of p(x|z_q) `[C, N]` in -1..1, and the source's sample rate.

        Raises:
            InputError: the indices do not belong to this model.
        """
        samples = np.concatenate(list(self.decode_blocks(indices)), axis=1)
        return samples, _recording(indices.source).sample_rate

    def decode_blocks(self, indices: Indices) -> Iterator[Samples]:
        """As `decode`, in blocks `[C, n]`."""
        z_q, source = self._look_up(indices), _recording(indices.source)
        blocks = map(_mid_side, self._networks.decode(z_q, indices.rate_point))
        coded = fit_blocks(blocks, resampled_length(source.samples, source.sample_rate, self.sample_rate))
        restored = resample_blocks(coded, self.sample_rate, source.sample_rate)
        return (np.clip(block, -1, 1) for block in fit_blocks(restored, source.samples))

    def sample_bits(self, samples: NDArray[np.generic], rate: int, indices: Indices) -> Samples:
        """-log2 p(x|z_q) of every sample at the model's rate, rounded to 16 bits, of the channels as they are coded.

        With `bits` it makes a bound: whatever the indices, -log2 p(x) is at most the sum of all of both.

        Returns:
            `[C, N']`, N' the length of the recording at the model's rate.

        Raises:
            InputError: the indices do not belong to this model, or to a recording of this length.
            ModelError: the model does not say how likely samples are.
        """
        array = samples_array(samples, rate)
        if AudioSource(array.shape[1], rate, len(array)) != indices.source:
            raise InputError("the recording is not of the length that its indices are for")
        coded = _mid_side(resample(array, rate, self.sample_rate))
        return self._networks.bits(coded, self._look_up(indices), indices.rate_point)

    def sample(
        self, count: int, seconds: float, seed: int = 0, temperature: float = 1, rate_point: int | None = None
    ) -> list[Indices]:
        """Indices drawn from the prior, for recordings of one channel that there never were.

        Args:
            count: how many.
            seconds: of each.
            seed: of the draws; the same seed gives the same indices, the first ones whatever the count.
            temperature: 1 draws from the prior, less prefers what is likely: see `SymbolSampler`.
            rate_point: which codebooks; by default those of the default quality.

        Raises:
            InputError: an argument is out of range.
        """
        if not 0 < seconds < math.inf:
            raise InputError(f"a recording lasts more than 0 seconds, not {seconds:g}")
        source = AudioSource(math.ceil(seconds * self.sample_rate), self.sample_rate, 1)
        return self._draw(count, source, seed, temperature, rate_point)

    def analyse(self, blocks: Iterable[Samples], rate: int) -> tuple[Samples, AudioSource]:
        """z_e of a recording in blocks `[C, n]`, split into planes: `[P, D, C, T]`; and what the recording is."""
        samples = channels = 0

        def counted() -> Iterator[Samples]:
            nonlocal samples, channels
            for block in blocks:
                samples, channels = samples + block.shape[1], len(block)
                yield block

        z = self._networks.encode(map(_mid_side, resample_blocks(counted(), rate, self.sample_rate)))
        planes = self.model.codebooks.sizes.shape[1]
        return z.reshape(planes, -1, *z.shape[1:]), AudioSource(samples, rate, channels)

    def shape_of(self, source: Source) -> tuple[int, int]:
        """Channels and frames of the index volume of a recording; errors as for `Codec.shape_of`."""
        found = _recording(source)
        coded = resampled_length(found.samples, found.sample_rate, self.sample_rate)
        if coded * found.channels > Limits().max_samples:  # a slow recording becomes longer than its header says
            raise LimitError(f"the recording has {coded} samples a channel at the rate of the model, which is too long")
        return found.channels, -(-coded // self._networks.shape.stride)

    def _within(self, latents: Samples, source: AudioSource, budget: float) -> SizedFile:
        """The largest file of at most `budget` bytes, or else the smallest."""
        curve = self.size_curve(latents, source)
        frames, probed = latents.shape[3], probe(latents)[0].shape[3]
        with as_one(USUAL_ESTIMATES * probed + USUAL_FILES * FILE_PASSES * frames):
            rate_point = curve.rate_points(budget)[-1]
            return largest_file(curve, rate_point, lambda chosen: self._file(latents, source, chosen), budget)

    def _file(self, latents: Samples, source: AudioSource, chosen: Setting) -> bytes:
        with as_one(FILE_PASSES * latents.shape[3]):
            return self.write(self.quantize(latents, chosen, source))


def _mid_side(block: Samples) -> Samples:
    """Left and right to mid and side, scaled so that the same function is its own inverse; others as they are."""
    if len(block) != 2:
        return block
    left, right = block
    return np.stack([left + right, left - right]) * np.float32(0.5**0.5)


def _recording(source: Source) -> AudioSource:
    """The source, once it is known to be of a recording."""
    if not isinstance(source, AudioSource):
        raise FingerprintError("the file holds a picture, the model is for sound")
    if source.sample_rate not in RATES:
        raise UnsupportedError(f"the recording has {source.sample_rate} samples a second, which nobody can play")
    if source.channels > MAX_CHANNELS:
        raise UnsupportedError(f"the recording has {source.channels} channels, where {MAX_CHANNELS} is the most")
    return source
