"""The codec of sound: the whole path, both ways. What it shares with pictures is in `vqcodec.codec.base`.

samples --16 kHz, rows, encoder------------> z_e --codebooks, lambda bits--> indices --prior, range coder--> .vq
samples <--source's rate, channels, decoder- z_q <--codebooks--------------- indices <--prior, range coder-- .vq

Samples come and go in blocks, so that hours of them need no more memory than their indices. The model has a sample rate
of its own; length, sample rate and channels of the source come back. `rows.py` turns channels into rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bitstream import AudioSource, Container, InputError
from vqcodec.codec.indices import Indices
from vqcodec.codec.rate_control import USUAL_ESTIMATES, USUAL_FILES, SizedFile, check_budget, largest_file, probe, taken
from vqcodec.codec.rows import SILENCE, coded_rows, rows_of
from vqcodec.codec.samples import SampleCodec, recording_source
from vqcodec.defaults import DEFAULT_QUALITY
from vqcodec.media.sounds.arrays import samples_array
from vqcodec.media.sounds.inputs import SamplesOrFile, recorded
from vqcodec.model.quality import Setting
from vqcodec.system.arguments import limits, number, whole_number
from vqcodec.system.progress import as_one

if TYPE_CHECKING:
    from vqcodec.system.arguments import FileData

__all__ = ["AudioCodec"]

Samples = NDArray[np.float32]

FILE_PASSES = 2  # of the prior through all frames: one to choose codes, one to write them


class AudioCodec(SampleCodec):
    """A model for sound, ready to use. See `vqcodec.load`.

    Args:
        model: what to code with.
        device: where encoder and decoder run ("cpu", "cuda", ...); the prior is always evaluated on the CPU.

    Raises:
        ModelError: the model is not for sound, its weights do not fit, or the device cannot be used.
    """

    # Bytes <-> samples ---------------------------------------------------------------------------------------------

    def compress(
        self,
        samples: SamplesOrFile,
        sample_rate: int | None = None,
        quality: float = DEFAULT_QUALITY,
        kbps: float | None = None,
        max_bytes: float | None = None,
    ) -> bytes:
        """Compress a recording to the bytes of a `.vq` file.

        Args:
            samples: floats, nominally in -1..1, or int16 or int32: `[N]` or `[C, N]`. Or the path of a sound file, or
                its bytes: UserWarnings say what is lost when it is read.
            sample_rate: samples a second; not needed for a file.
            quality: 1..100, continuous; both the size of the file and the fidelity rise with it.
            kbps: the most kbit a second that the file may have, instead of a quality. It has at most 3 % less; if not,
                a UserWarning says why.
            max_bytes: the most bytes that the file may have, in the same way.

        Raises:
            InputError: an argument cannot be used, or no file of the recording is so small.
        """
        with recorded(samples, sample_rate) as (blocks, known):
            return self.compress_blocks(blocks, known, quality, kbps, max_bytes)

    def compress_blocks(
        self,
        blocks: Iterable[Samples],
        sample_rate: int,
        quality: float = DEFAULT_QUALITY,
        kbps: float | None = None,
        max_bytes: float | None = None,
    ) -> bytes:
        """As `compress`, of consecutive float32 blocks `[C, n]`. Where they are cut makes no difference."""
        kbps = None if kbps is None else number(kbps, "kbps")
        if kbps is not None and not 0 < kbps < math.inf:
            raise InputError(f"kbps must be above 0, not {kbps:g}")
        if kbps is not None and max_bytes is not None:
            raise InputError("kbps and max_bytes exclude each other")
        budget, chosen = None if max_bytes is None else check_budget(max_bytes), self.settings(quality)
        latents, source = self.analyse(blocks, sample_rate)
        if budget is not None:
            return taken(self._within(latents, source, budget), budget)
        if kbps is not None:
            unit = source.samples / source.sample_rate * 1000 / 8  # bytes
            most = kbps * unit
            return taken(self._within(latents, source, most), most, lambda size: f"{size / unit:.4g} kbit/s")
        return self._file(latents, source, chosen)

    def decompress(
        self,
        data: FileData | Container,
        max_samples: int | None = None,
        allow_truncated: bool = False,
        max_seconds: float | None = None,
    ) -> tuple[Samples, int]:
        """The recording of a `.vq` file: samples `[C, N]` in -1..1, and the sample rate.

        Args:
            data: the file's bytes, in any buffer, its path, or what `bitstream.unpack` gave of it.
            max_samples: refuse more samples in all channels, at the sample rate of the recording or of the model; the
                default is that of `Limits`.
            allow_truncated: if the file was cut, decode its whole streams: see `read`.
            max_seconds: refuse a longer recording; the default is that of `Limits`.

        Raises:
            BitstreamError: the file is damaged, foreign, or too large.
            FingerprintError: it was written with another model.
        """
        return self.decode(self.read(data, limits(max_samples=max_samples, max_seconds=max_seconds), allow_truncated))

    # Samples <-> indices -------------------------------------------------------------------------------------------

    def encode(
        self,
        samples: SamplesOrFile,
        sample_rate: int | None = None,
        lambda_: float = 0.0,
        rate_point: int | None = None,
    ) -> Indices:
        """The indices of a recording.

        Args:
            samples: as for `compress`.
            sample_rate: likewise.
            lambda_: trades distance for bits, in squared quantization widths a bit; 0 takes the nearest codeword.
            rate_point: which codebooks; by default those of the default quality.

        Raises:
            InputError: an argument cannot be used.
        """
        chosen = self._setting(lambda_, rate_point)
        with recorded(samples, sample_rate) as (blocks, known):
            latents, source = self.analyse(blocks, known)
        return self.indices(self.choose(latents, chosen), chosen.rate_point, source)

    def decode(self, indices: Indices) -> tuple[Samples, int]:
        """The recording of indices: the location of p(x|z_q) `[C, N]` in -1..1, and the source's sample rate.

        Raises:
            InputError: the indices do not belong to this model.
        """
        samples = np.concatenate(list(self.decode_blocks(indices)), axis=1)  # which checks them
        return samples, recording_source(indices.source).sample_rate

    def sample_bits(self, samples: NDArray[np.generic], sample_rate: int, indices: Indices) -> Samples:
        """-log2 p(x|z_q) of every sample of the rows, at the sample rate of the model, rounded to 16 bits.

        Together with `bits` this is a bound: for any indices, -log2 p(x) is at most the sum of both. In a row that is
        not coded, all values that are silent enough are equally likely.

        Returns:
            `[C, N']`, N' the length of the recording at the sample rate of the model.

        Raises:
            InputError: the indices do not belong to this model, or to a recording of this length.
            ModelError: the model has no likelihood of samples.
        """
        self._check(indices)
        sample_rate = whole_number(sample_rate, "a sample rate")
        array = samples_array(samples, sample_rate)
        source = recording_source(indices.source)
        if (array.shape[1], sample_rate, len(array)) != (source.samples, source.sample_rate, source.channels):
            raise InputError("the indices are those of another length, sample rate or number of channels")
        rows = np.concatenate(
            list(rows_of(self._coded([array], sample_rate), self.sample_rate, source.rotations)), axis=1
        )
        every = np.full(rows.shape, math.log2(2 * SILENCE * 2**15 + 1), np.float32)
        coded = coded_rows(source.channels, source.silent_rows)
        every[coded] = self.networks.bits(rows[coded], indices.values, indices.rate_point)
        return every

    def sample(
        self, count: int, seconds: float, seed: int = 0, temperature: float = 1, rate_point: int | None = None
    ) -> list[Indices]:
        """Indices drawn from the prior, for new recordings of one channel.

        Args:
            count: how many.
            seconds: of each.
            seed: the same seed gives the same indices; a larger count only adds more.
            temperature: 1 draws from the prior, less prefers what is likely: see `SymbolSampler`.
            rate_point: which codebooks; by default those of the default quality.

        Raises:
            InputError: an argument is out of range.
        """
        seconds = number(seconds, "the length in seconds")
        if not 0 < seconds < math.inf:
            raise InputError(f"the length in seconds must be above 0, not {seconds:g}")
        try:
            source = AudioSource(math.ceil(seconds * self.sample_rate), self.sample_rate, 1)
        except ValueError as error:
            raise InputError(f"the recording would be too long: {error}") from None
        return self._draw(count, source, seed, temperature, rate_point)

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
