"""The codec: the whole path of a picture, both ways, on one page.

picture --encoder--> z_e --codebooks, lambda bits--> indices --prior, range coder--> streams --container--> .vq
picture <--decoder-- z_q <--codebooks--------------- indices <--prior, range coder-- streams <--container-- .vq
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import overload

import numpy as np
import torch
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
    ModelError,
    UnsupportedError,
    pack,
    unpack,
)
from bitstream.entropy import indices_crc
from vqcodec.defaults import DEFAULT_MODEL, DEFAULT_QUALITY
from vqcodec.image.autoencoder import Decoder, Encoder
from vqcodec.indices import Indices
from vqcodec.model import Model, bundled_models, find_model, load_model
from vqcodec.quality import Setting, setting

__all__ = ["Codec", "compress", "decompress", "load"]

Picture = Image.Image | NDArray[np.uint8]

# The prior's code lengths depend on the codes around; choosing, counting anew and choosing again settles quickly.
ASSIGNMENT_PASSES = 1


class Codec:
    """A model, ready to use. See `load`.

    Args:
        model: what to code with.
        device: where encoder and decoder run ("cpu", "cuda", ...); the prior is always evaluated on the CPU.
    """

    def __init__(self, model: Model, device: str = "cpu") -> None:
        self.model = model
        try:
            self.device = torch.device(device)
            self._encoder = Encoder(model.config.autoencoder)
            self._encoder.load_state_dict(model.state("encoder"))
            self._decoder = Decoder(model.config.autoencoder)
            self._decoder.load_state_dict(model.state("decoder"))
            self._networks = [network.eval().to(self.device) for network in (self._encoder, self._decoder)]
        except (RuntimeError, AssertionError, NotImplementedError) as error:
            raise ModelError(f"the model cannot be used on {device!r}: {str(error).splitlines()[0]}") from None

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
        return self.write(self._encode(_to_array(image), chosen))

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
        rates = len(self.model.codebooks.sizes)
        rate = self.settings(DEFAULT_QUALITY).rate_point if rate_point is None else rate_point
        if not 0 <= rate < rates or not 0 <= lambda_ < math.inf:
            raise InputError(f"the rate point must be in 0..{rates - 1}, and lambda finite and not negative")
        if isinstance(image, Image.Image) or (isinstance(image, np.ndarray) and image.ndim == 3):
            return self._encode(_to_array(image), Setting(rate, lambda_))
        return [self._encode(_to_array(each), Setting(rate, lambda_)) for each in image]

    @torch.inference_mode()
    def decode(self, indices: Indices) -> Image.Image:
        """The picture of indices: the location of p(x|z_q), rounded to 8 bits.

        Raises:
            InputError: the indices do not belong to this model.
        """
        self._check(indices)
        z_q = self.model.codebooks.look_up(indices.values, indices.rate_point)
        rate = torch.tensor([indices.rate_point], device=self.device)
        location = self._decoder(torch.from_numpy(z_q)[None].to(self.device), rate)[0]
        pixels = ((location[:, : indices.height, : indices.width] + 0.5) * 255).round_().clamp_(0, 255)
        return Image.fromarray(pixels.to(torch.uint8).permute(1, 2, 0).cpu().numpy())

    def bits(self, indices: Indices) -> NDArray[np.float64]:
        """Code length of every index under the prior, `[P, h, w]`; the streams of a file are as long as their sum.

        Raises:
            InputError: the indices do not belong to this model, or end inside a layer.
        """
        self._check(indices)
        if len(indices.values) not in self.model.prior.layer_ends:
            raise InputError("these indices end inside a layer, whose planes are needed together")
        return self.model.prior.bits(indices.values, indices.rate_point)

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

    @torch.inference_mode()
    def analyse(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """z_e of uint8 `[H, W, 3]`, split into planes: `[P, D, h, w]`."""
        stride = self.model.config.autoencoder.stride
        padding = [(0, -extent % stride) for extent in pixels.shape[:2]]
        padded = np.pad(pixels, [*padding, (0, 0)], mode="edge")
        x = torch.from_numpy(padded).to(self.device).permute(2, 0, 1)[None].float() / 255 - 0.5
        z: NDArray[np.float32] = self._encoder(x)[0].cpu().numpy()
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
                flat[plane] = codebooks.nearest(
                    vectors[plane], rate, plane, lambda_ * codebooks.order0_bits(rate, plane)
                )
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
        container = unpack(data, _limits(max_pixels))
        if container.fingerprint != self.model.fingerprint:
            raise FingerprintError(
                f"the file was written with model {container.fingerprint.hex()}, this is {self.model.fingerprint.hex()}"
            )
        source = container.source
        if not isinstance(source, ImageSource):
            raise FingerprintError("the file holds sound, the model is for pictures")
        if (source.coded_width, source.coded_height) != (source.width, source.height):
            raise UnsupportedError("the picture was coded smaller than it is, which this release does not undo")
        stride = self.model.config.autoencoder.stride
        height, width = -(-source.height // stride), -(-source.width // stride)
        streams = [layer.stream for layer in container.layers]
        values = self.model.prior.decode(streams, container.rate_point, height, width)
        if self._checksums(values) != [layer.indices_crc for layer in container.layers]:
            raise CorruptError("the decoded indices do not match their checksum")
        return self.indices(values, container.rate_point, source.width, source.height)

    def _sizes(self, rate: int) -> tuple[int, ...]:
        return tuple(self.model.codebooks.sizes[rate].tolist())

    def _checksums(self, values: NDArray[np.int32]) -> list[int]:
        """The CRC-32 of the indices of each layer."""
        ends = self.model.prior.layer_ends
        return [indices_crc(values[a:b]) for a, b in zip([0, *ends], ends, strict=False) if b <= len(values)]

    def _check(self, indices: Indices) -> None:
        stride = self.model.config.autoencoder.stride
        shape = (-(-indices.height // stride), -(-indices.width // stride))
        known = 0 <= indices.rate_point < len(self.model.codebooks.sizes)
        planes = len(indices.values)
        if not known or indices.sizes != self._sizes(indices.rate_point)[:planes] or indices.values.shape[1:] != shape:
            raise InputError("these indices belong to another model")


def _limits(max_pixels: int | None) -> Limits:
    return Limits() if max_pixels is None else Limits(max_pixels=max_pixels)


def _to_array(image: Picture) -> NDArray[np.uint8]:
    """uint8 `[H, W, 3]` of a picture."""
    pixels = np.asarray(image.convert("RGB")) if isinstance(image, Image.Image) else np.asarray(image)
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or pixels.size == 0:
        raise InputError(
            f"a picture must be uint8 [H, W, 3] with at least one pixel, not {pixels.dtype} {pixels.shape}"
        )
    return pixels


def load(model: str | Path = DEFAULT_MODEL, device: str = "cpu") -> Codec:
    """A codec with a bundled model (by name) or a model file (by path).

    Raises:
        ModelError: the model is not there or cannot be trusted, or the device cannot be used.
    """
    return Codec(load_model(find_model(model)), device)


def load_for(data: bytes, device: str = "cpu", models: Sequence[Path] = (), max_pixels: int | None = None) -> Codec:
    """The codec that a `.vq` file was written with, among the bundled models and `models`.

    What the file claims is checked before a model is loaded.

    Raises:
        BitstreamError: not a `.vq` file, or damaged.
        FingerprintError: the model is not here.
    """
    wanted = unpack(data, _limits(max_pixels)).fingerprint
    for info in bundled_models():
        if info.fingerprint == wanted.hex():
            return Codec(load_model(info.path), device)
    for path in models:
        model = load_model(path)
        if model.fingerprint == wanted:
            return Codec(model, device)
    raise FingerprintError(
        f"the file was written with model {wanted.hex()}, which is not bundled: name it with --model"
    )


def compress(image: Picture, quality: float = DEFAULT_QUALITY) -> bytes:
    """`Codec.compress` with the default model."""
    return load().compress(image, quality)


def decompress(data: bytes) -> Image.Image:
    """`Codec.decompress` with the bundled model that the file names."""
    return load_for(data).decompress(data)
