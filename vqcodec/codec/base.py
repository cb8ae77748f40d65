"""What the codecs of pictures and of sound share: the path between latents, indices and files.

original --encoder--> z_e --codebooks, lambda bits--> indices --prior, range coder--> streams --container--> .vq
decoded  <--decoder-- z_q <--codebooks--------------- indices <--prior, range coder-- streams <--container-- .vq

Networks and originals depend on the modality: see `vqcodec.codec.image` and `vqcodec.codec.audio`.
"""

from __future__ import annotations

import math
import warnings
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bitstream import (
    UNLIMITED,
    Chunks,
    Container,
    CorruptError,
    FingerprintError,
    InputError,
    Limits,
    Stream,
    overhead,
    pack,
)
from bitstream.entropy import indices_crc
from vqcodec.codec.indices import Indices, Source
from vqcodec.codec.rate_control import SizeCurve, probe
from vqcodec.defaults import DEFAULT_QUALITY
from vqcodec.model.model import Model
from vqcodec.model.quality import Setting, setting
from vqcodec.prior.fastest import fastest
from vqcodec.prior.sampling import SymbolSampler
from vqcodec.system.arguments import container_of, number, whole_number

if TYPE_CHECKING:
    from vqcodec.system.arguments import FileData

__all__ = ["Codec"]

# Code lengths under the prior depend on the codes around: codes are chosen again in the context of the first choice.
ASSIGNMENT_PASSES = 1
# Bytes of a stream beyond its bits: half a word of rounding on average, and its size in the header.
STREAM_OVERHEAD = 4.0


@dataclass(frozen=True)
class Assignment:
    """Indices that were chosen in the context of earlier ones.

    Attributes:
        indices: `[P, rows, columns]`.
        bits: their cost in that context, about their code length.
        bits_before: the code length of the earlier indices.
    """

    indices: NDArray[np.int32]
    bits: float
    bits_before: float


class Codec(ABC):
    """A model, ready to use: an `ImageCodec` or an `AudioCodec`. See `vqcodec.load`.

    The rows and columns of an index volume `[P, rows, columns]` are positions of a picture, or channels and frames of
    sound.

    Attributes:
        model: the model to code with.
        entropy_model: its prior, evaluated as fast as it can be here.

    Args:
        model: the model to code with.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.entropy_model = fastest(model.prior)

    # Limits is frozen, so that one default can serve all calls.
    @abstractmethod
    def shape_of(self, source: Source, allowed: Limits = Limits()) -> tuple[int, int]:  # noqa: B008
        """Rows and columns of the index volume of a source, within the limits `allowed`.

        Raises:
            FingerprintError: the source has another modality than the model.
            UnsupportedError: this release cannot decode it.
            LimitError: decoding it would take too much time or memory.
        """

    def settings(self, quality: float) -> Setting:
        """The rate point and lambda of a quality 1..100."""
        return setting(self.model.config.quality, number(quality, "quality"))

    def codebooks(self, rate_point: int) -> list[NDArray[np.float32]]:
        """The codewords of each plane, `[K, D]`; InputError if there is no such rate point."""
        rate_point = self._rate_point(rate_point)
        return [self.model.codebooks.of(rate_point, plane) for plane in range(self.model.codebooks.sizes.shape[1])]

    # Latents <-> indices -------------------------------------------------------------------------------------------

    def choose(self, latents: NDArray[np.float32], chosen: Setting) -> NDArray[np.int32]:
        """The indices that a file would get: `[P, rows, columns]` for latents `[P, D, rows, columns]`."""
        values = self.assign(latents, chosen)
        for _ in range(ASSIGNMENT_PASSES if chosen.lambda_ > 0 else 0):
            values = self.assign_in_context(latents, chosen, values).indices
        return values

    def assign(self, latents: NDArray[np.float32], chosen: Setting) -> NDArray[np.int32]:
        """argmin_k |z_e - e_k|^2 + lambda bits(k): latents `[P, D, rows, columns]` to indices `[P, rows, columns]`.

        The bits are order-0.
        """
        codebooks, rate_point = self.model.codebooks, chosen.rate_point
        vectors = _vectors(latents)
        flat = np.empty(vectors.shape[:2], np.int32)
        for plane, own in enumerate(vectors):
            flat[plane] = codebooks.nearest(
                own, rate_point, plane, chosen.lambda_ * codebooks.order0_bits(rate_point, plane)
            )
        return flat.reshape(len(latents), *latents.shape[2:])

    def assign_in_context(
        self, latents: NDArray[np.float32], chosen: Setting, previous: NDArray[np.int32]
    ) -> Assignment:
        """As `assign`, with bits under the prior, in the context of indices `previous`."""
        codebooks, rate_point = self.model.codebooks, chosen.rate_point
        vectors, before = _vectors(latents), previous.reshape(len(previous), -1)
        flat = np.zeros(vectors.shape[:2], np.int32)  # a plane without a choice has no costs
        bits = np.zeros(2)
        for plane, part, cost in self.entropy_model.costs(previous, rate_point):
            flat[plane, part] = codebooks.nearest(vectors[plane, part], rate_point, plane, chosen.lambda_ * cost)
            bits += [np.take_along_axis(cost, each[plane, part, None], axis=1).sum() for each in (flat, before)]
        return Assignment(flat.reshape(previous.shape), float(bits[0]), float(bits[1]))

    def estimate(self, latents: NDArray[np.float32], chosen: Setting) -> float:
        """The bits of the indices of `choose`, estimated by the code lengths with which they are chosen."""
        return self.assign_in_context(latents, chosen, self.assign(latents, chosen)).bits

    # Chunks is frozen, so that one default can serve all calls.
    def size_curve(
        self,
        latents: NDArray[np.float32],
        source: Source,
        chunks: Chunks = Chunks(),  # noqa: B008
    ) -> SizeCurve:
        """The estimated size of the file that `quantize` makes of latents; many latents are estimated on a part."""
        streams = (Stream(b"", 0),) * len(self.model.prior.stream_ends)
        empty = Container(self.model.fingerprint, self.model.config.decoder_version, source, 0, streams, chunks)
        fixed = overhead(empty) + STREAM_OVERHEAD * len(streams)
        part, share = probe(latents)
        return SizeCurve(self.model.config.quality, lambda chosen: fixed + self.estimate(part, chosen) / 8 / share)

    def quantize(
        self,
        latents: NDArray[np.float32],
        chosen: Setting,
        source: Source,
        chunks: Chunks = Chunks(),  # noqa: B008
    ) -> Indices:
        """`choose`, as `Indices`."""
        return self.indices(self.choose(latents, chosen), chosen.rate_point, source, chunks)

    def indices(
        self,
        values: NDArray[np.int32],
        rate_point: int,
        source: Source,
        chunks: Chunks = Chunks(),  # noqa: B008
    ) -> Indices:
        """An index volume that `choose` made, as `Indices`."""
        return Indices(values, self._sizes(rate_point)[: len(values)], rate_point, source, chunks)

    def bits(self, indices: Indices) -> NDArray[np.float64]:
        """Code length of every index under the prior, `[P, rows, columns]`. The streams of a file have their sum.

        Raises:
            InputError: the indices do not belong to this model, or have some planes of a stream and miss others.
        """
        self._check(indices)
        if len(indices.values) not in self.model.prior.stream_ends:
            raise InputError("these indices have only some of the planes of a stream: all of them are needed")
        return self.entropy_model.bits(indices.values, indices.rate_point)

    # Indices <-> bytes ---------------------------------------------------------------------------------------------

    def write(self, indices: Indices) -> bytes:
        """The bytes of the `.vq` file of indices.

        Raises:
            InputError: the indices do not belong to this model, or lack planes.
            LimitError: readers would not decode the file with their default limits.
        """
        self._check(indices, Limits())
        if len(indices.values) != self.model.codebooks.sizes.shape[1]:
            raise InputError("these indices lack planes: a file needs all of them")
        coded = self.entropy_model.encode(indices.values, indices.rate_point)
        streams = tuple(map(Stream, coded, self._checksums(indices.values)))
        version, source = self.model.config.decoder_version, indices.source
        return pack(
            Container(self.model.fingerprint, version, source, indices.rate_point, streams, chunks=indices.chunks)
        )

    # Limits is frozen, so that one default can serve all calls.
    def read(
        self,
        data: FileData | Container,
        allowed: Limits = Limits(),  # noqa: B008
        allow_truncated: bool = False,
        first_streams: int | None = None,
    ) -> Indices:
        """The indices of a `.vq` file.

        Args:
            data: the file's bytes, in any buffer, its path, or what `bitstream.unpack` gave of it.
            allowed: what the file may claim.
            allow_truncated: if the file was cut, or has fewer streams than its model, return the planes of its whole
                streams. A UserWarning says how many these are.
            first_streams: decode only so many, in less time; by default all. The planes of others are missing.

        Raises:
            BitstreamError: the file is damaged, of another format, or too large; TruncatedError if no stream is whole.
            FingerprintError: it was written with another model.
        """
        container = container_of(data, allowed, allow_truncated)
        if container.fingerprint != self.model.fingerprint:
            raise FingerprintError(
                f"the file was written with model {container.fingerprint.hex()}, this is {self.model.fingerprint.hex()}"
            )
        rows, columns = self.shape_of(container.source, allowed)
        decoded = container.streams[:first_streams]
        promised, total = len(container.streams) + len(container.cut_off), len(self.model.prior.stream_ends)
        if promised > total or (promised < total and not allow_truncated):
            raise CorruptError(f"the file is damaged: it has {promised} of the {total} streams of its model")
        streams = [stream.data for stream in decoded]
        values = self.entropy_model.decode(streams, container.rate_point, rows, columns)
        if self._checksums(values) != [stream.indices_crc for stream in decoded]:
            raise CorruptError("the decoded indices do not match their checksum")
        if container.cut_off:
            whole = len(container.streams)
            warnings.warn(f"the file is cut short: {whole} of its {promised} streams are whole", stacklevel=3)
        elif promised < total:
            warnings.warn(f"the file has only {promised} of the {total} streams of its model", stacklevel=3)
        return self.indices(values, container.rate_point, container.source, container.chunks)

    # For the codecs of a modality ----------------------------------------------------------------------------------

    def _draw(self, count: int, source: Source, seed: int, temperature: float, rate_point: int | None) -> list[Indices]:
        """Indices drawn from the prior, each for a `source`; see `sample`."""
        rate_point, count = self._rate_point(rate_point), whole_number(count, "the count")
        if count < 0:
            raise InputError(f"the count must not be negative, not {count}")
        chance = SymbolSampler(whole_number(seed, "the seed"), number(temperature, "the temperature"))
        rows, columns = self.shape_of(source)
        volumes = [self.entropy_model.sample(chance, rate_point, rows, columns) for _ in range(count)]
        return [self.indices(values, rate_point, source) for values in volumes]

    def _setting(self, lambda_: float, rate_point: int | None) -> Setting:
        """The setting that a caller of `encode` asked for."""
        rate_point, lambda_ = self._rate_point(rate_point), number(lambda_, "lambda")
        if not 0 <= lambda_ < math.inf:
            raise InputError("lambda must be finite and not negative")
        return Setting(rate_point, lambda_)

    def _rate_point(self, rate_point: int | None) -> int:
        """The rate point that a caller asked for; None stands for that of the default quality."""
        rate_points = len(self.model.codebooks.sizes)
        if rate_point is None:
            return self.settings(DEFAULT_QUALITY).rate_point
        rate_point = whole_number(rate_point, "the rate point")
        if not 0 <= rate_point < rate_points:
            raise InputError(f"the rate point must be in 0..{rate_points - 1}")
        return rate_point

    # Indices in memory were read under the limits of the caller.
    def _check(self, indices: Indices, allowed: Limits = UNLIMITED) -> None:
        if not isinstance(indices, Indices):
            raise InputError(f"indices must be Indices, as encode returns them, not {type(indices).__name__}")
        if not self._fits(indices, allowed):
            raise InputError("these indices belong to another model")

    def _fits(self, indices: Indices, allowed: Limits) -> bool:
        try:
            shape = self.shape_of(indices.source, allowed)
        except FingerprintError:
            return False
        known = 0 <= indices.rate_point < len(self.model.codebooks.sizes)
        sizes = self._sizes(indices.rate_point)[: len(indices.values)] if known else ()
        return indices.sizes == sizes and indices.values.shape[1:] == shape

    def _sizes(self, rate_point: int) -> tuple[int, ...]:
        return tuple(self.model.codebooks.sizes[rate_point].tolist())

    def _checksums(self, values: NDArray[np.int32]) -> list[int]:
        """The CRC-32 of the indices of each stream."""
        ends = self.model.prior.stream_ends
        return [indices_crc(values[a:b]) for a, b in zip([0, *ends], ends, strict=False) if b <= len(values)]


def _vectors(latents: NDArray[np.float32]) -> NDArray[np.float32]:
    """Latents `[P, D, rows, columns]` as vectors `[P, N, D]`."""
    return latents.reshape(*latents.shape[:2], -1).transpose(0, 2, 1)
