"""Pixels <-> latents <-> indices: the codec of RGB pictures as arrays. It knows no files and no other modes."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bitstream import FingerprintError, ImageSource, LimitError, Limits, ModelError
from vqcodec.codec.base import Codec
from vqcodec.codec.indices import Indices, Source
from vqcodec.codec.rate_gradient import RateGradient
from vqcodec.codec.refinement import STEPS, refine
from vqcodec.defaults import Effort
from vqcodec.media.pictures.area import Area
from vqcodec.media.pictures.resizing import area_before, resized, resized_area
from vqcodec.model.model import Model
from vqcodec.model.quality import Setting
from vqcodec.prior.pixelcnn import PixelCNN
from vqcodec.transform.image.config import AutoencoderConfig
from vqcodec.transform.image.networks import ImageNetworks
from vqcodec.transform.image.thumbnail import REDUCTION, thumbnail_head

__all__ = ["PixelCodec", "picture_source"]

# Alpha is decoded by diagonals of pixels; each takes about as long as this many steps.
ALPHA_STEPS = 8


class PixelCodec(Codec):
    """A model for pictures, between pixels and files.

    Attributes:
        shape: of the networks.
        networks: encoder, decoder and likelihood.
        thumbnail_head: what makes small versions of pictures; None if the model has none.

    Args:
        model: what to code with.
        device: where encoder and decoder run ("cpu", "cuda", ...); the prior is always evaluated on the CPU.

    Raises:
        ModelError: the model is not for pictures, its weights do not fit, or the device cannot be used.
    """

    def __init__(self, model: Model, device: str = "cpu") -> None:
        super().__init__(model)
        shape = model.config.autoencoder
        if not isinstance(shape, AutoencoderConfig):
            raise ModelError("the model is for sound, not for pictures")
        self.shape = shape
        self.networks = ImageNetworks(shape, model.networks, model.codebooks, device)
        channels = model.prior.stream_ends[0] * model.codebooks.codewords.shape[3]
        self.thumbnail_head = thumbnail_head(shape, model.networks, channels)

    @property
    def stride(self) -> int:
        """Pixels that a latent position covers in each direction."""
        return self.shape.stride

    def analyse(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """z_e of uint8 `[H, W, 3]`, split into planes: `[P, D, h, w]`."""
        z = self.networks.encode(pixels)
        return z.reshape(self.model.codebooks.sizes.shape[1], -1, *z.shape[1:])

    def pixels(self, indices: Indices, area: Area | None = None) -> NDArray[np.uint8]:
        """The colours of `decode` without the overlay, `[H, W, 3]`, scaled up if they were coded at a smaller scale.

        Only the tiles of the area are decoded, by default all.
        """
        self._check(indices)
        source = picture_source(indices.source)
        if area is None:
            coded = Area(0, 0, source.coded_width, source.coded_height)
            return resized(self.networks.decode(indices.values, indices.rate_point, coded), source.width, source.height)
        sizes = (source.coded_width, source.coded_height), (source.width, source.height)
        seen = area_before(area, *sizes)
        return resized_area(self.networks.decode(indices.values, indices.rate_point, seen), seen, area, *sizes)

    def small_pixels(self, indices: Indices, width: int, height: int) -> NDArray[np.uint8]:
        """The colours of a small version `[height, width, 3]` of a picture, as `pixels`.

        If it is small enough, the indices of the first stream suffice: see `needs_first_stream_only`.
        """
        source = picture_source(indices.source)
        if self.thumbnail_head is None or not self.needs_first_stream_only(source, width, height):
            return resized(self.pixels(indices), width, height)
        self._check(indices)
        planes = self.model.prior.stream_ends[0]
        z_q = self.model.codebooks.look_up(indices.values[:planes], indices.rate_point, planes)
        reduced = self.thumbnail_head(z_q)
        whole = Area(0, 0, reduced.shape[1], reduced.shape[0])
        # Latents cover whole strides, the picture perhaps a part of the last ones.
        covered = source.coded_width / REDUCTION, source.coded_height / REDUCTION
        return resized_area(reduced, whole, Area(0, 0, width, height), covered, (width, height))

    def needs_first_stream_only(self, source: ImageSource, width: int, height: int) -> bool:
        """Whether a small version of this size is made from the first stream of a file alone."""
        is_small = max(width * REDUCTION / source.coded_width, height * REDUCTION / source.coded_height) <= 1
        return self.thumbnail_head is not None and is_small

    @cached_property
    def _rate_gradient(self) -> RateGradient:
        prior = self.model.prior
        assert isinstance(prior, PixelCNN)  # as the model is for pictures
        return RateGradient(prior, self.entropy_model, self.model.codebooks)

    def refine(
        self, pixels: NDArray[np.uint8], latents: NDArray[np.float32], chosen: Setting, effort: Effort
    ) -> NDArray[np.int32]:
        """The indices `[P, h, w]` that an effort above "fast" gives for pixels `[H, W, 3]` with z_e `[P, D, h, w]`.

        The latents are overwritten, as they may be large.

        Raises:
            InputError: the model has no lambdas.
        """
        return refine(self, self.networks, self._rate_gradient, pixels, latents, chosen, STEPS[effort])

    # Limits is frozen, so that one default can serve all calls.
    def shape_of(self, source: Source, allowed: Limits = Limits()) -> tuple[int, int]:  # noqa: B008
        """Rows and columns of the index volume of a picture; errors as for `Codec.shape_of`."""
        picture = picture_source(source)
        self.check_steps(picture.width, picture.height, allowed)
        return -(-picture.coded_height // self.stride), -(-picture.coded_width // self.stride)

    def check_steps(self, width: int, height: int, allowed: Limits) -> None:
        """LimitError if a picture of this size would take too many steps, at its own size or at a smaller one.

        Indices are decoded by diagonals of positions, of which there are columns + 2 rows, and each diagonal takes the
        steps of the prior. Alpha is decoded by diagonals of pixels.
        """
        diagonals = -(-width // self.stride) + 2 * -(-height // self.stride)
        steps = max(diagonals * self.model.prior.calls, (width + 2 * height) * ALPHA_STEPS)
        if steps > allowed.max_steps:
            raise LimitError(
                f"a picture of {width} x {height} pixels is too long to be decoded in reasonable time: "
                f"it takes {steps} steps, at most {allowed.max_steps} are allowed"
            )


def picture_source(source: Source) -> ImageSource:
    """The source of a picture; FingerprintError if it is of a recording."""
    if not isinstance(source, ImageSource):
        raise FingerprintError("the file holds sound, the model is for pictures")
    return source
