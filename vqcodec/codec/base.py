"""What the codecs of all modalities share: the path between latents, indices and files.

original --encoder--> z_e --codebooks, lambda bits--> indices --prior, range coder--> streams --container--> .vq
decoded  <--decoder-- z_q <--codebooks--------------- indices <--prior, range coder-- streams <--container-- .vq

Networks and originals are those of a modality: see `vqcodec.codec.image` for pictures, `vqcodec.codec.audio` for sound.
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
    Layer,
    Limits,
    overhead,
    pack,
)
from bitstream.entropy import indices_crc
from vqcodec.codec.indices import Indices, Source
from vqcodec.codec.rate_control import SizeCurve, probe
from vqcodec.defaults import DEFAULT_QUALITY
from vqcodec.model.model import Model
from vqcodec.model.quality import Setting, setting
from vqcodec.prior.sampling import SymbolSampler
from vqcodec.system.arguments import container_of, number, whole_number

if TYPE_CHECKING:
    from vqcodec.system.arguments import FileData

__all__ = ["Codec"]

# The prior's code lengths depend on the codes around; choosing, counting anew and choosing again settles quickly.
ASSIGNMENT_PASSES = 1
# Bytes of a stream above its bits: half a word of rounding on average, and the length of its size in the header.
STREAM_OVERHEAD = 4.0


@dataclass(frozen=True)
class Assignment:
    """Indices that were chosen in the context of others.

    Attributes:
        indices: `[P, rows, columns]`.
        bits: what they cost in that context: about their code length.
        bits_before: the code length of the others.
    """

    indices: NDArray[np.int32]
    bits: float
    bits_before: float


class Codec(ABC):
    """A model, ready to use: an `ImageCodec` or an `AudioCodec`. See `vqcodec.load`.

    An index volume `[P, rows, columns]` has rows and columns of positions for a picture, channels and frames for sound.

    Args:
        model: what to code with.
    """

    def __init__(self, model: Model) -> None:
        self.model = model

    # Limits is frozen, so that one default can serve all calls.
    @abstractmethod
    def shape_of(self, source: Source, allowed: Limits = Limits()) -> tuple[int, int]:  # noqa: B008
        """Rows and columns of the index volume of what `source` describes, if decoding it is `allowed`.

        Raises:
            FingerprintError: it is of another modality than the model.
            UnsupportedError: it was coded in a way that this release does not undo.
            LimitError: it would take too much time or memory.
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
        """As `assign`, with the bits under the prior in the context of indices `previous`."""
        codebooks, rate_point = self.model.codebooks, chosen.rate_point
        vectors, before = _vectors(latents), previous.reshape(len(previous), -1)
        flat = np.zeros(vectors.shape[:2], np.int32)  # a plane without a choice has no costs
        bits = np.zeros(2)
        for plane, part, cost in self.model.prior.costs(previous, rate_point):
            flat[plane, part] = codebooks.nearest(vectors[plane, part], rate_point, plane, chosen.lambda_ * cost)
            bits += [np.take_along_axis(cost, each[plane, part, None], axis=1).sum() for each in (flat, before)]
        return Assignment(flat.reshape(previous.shape), float(bits[0]), float(bits[1]))

    def estimate(self, latents: NDArray[np.float32], chosen: Setting) -> float:
        """About how many bits the indices of `choose` have: the code lengths with which they are chosen."""
        return self.assign_in_context(latents, chosen, self.assign(latents, chosen)).bits

    # Chunks is frozen, so that one default can serve all calls.
    def size_curve(
        self,
        latents: NDArray[np.float32],
        source: Source,
        chunks: Chunks = Chunks(),  # noqa: B008
    ) -> SizeCurve:
        """How large files of latents are, as `quantize` makes them; estimated, of many latents on a part of them."""
        layers = (Layer(b"", 0),) * len(self.model.prior.layer_ends)
        empty = Container(self.model.fingerprint, self.model.config.decoder_version, source, 0, layers, chunks)
        fixed = overhead(empty) + STREAM_OVERHEAD * len(layers)
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
        """Index volumes of this model as `Indices`, for those who made them with `choose`."""
        return Indices(values, self._sizes(rate_point)[: len(values)], rate_point, source, chunks)

    def bits(self, indices: Indices) -> NDArray[np.float64]:
        """Code length of every index under the prior, `[P, rows, columns]`; a file's streams are as long as their sum.

        Raises:
            InputError: the indices do not belong to this model, or end inside a layer.
        """
        self._check(indices)
        if len(indices.values) not in self.model.prior.layer_ends:
            raise InputError("these indices end inside a layer, whose planes are needed together")
        return self.model.prior.bits(indices.values, indices.rate_point)

    # Indices <-> bytes ---------------------------------------------------------------------------------------------

    def write(self, indices: Indices) -> bytes:
        """The bytes of the `.vq` file of indices.

        Raises:
            InputError: the indices do not belong to this model, or miss planes.
            LimitError: by default no reader would decode the file.
        """
        self._check(indices, Limits())
        if len(indices.values) != self.model.codebooks.sizes.shape[1]:
            raise InputError("these indices have planes missing: a file needs all")
        streams = self.model.prior.encode(indices.values, indices.rate_point)
        checksums = self._checksums(indices.values)
        layers = [Layer(stream, checksum) for stream, checksum in zip(streams, checksums, strict=True)]
        version, source = self.model.config.decoder_version, indices.source
        return pack(
            Container(self.model.fingerprint, version, source, indices.rate_point, tuple(layers), chunks=indices.chunks)
        )

    # Limits is frozen, so that one default can serve all calls.
    def read(
        self,
        data: FileData | Container,
        allowed: Limits = Limits(),  # noqa: B008
        allow_truncated: bool = False,
    ) -> Indices:
        """The indices of a `.vq` file.

        Args:
            data: the file's bytes, in any buffer, its path, or what `bitstream.unpack` gave of it.
            allowed: what the file may claim.
            allow_truncated: of a file that was cut, or that was made of fewer layers than its model has, return the
                planes of the layers that are whole, with a UserWarning that says how many these are.

        Raises:
            BitstreamError: the file is damaged, foreign, or too large; TruncatedError if no layer is whole.
            FingerprintError: it was written with another model.
        """
        container = container_of(data, allowed, allow_truncated)
        if container.fingerprint != self.model.fingerprint:
            raise FingerprintError(
                f"the file was written with model {container.fingerprint.hex()}, this is {self.model.fingerprint.hex()}"
            )
        rows, columns = self.shape_of(container.source, allowed)
        streams = [layer.stream for layer in container.layers]
        promised, total = len(streams) + len(container.cut_off), len(self.model.prior.layer_ends)
        if promised > total or (promised < total and not allow_truncated):
            raise CorruptError(f"the file is damaged: it has {promised} of the {total} layers of its model")
        values = self.model.prior.decode(streams, container.rate_point, rows, columns)
        if self._checksums(values) != [layer.indices_crc for layer in container.layers]:
            raise CorruptError("the decoded indices do not match their checksum")
        if len(streams) < promised:
            warnings.warn(f"the file is cut short: {len(streams)} of its {promised} layers are whole", stacklevel=3)
        elif promised < total:
            warnings.warn(f"the file has only {promised} of the {total} layers of its model", stacklevel=3)
        return self.indices(values, container.rate_point, container.source, container.chunks)

    # For the codecs of a modality ----------------------------------------------------------------------------------

    def _draw(self, count: int, source: Source, seed: int, temperature: float, rate_point: int | None) -> list[Indices]:
        """Indices drawn from the prior, each for a `source`; see `sample`."""
        rate_point, count = self._rate_point(rate_point), whole_number(count, "the count")
        if count < 0:
            raise InputError(f"the count must not be negative, as {count} is")
        chance = SymbolSampler(whole_number(seed, "the seed"), number(temperature, "the temperature"))
        rows, columns = self.shape_of(source)
        volumes = [self.model.prior.sample(chance, rate_point, rows, columns) for _ in range(count)]
        return [self.indices(values, rate_point, source) for values in volumes]

    def _setting(self, lambda_: float, rate_point: int | None) -> Setting:
        """What a caller of `encode` asked for."""
        rate_point, worth = self._rate_point(rate_point), number(lambda_, "lambda")
        if not 0 <= worth < math.inf:
            raise InputError("lambda must be finite and not negative")
        return Setting(rate_point, worth)

    def _rate_point(self, rate_point: int | None) -> int:
        """The rate point that a caller asked for; None is that of the default quality."""
        rates = len(self.model.codebooks.sizes)
        if rate_point is None:
            return self.settings(DEFAULT_QUALITY).rate_point
        rate_point = whole_number(rate_point, "the rate point")
        if not 0 <= rate_point < rates:
            raise InputError(f"the rate point must be in 0..{rates - 1}")
        return rate_point

    # Indices that are in memory were read under the limits of the caller.
    def _check(self, indices: Indices, allowed: Limits = UNLIMITED) -> None:
        if not isinstance(indices, Indices):
            raise InputError(f"indices must be Indices, as of encode, not {type(indices).__name__}")
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
        """The CRC-32 of the indices of each layer."""
        ends = self.model.prior.layer_ends
        return [indices_crc(values[a:b]) for a, b in zip([0, *ends], ends, strict=False) if b <= len(values)]


def _vectors(latents: NDArray[np.float32]) -> NDArray[np.float32]:
    """Latents `[P, D, rows, columns]` as vectors `[P, N, D]`."""
    return latents.reshape(*latents.shape[:2], -1).transpose(0, 2, 1)
