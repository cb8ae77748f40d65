"""The codec: the whole path of a picture, both ways, on one page.

picture --encoder--> z_e --codebooks, lambda bits--> indices --prior, range coder--> streams --container--> .vq
picture <--decoder-- z_q <--codebooks--------------- indices <--prior, range coder-- streams <--container-- .vq
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bitstream import (
    Container,
    CorruptError,
    FingerprintError,
    ImageSource,
    InputError,
    Layer,
    Limits,
    UnsupportedError,
    pack,
    unpack,
)
from bitstream.entropy import indices_crc
from vqcodec.defaults import DEFAULT_QUALITY
from vqcodec.image.networks import Networks
from vqcodec.image.pixels import rgb_array
from vqcodec.indices import Indices
from vqcodec.model import Model
from vqcodec.nn.sampling import SymbolSampler
from vqcodec.quality import Setting, setting

__all__ = ["Codec", "Picture", "limits"]

Picture = Image.Image | NDArray[np.uint8]

# The prior's code lengths depend on the codes around; choosing, counting anew and choosing again settles quickly.
ASSIGNMENT_PASSES = 1


class Codec:
    """A model, ready to use. See `vqcodec.load`.

    Args:
        model: what to code with.
        device: where encoder and decoder run ("cpu", "cuda", ...); the prior is always evaluated on the CPU.
    """

    def __init__(self, model: Model, device: str = "cpu") -> None:
        self.model = model
        self._networks = Networks(model, device)

    # Bytes <-> pictures --------------------------------------------------------------------------------------------

    def compress(self, image: Picture, quality: float = DEFAULT_QUALITY) -> bytes:
        """Compress an RGB picture to the bytes of a `.vq` file.

        Args:
            image: a Pillow image (converted to RGB) or uint8 `[H, W, 3]`.
            quality: 1..100, continuous; both the size of the file and the fidelity rise with it.

        Raises:
            InputError: the picture or the quality cannot be used.
        """
        chosen = self.settings(quality)
        return self.write(self._encode(rgb_array(image), chosen))

    def decompress(self, data: bytes, max_pixels: int | None = None) -> Image.Image:
        """The picture of a `.vq` file.

        Args:
            data: the file's bytes.
            max_pixels: refuse larger pictures; the default is Pillow's limit against decompression bombs.

        Raises:
            BitstreamError: the file is damaged, foreign, or too large.
            FingerprintError: it was written with another model.
        """
        return self.decode(self.read(data, max_pixels))

    # Pictures <-> indices ------------------------------------------------------------------------------------------

    def settings(self, quality: float) -> Setting:
        """The rate point and lambda of a quality 1..100."""
        return setting(self.model.config.quality, quality)

    @overload
    def encode(self, image: Picture, lambda_: float = 0.0, rate_point: int | None = None) -> Indices: ...

    @overload
    def encode(
        self, image: Sequence[Picture], lambda_: float = 0.0, rate_point: int | None = None
    ) -> list[Indices]: ...

    def encode(
        self, image: Picture | Sequence[Picture], lambda_: float = 0.0, rate_point: int | None = None
    ) -> Indices | list[Indices]:
        """The indices of a picture, or of each of several (a sequence, or uint8 `[B, H, W, 3]`).

        Args:
            image: as for `compress`.
            lambda_: squared quantization widths that a bit is worth; 0 takes the nearest codeword.
            rate_point: which codebooks; by default those of the default quality.

        Raises:
            InputError: the picture or the rate point cannot be used.
        """
        rate = self._rate_point(rate_point)
        if not 0 <= lambda_ < math.inf:
            raise InputError("lambda must be finite and not negative")
        if isinstance(image, Image.Image) or (isinstance(image, np.ndarray) and image.ndim == 3):
            return self._encode(rgb_array(image), Setting(rate, lambda_))
        return [self._encode(rgb_array(each), Setting(rate, lambda_)) for each in image]

    def decode(self, indices: Indices) -> Image.Image:
        """The picture of indices: the location of p(x|z_q), rounded to 8 bits.

        Raises:
            InputError: the indices do not belong to this model.
        """
        z_q = self._look_up(indices)
        return Image.fromarray(self._networks.decode(z_q, indices.rate_point, indices.height, indices.width))

    def pixel_bits(self, image: Picture, indices: Indices) -> NDArray[np.float32]:
        """-log2 p(x|z_q) of every sub-pixel, given the earlier colours of its pixel: `[H, W, 3]`.

        With `bits` it makes a bound: whatever the indices, -log2 p(x) is at most the sum of all of both.

        Raises:
            InputError: the indices do not belong to this model, or to a picture of this size.
            ModelError: the model does not say how likely pixels are.
        """
        pixels = rgb_array(image)
        if pixels.shape[:2] != (indices.height, indices.width):
            raise InputError("the picture is not of the size that its indices are for")
        return self._networks.bits(pixels, self._look_up(indices), indices.rate_point)

    def bits(self, indices: Indices) -> NDArray[np.float64]:
        """Code length of every index under the prior, `[P, h, w]`; the streams of a file are as long as their sum.

        Raises:
            InputError: the indices do not belong to this model, or end inside a layer.
        """
        self._check(indices)
        if len(indices.values) not in self.model.prior.layer_ends:
            raise InputError("these indices end inside a layer, whose planes are needed together")
        return self.model.prior.bits(indices.values, indices.rate_point)

    def sample(
        self, count: int, height: int, width: int, seed: int = 0, temperature: float = 1, rate_point: int | None = None
    ) -> list[Indices]:
        """Indices drawn from the prior, for pictures that there never were.

        Args:
            count: how many.
            height: of the pictures, in pixels.
            width: likewise.
            seed: of the draws; the same seed gives the same indices, the first ones whatever the count.
            temperature: 1 draws from the prior, less prefers what is likely: see `SymbolSampler`.
            rate_point: which codebooks; by default those of the default quality.

        Raises:
            InputError: an argument is out of range.
        """
        if min(height, width) < 1:
            raise InputError("a picture has at least one pixel")
        rate, source = self._rate_point(rate_point), SymbolSampler(seed, temperature)
        volumes = [self.model.prior.sample(source, rate, *self._shape(height, width)) for _ in range(count)]
        return [self.indices(values, rate, width, height) for values in volumes]

    def codebooks(self, rate_point: int) -> list[NDArray[np.float32]]:
        """The codewords of each plane, `[K, D]`."""
        return [self.model.codebooks.of(rate_point, plane) for plane in range(self.model.codebooks.sizes.shape[1])]

    def _encode(self, pixels: NDArray[np.uint8], chosen: Setting) -> Indices:
        height, width, _ = pixels.shape
        values = self.choose(self.analyse(pixels), chosen)
        return self.indices(values, chosen.rate_point, width, height)

    def indices(self, values: NDArray[np.int32], rate_point: int, width: int, height: int) -> Indices:
        """Index volumes of this model as `Indices`, for those who made them with `analyse` and `choose`."""
        return Indices(values, self._sizes(rate_point)[: len(values)], rate_point, width, height)

    def analyse(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """z_e of uint8 `[H, W, 3]`, split into planes: `[P, D, h, w]`."""
        z = self._networks.encode(pixels)
        return z.reshape(self.model.codebooks.sizes.shape[1], -1, *z.shape[1:])

    def choose(self, latents: NDArray[np.float32], chosen: Setting) -> NDArray[np.int32]:
        """The indices that a file would get: `[P, h, w]` for latents `[P, D, h, w]`."""
        values = self.assign(latents, chosen)
        for _ in range(ASSIGNMENT_PASSES if chosen.lambda_ > 0 else 0):
            values = self.assign(latents, chosen, values)
        return values

    def assign(
        self, latents: NDArray[np.float32], chosen: Setting, previous: NDArray[np.int32] | None = None
    ) -> NDArray[np.int32]:
        """argmin_k |z_e - e_k|^2 + lambda bits(k): latents `[P, D, h, w]` to indices `[P, h, w]`.

        The bits are order-0, or given indices `previous`, those under the prior with these as context.
        """
        codebooks, rate, lambda_ = self.model.codebooks, chosen.rate_point, chosen.lambda_
        planes, dimension, height, width = latents.shape
        vectors = latents.reshape(planes, dimension, -1).transpose(0, 2, 1)
        flat = np.zeros((planes, height * width), np.int32)
        if previous is None:
            for plane in range(planes):
                penalty = lambda_ * codebooks.order0_bits(rate, plane)
                flat[plane] = codebooks.nearest(vectors[plane], rate, plane, penalty)
        else:
            for plane, part, cost in self.model.prior.costs(previous, rate):
                flat[plane, part] = codebooks.nearest(vectors[plane, part], rate, plane, lambda_ * cost)
        return flat.reshape(planes, height, width)

    # Indices <-> bytes ---------------------------------------------------------------------------------------------

    def write(self, indices: Indices) -> bytes:
        """The bytes of the `.vq` file of indices.

        Raises:
            InputError: the indices do not belong to this model, or miss planes.
        """
        self._check(indices)
        if len(indices.values) != self.model.codebooks.sizes.shape[1]:
            raise InputError("these indices have planes missing: a file needs all")
        streams = self.model.prior.encode(indices.values, indices.rate_point)
        checksums = self._checksums(indices.values)
        layers = [Layer(stream, checksum) for stream, checksum in zip(streams, checksums, strict=True)]
        source = ImageSource(indices.width, indices.height)
        version = self.model.config.decoder_version
        return pack(Container(self.model.fingerprint, version, source, indices.rate_point, tuple(layers)))

    def read(self, data: bytes, max_pixels: int | None = None) -> Indices:
        """The indices of a `.vq` file; errors as for `decompress`."""
        container = unpack(data, limits(max_pixels))
        if container.fingerprint != self.model.fingerprint:
            raise FingerprintError(
                f"the file was written with model {container.fingerprint.hex()}, this is {self.model.fingerprint.hex()}"
            )
        source = container.source
        if not isinstance(source, ImageSource):
            raise FingerprintError("the file holds sound, the model is for pictures")
        if (source.coded_width, source.coded_height) != (source.width, source.height):
            raise UnsupportedError("the picture was coded smaller than it is, which this release does not undo")
        streams = [layer.stream for layer in container.layers]
        shape = self._shape(source.height, source.width)
        values = self.model.prior.decode(streams, container.rate_point, *shape)
        if self._checksums(values) != [layer.indices_crc for layer in container.layers]:
            raise CorruptError("the decoded indices do not match their checksum")
        return self.indices(values, container.rate_point, source.width, source.height)

    def _rate_point(self, rate_point: int | None) -> int:
        """The rate point that a caller asked for; None is that of the default quality."""
        rates = len(self.model.codebooks.sizes)
        rate = self.settings(DEFAULT_QUALITY).rate_point if rate_point is None else rate_point
        if not 0 <= rate < rates:
            raise InputError(f"the rate point must be in 0..{rates - 1}")
        return rate

    def _shape(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns of the index volume of a picture."""
        stride = self.model.config.autoencoder.stride
        return -(-height // stride), -(-width // stride)

    def _sizes(self, rate: int) -> tuple[int, ...]:
        return tuple(self.model.codebooks.sizes[rate].tolist())

    def _checksums(self, values: NDArray[np.int32]) -> list[int]:
        """The CRC-32 of the indices of each layer."""
        ends = self.model.prior.layer_ends
        return [indices_crc(values[a:b]) for a, b in zip([0, *ends], ends, strict=False) if b <= len(values)]

    def _look_up(self, indices: Indices) -> NDArray[np.float32]:
        """z_q of indices, once they are known to be of this model."""
        self._check(indices)
        return self.model.codebooks.look_up(indices.values, indices.rate_point)

    def _check(self, indices: Indices) -> None:
        shape = self._shape(indices.height, indices.width)
        known = 0 <= indices.rate_point < len(self.model.codebooks.sizes)
        planes = len(indices.values)
        if not known or indices.sizes != self._sizes(indices.rate_point)[:planes] or indices.values.shape[1:] != shape:
            raise InputError("these indices belong to another model")


def limits(max_pixels: int | None) -> Limits:
    """What a file may claim; None is the default."""
    return Limits() if max_pixels is None else Limits(max_pixels=max_pixels)
