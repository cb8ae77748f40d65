"""The codec of pictures: the whole path, both ways, on one page; what it shares with sound is in `vqcodec.codec`.

picture --encoder--> z_e --codebooks, lambda bits--> indices --prior, range coder--> streams --container--> .vq
picture <--decoder-- z_q <--codebooks--------------- indices <--prior, range coder-- streams <--container-- .vq
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bitstream import FingerprintError, ImageSource, InputError, UnsupportedError
from vqcodec.codec import Codec, limits
from vqcodec.defaults import DEFAULT_QUALITY
from vqcodec.image.networks import Networks
from vqcodec.image.pixels import rgb_array
from vqcodec.indices import Indices, Source
from vqcodec.model import Model
from vqcodec.quality import Setting

__all__ = ["ImageCodec", "Picture"]

Picture = Image.Image | NDArray[np.uint8]


class ImageCodec(Codec):
    """A model for pictures, ready to use. See `vqcodec.load`.

    Args:
        model: what to code with.
        device: where encoder and decoder run ("cpu", "cuda", ...); the prior is always evaluated on the CPU.

    Raises:
        ModelError: the model is not for pictures, its weights do not fit, or the device cannot be used.
    """

    def __init__(self, model: Model, device: str = "cpu") -> None:
        super().__init__(model)
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
        return self.decode(self.read(data, limits(max_pixels)))

    # Pictures <-> indices ------------------------------------------------------------------------------------------

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
        chosen = self._setting(lambda_, rate_point)
        if isinstance(image, Image.Image) or (isinstance(image, np.ndarray) and image.ndim == 3):
            return self._encode(rgb_array(image), chosen)
        return [self._encode(rgb_array(each), chosen) for each in image]

    def decode(self, indices: Indices) -> Image.Image:
        """The picture of indices: the location of p(x|z_q), rounded to 8 bits.

        Raises:
            InputError: the indices do not belong to this model.
        """
        z_q, size = self._look_up(indices), _picture(indices.source)
        return Image.fromarray(self._networks.decode(z_q, indices.rate_point, size.height, size.width))

    def pixel_bits(self, image: Picture, indices: Indices) -> NDArray[np.float32]:
        """-log2 p(x|z_q) of every sub-pixel, given the earlier colours of its pixel: `[H, W, 3]`.

        With `bits` it makes a bound: whatever the indices, -log2 p(x) is at most the sum of all of both.

        Raises:
            InputError: the indices do not belong to this model, or to a picture of this size.
            ModelError: the model does not say how likely pixels are.
        """
        pixels = rgb_array(image)
        if _source(pixels) != indices.source:
            raise InputError("the picture is not of the size that its indices are for")
        return self._networks.bits(pixels, self._look_up(indices), indices.rate_point)

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
        try:
            source = ImageSource(width, height)
        except ValueError as error:
            raise InputError(f"no picture has this size: {error}") from None
        return self._draw(count, source, seed, temperature, rate_point)

    def analyse(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """z_e of uint8 `[H, W, 3]`, split into planes: `[P, D, h, w]`."""
        z = self._networks.encode(pixels)
        return z.reshape(self.model.codebooks.sizes.shape[1], -1, *z.shape[1:])

    def shape_of(self, source: Source) -> tuple[int, int]:
        """Rows and columns of the index volume of a picture; errors as for `Codec.shape_of`."""
        size, stride = _picture(source), self._networks.shape.stride
        return -(-size.height // stride), -(-size.width // stride)

    def _encode(self, pixels: NDArray[np.uint8], chosen: Setting) -> Indices:
        return self.indices(self.choose(self.analyse(pixels), chosen), chosen.rate_point, _source(pixels))


def _source(pixels: NDArray[np.uint8]) -> ImageSource:
    """The size of uint8 `[H, W, 3]`."""
    height, width, _ = pixels.shape
    return ImageSource(width, height)


def _picture(source: Source) -> ImageSource:
    """The source, once it is known to be of a picture that we can decode."""
    if not isinstance(source, ImageSource):
        raise FingerprintError("the file holds sound, the model is for pictures")
    if (source.coded_width, source.coded_height) != (source.width, source.height):
        raise UnsupportedError("the picture was coded smaller than it is, which this release does not undo")
    return source
