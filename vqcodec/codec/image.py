"""The codec of pictures: the whole path, both ways, on one page; what it shares with sound is in `vqcodec.codec.base`.

picture --encoder--> z_e --codebooks, lambda bits--> indices --prior, range coder--> streams --container--> .vq
picture <--decoder-- z_q <--codebooks--------------- indices <--prior, range coder-- streams <--container-- .vq
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bitstream import FingerprintError, ImageSource, InputError, LimitError, Limits
from vqcodec.codec.base import Codec
from vqcodec.codec.downscaling import resized
from vqcodec.codec.indices import Indices, Source
from vqcodec.codec.overlay import best_file, best_version
from vqcodec.codec.rate_control import check_budget, taken
from vqcodec.codec.refinement import refine, setting_to_refine
from vqcodec.defaults import DEFAULT_EFFORT, DEFAULT_QUALITY, EFFORTS, Effort
from vqcodec.media.pictures.modes import Prepared, image_of, prepare, restore
from vqcodec.media.pictures.reading import picture_of, read_picture, rgb_array
from vqcodec.model.model import Model
from vqcodec.model.quality import Setting
from vqcodec.system.arguments import limits, whole_number
from vqcodec.transform.image.config import AutoencoderConfig
from vqcodec.transform.image.networks import Networks

if TYPE_CHECKING:
    from vqcodec.system.arguments import FileData

__all__ = ["ImageCodec", "Picture", "PictureOrFile"]

Picture = Image.Image | NDArray[np.uint8]
PictureOrFile = Picture | bytes | str | os.PathLike[str]

# Alpha is decoded by diagonals of pixels, each of which takes about as long as so many steps.
ALPHA_STEPS = 8


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

    @property
    def shape(self) -> AutoencoderConfig:
        """The shape of the networks."""
        return self._networks.shape

    @property
    def stride(self) -> int:
        """Pixels that a latent position covers in each direction."""
        return self.shape.stride

    # Bytes <-> pictures --------------------------------------------------------------------------------------------

    def compress(
        self,
        image: PictureOrFile,
        quality: float = DEFAULT_QUALITY,
        max_bytes: float | None = None,
        keep_metadata: bool = False,
        effort: Effort = DEFAULT_EFFORT,
    ) -> bytes:
        """Compress a picture to the bytes of a `.vq` file.

        Args:
            image: a Pillow image of any mode, or uint8 `[H, W]`, `[H, W, 3]` or `[H, W, 4]`. Of a Pillow image the
                orientation that a camera noted is applied, and colours of another profile are converted to sRGB. Or the
                path of a picture file, or its bytes; what is lost when it is read is told by UserWarnings.
            quality: 1..100, continuous; both the size of the file and the fidelity rise with it.
            max_bytes: the most bytes that the file may have, instead of a quality. It has at most 3 % less; if not, a
                UserWarning says why. Where more of the picture is kept so, it is coded at a smaller scale.
            keep_metadata: keep colour profile (the colours then stay as they are), EXIF and XMP of a Pillow image.
            effort: "high" takes some twenty times as long to find codes from which the picture is decoded better.

        Raises:
            InputError: the picture or the quality cannot be used, or no file of it is so small.
        """
        chosen = self.settings(quality)
        if effort not in EFFORTS:
            raise InputError(f"effort must be one of {', '.join(EFFORTS)}, not {effort!r}")
        image = _opened(image, keep_metadata)
        if max_bytes is not None:
            budget = check_budget(max_bytes)
            return taken(best_file(self, self._prepared(image, keep_metadata), budget, effort), budget)
        if effort == "high":
            refined = self._encode_refined(image, setting_to_refine(self.model, quality), keep_metadata)
            return self.write(refined)
        return self.write(self._encode(image, chosen, keep_metadata, with_overlay=True))

    def decompress(
        self,
        data: FileData,
        max_pixels: int | None = None,
        allow_truncated: bool = False,
        max_steps: int | None = None,
    ) -> Image.Image:
        """The picture of a `.vq` file, in the mode that went in: see `vqcodec.media.pictures.modes`.

        Args:
            data: the file's bytes, in any buffer, or its path.
            max_pixels: refuse larger pictures; the default is Pillow's limit against decompression bombs.
            allow_truncated: decode a file that was cut from its whole layers: see `read`.
            max_steps: refuse pictures so long and thin that they take more steps; the default, 8,388,608, is a minute
                or two. See `Limits`.

        Raises:
            BitstreamError: the file is damaged, foreign, or too large.
            FingerprintError: it was written with another model.
        """
        return self.decode(self.read(data, limits(max_pixels, max_steps=max_steps), allow_truncated))

    # Pictures <-> indices ------------------------------------------------------------------------------------------

    @overload
    def encode(self, image: PictureOrFile, lambda_: float = 0.0, rate_point: int | None = None) -> Indices: ...  # type: ignore[overload-overlap]  # a path is a sequence of paths

    @overload
    def encode(
        self, image: Sequence[PictureOrFile], lambda_: float = 0.0, rate_point: int | None = None
    ) -> list[Indices]: ...

    def encode(
        self, image: PictureOrFile | Sequence[PictureOrFile], lambda_: float = 0.0, rate_point: int | None = None
    ) -> Indices | list[Indices]:
        """The indices of a picture, or of each of several (a sequence, or uint8 `[B, H, W, C]`).

        They are those of the whole picture: only `compress` codes parts of it without loss, as an overlay.

        Args:
            image: as for `compress`.
            lambda_: squared quantization widths that a bit is worth; 0 takes the nearest codeword.
            rate_point: which codebooks; by default those of the default quality.

        Raises:
            InputError: the picture or the rate point cannot be used.
        """
        chosen = self._setting(lambda_, rate_point)
        if isinstance(image, Sequence) and not isinstance(image, (str, bytes)):
            return [self._encode(_opened(each), chosen) for each in image]
        if isinstance(image, np.ndarray) and image.ndim > 3:
            return [self._encode(each, chosen) for each in image]
        return self._encode(_opened(image), chosen)

    def decode(self, indices: Indices) -> Image.Image:
        """The picture of indices: the location of p(x|z_q), rounded to 8 bits, in the mode that went in.

        Raises:
            InputError: the indices do not belong to this model.
            BitstreamError: their chunks are damaged.
        """
        pixels = self.pixels(indices)
        return restore(pixels, _picture(indices.source), indices.chunks)

    def pixels(self, indices: Indices) -> NDArray[np.uint8]:
        """The colours of `decode` below the overlay, `[H, W, 3]`; what was coded at a smaller scale is scaled up."""
        self._check(indices)
        source = _picture(indices.source)
        coded = self._networks.decode(indices.values, indices.rate_point, source.coded_height, source.coded_width)
        return resized(coded, source.width, source.height)

    def pixel_bits(self, image: PictureOrFile, indices: Indices) -> NDArray[np.float32]:
        """-log2 p(x|z_q) of every sub-pixel, given the earlier colours of its pixel: `[H, W, 3]`.

        With `bits` it makes a bound: whatever the indices, -log2 p(x) is at most the sum of all of both.

        Raises:
            InputError: the indices do not belong to this model, or to a picture of this size.
            ModelError: the model does not say how likely pixels are.
        """
        self._check(indices)
        pixels, source = rgb_array(_opened(image)), _picture(indices.source)
        if pixels.shape[:2] != (source.coded_height, source.coded_width):
            raise InputError("the picture is not of the size that its indices are for")
        return self._networks.bits(pixels, indices.values, indices.rate_point)

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
            source = ImageSource(whole_number(width, "the width"), whole_number(height, "the height"))
            self.shape_of(source)
        except (ValueError, LimitError) as error:
            raise InputError(f"no picture has this size: {error}") from None
        return self._draw(count, source, seed, temperature, rate_point)

    def analyse(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """z_e of uint8 `[H, W, 3]`, split into planes: `[P, D, h, w]`."""
        z = self._networks.encode(pixels)
        return z.reshape(self.model.codebooks.sizes.shape[1], -1, *z.shape[1:])

    def refine(self, pixels: NDArray[np.uint8], latents: NDArray[np.float32], chosen: Setting) -> NDArray[np.int32]:
        """The indices `[P, h, w]` that a file of high effort would get, of pixels `[H, W, 3]` and z_e `[P, D, h, w]`.

        The latents are overwritten: of a large picture there is no room for both.

        Raises:
            InputError: the model does not tell its lambdas.
        """
        return refine(self, self._networks, pixels, latents, chosen)

    # Limits is frozen, so that one default can serve all calls.
    def shape_of(self, source: Source, allowed: Limits = Limits()) -> tuple[int, int]:  # noqa: B008
        """Rows and columns of the index volume of a picture; errors as for `Codec.shape_of`."""
        picture = _picture(source)
        self._check_steps(picture.width, picture.height, allowed)
        return -(-picture.coded_height // self.stride), -(-picture.coded_width // self.stride)

    def _check_steps(self, width: int, height: int, allowed: Limits) -> None:
        """LimitError if a picture of this size would take too many steps, at its own size or at a smaller one.

        What is decoded by diagonals takes a step for each call of each diagonal: of positions, of which there are
        columns + 2 rows, and of pixels, for alpha.
        """
        diagonals = -(-width // self.stride) + 2 * -(-height // self.stride)
        steps = max(diagonals * self.model.prior.calls, (width + 2 * height) * ALPHA_STEPS)
        if steps > allowed.max_steps:
            raise LimitError(
                f"a picture of {width} x {height} pixels is too long to be decoded in reasonable time: "
                f"it takes {steps} steps, at most {allowed.max_steps} are allowed"
            )

    def _encode_refined(self, image: Picture, chosen: Setting, keep_metadata: bool) -> Indices:
        picture = best_version(self, self._prepared(image, keep_metadata), chosen)
        values = self.refine(picture.pixels, self.analyse(picture.pixels), chosen)
        return self.indices(values, chosen.rate_point, picture.source, picture.chunks)

    def _encode(
        self, image: Picture, chosen: Setting, keep_metadata: bool = False, with_overlay: bool = False
    ) -> Indices:
        picture = self._prepared(image, keep_metadata)
        if with_overlay:
            picture = best_version(self, picture, chosen)
        latents, source, chunks = self.analyse(picture.pixels), picture.source, picture.chunks
        del picture  # the pixels, which may be many, are gone when codes are chosen
        return self.quantize(latents, chosen, source, chunks)

    def _prepared(self, image: Picture, keep_metadata: bool) -> Prepared:
        """What is coded of a picture; InputError if it is none, or one that would not be decoded."""
        if isinstance(image, Image.Image):
            upright = picture_of(image, keep_metadata).image
        else:
            upright = image_of(np.asarray(image))
        try:
            self._check_steps(*upright.size, Limits())  # before alpha is encoded, which takes as long as to decode it
        except LimitError as error:
            raise InputError(str(error)) from None
        return prepare(upright)


def _opened(image: PictureOrFile, keep_metadata: bool = False) -> Picture:
    """The picture, read if it is a file or its path; UserWarnings say what is lost by that."""
    if not isinstance(image, (bytes, str, os.PathLike)):
        return image
    picture = read_picture(image, keep_metadata)
    for text in picture.notes:
        warnings.warn(text, stacklevel=3)
    return picture.image


def _picture(source: Source) -> ImageSource:
    """The source, once it is known to be of a picture."""
    if not isinstance(source, ImageSource):
        raise FingerprintError("the file holds sound, the model is for pictures")
    return source
