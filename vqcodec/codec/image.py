"""The codec of pictures: the whole path, both ways. What it shares with sound is in `vqcodec.codec.base`.

picture --encoder--> z_e --codebooks, lambda bits--> indices --prior, range coder--> streams --container--> .vq
picture <--decoder-- z_q <--codebooks--------------- indices <--prior, range coder-- streams <--container-- .vq
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bitstream import ColourFormat, Container, ImageSource, InputError, LimitError, Limits
from vqcodec.codec.indices import Indices
from vqcodec.codec.overlay import best_file, best_version
from vqcodec.codec.pixels import PixelCodec, picture_source
from vqcodec.codec.rate_control import check_budget, taken
from vqcodec.codec.refinement import setting_to_refine
from vqcodec.defaults import DEFAULT_EFFORT, DEFAULT_QUALITY, EFFORTS, Effort
from vqcodec.media.pictures.area import area_of, size_within
from vqcodec.media.pictures.inputs import ImageOrFile, normalised
from vqcodec.media.pictures.modes import Prepared, pixels_of, prepare, restore, restore_small
from vqcodec.media.pictures.reading import Picture
from vqcodec.model.quality import Setting
from vqcodec.system.arguments import container_of, limits, whole_number
from vqcodec.system.many import in_threads

if TYPE_CHECKING:
    from vqcodec.system.arguments import FileData

__all__ = ["ImageCodec"]


class ImageCodec(PixelCodec):
    """A model for pictures, ready to use. See `vqcodec.load`.

    Args:
        model: what to code with.
        device: where encoder and decoder run ("cpu", "cuda", ...); the prior is always evaluated on the CPU.

    Raises:
        ModelError: the model is not for pictures, its weights do not fit, or the device cannot be used.
    """

    # Bytes <-> pictures --------------------------------------------------------------------------------------------

    def compress(
        self,
        image: ImageOrFile,
        quality: float = DEFAULT_QUALITY,
        max_bytes: float | None = None,
        keep_metadata: bool = False,
        effort: Effort = DEFAULT_EFFORT,
    ) -> bytes:
        """Compress a picture to the bytes of a `.vq` file.

        Args:
            image: a Pillow image of any mode, or uint8 `[H, W]`, `[H, W, 3]` or `[H, W, 4]`, or the path of a picture
                file, or its bytes. The orientation in EXIF is applied, and colours of another profile are converted to
                sRGB. UserWarnings say what is lost by that. A `Picture`, as `read_picture` gives it, has notes instead.
            quality: 1..100, continuous; both the size of the file and the fidelity rise with it.
            max_bytes: the most bytes that the file may have, instead of a quality. It has at most 3 % less; if not, a
                UserWarning says why. The picture is coded at a smaller scale where that is better.
            keep_metadata: keep colour profile (the colours then stay as they are), EXIF and XMP. A `Picture` has
                nothing else.
            effort: "normal" and "high" take several times and some thirty times as long as "fast", and find codes that
                decode to a better picture.

        Raises:
            InputError: the picture or an argument cannot be used, or no file of it is so small.
        """
        chosen = self.settings(quality)
        if effort not in EFFORTS:
            raise InputError(f"effort must be one of {', '.join(EFFORTS)}, not {effort!r}")
        budget = None if max_bytes is None else check_budget(max_bytes)
        if effort != "fast":
            chosen = setting_to_refine(self.model, quality)
        picture = self._prepared(normalised(image, keep_metadata))
        del image  # its memory, if the caller has no more use for it
        if budget is not None:
            return taken(best_file(self, picture, budget, effort), budget)
        picture = best_version(self, picture, chosen)
        latents, source, chunks = self.analyse(picture.pixels), picture.source, picture.chunks
        if effort != "fast":
            values = self.refine(picture.pixels, latents, chosen, effort)
        else:
            del picture  # so that the memory of its pixels is free when codes are chosen
            values = self.choose(latents, chosen)
        return self.write(self.indices(values, chosen.rate_point, source, chunks))

    def decompress(
        self,
        data: FileData | Container,
        max_pixels: int | None = None,
        allow_truncated: bool = False,
        max_steps: int | None = None,
        region: tuple[int, int, int, int] | None = None,
        max_size: int | None = None,
    ) -> Image.Image:
        """The picture of a `.vq` file, in the mode that went in: see `vqcodec.media.pictures.modes`.

        Args:
            data: the file's bytes, in any buffer, its path, or what `bitstream.unpack` gave of it.
            max_pixels: refuse larger pictures; the default is Pillow's limit against decompression bombs.
            allow_truncated: if the file was cut, decode its whole streams: see `read`.
            max_steps: refuse pictures that are so long and thin that they take more steps. The default, 8,388,608,
                takes a minute or two. See `Limits`.
            region: only this part, `(left, top, width, height)` in pixels. The networks run for its tiles only.
            max_size: a small version, of at most so many pixels a side. If it has at most a quarter of the picture's,
                only the first stream is decoded. Palettes become RGB, and black and white becomes grey.

        Raises:
            InputError: the region is not within the picture, or both a region and a size are given.
            BitstreamError: the file is damaged, foreign, or too large.
            FingerprintError: it was written with another model.
        """
        allowed = limits(max_pixels, max_steps=max_steps)
        if max_size is None:
            return self.decode(self.read(data, allowed, allow_truncated), region)
        if region is not None:
            raise InputError("either a region or a small version is decompressed, not both")
        container = container_of(data, allowed, allow_truncated)
        return self._small(container, allowed, allow_truncated, whole_number(max_size, "max_size"))

    def _small(self, container: Container, allowed: Limits, allow_truncated: bool, most: int) -> Image.Image:
        """The picture with at most `most` pixels a side."""
        if most < 1:
            raise InputError(f"max_size must be at least 1, not {most}")
        source = picture_source(container.source)
        size = size_within(source.width, source.height, most)
        if size == (source.width, source.height):
            return self.decode(self.read(container, allowed, allow_truncated))
        first = 1 if self.needs_first_stream_only(source, *size) else None
        indices = self.read(container, allowed, allow_truncated, first)
        return restore_small(self.small_pixels(indices, *size), source, indices.chunks)

    def compress_many(
        self, images: Iterable[ImageOrFile], threads: int | None = None, **options: Any
    ) -> Iterator[bytes]:
        """`compress` of many pictures in threads, in their order; pictures and files are not piled up.

        Args:
            images: as for `compress`.
            threads: by default one for each processor.
            options: of `compress`.
        """
        return in_threads(partial(self.compress, **options), images, threads)

    def decompress_many(
        self, files: Iterable[FileData | Container], threads: int | None = None, **options: Any
    ) -> Iterator[Image.Image]:
        """`decompress` of many files in threads, likewise."""
        return in_threads(partial(self.decompress, **options), files, threads)

    # Pictures <-> indices ------------------------------------------------------------------------------------------

    @overload
    def encode(self, image: ImageOrFile, lambda_: float = 0.0, rate_point: int | None = None) -> Indices: ...  # type: ignore[overload-overlap]  # a path is a sequence of paths

    @overload
    def encode(
        self, image: Sequence[ImageOrFile], lambda_: float = 0.0, rate_point: int | None = None
    ) -> list[Indices]: ...

    def encode(
        self, image: ImageOrFile | Sequence[ImageOrFile], lambda_: float = 0.0, rate_point: int | None = None
    ) -> Indices | list[Indices]:
        """The indices of a picture, or of each of several (a sequence, or uint8 `[B, H, W, C]`).

        The whole picture is encoded, without an overlay: only `compress` codes parts of it without loss.

        Args:
            image: as for `compress`.
            lambda_: trades distance for bits, in squared quantization widths a bit; 0 takes the nearest codeword.
            rate_point: which codebooks; by default those of the default quality.

        Raises:
            InputError: the picture or the rate point cannot be used.
        """
        chosen = self._setting(lambda_, rate_point)
        if isinstance(image, Sequence) and not isinstance(image, (str, bytes)):
            return [self._encode(normalised(each), chosen) for each in image]
        if isinstance(image, np.ndarray) and image.ndim > 3:
            return [self._encode(normalised(each), chosen) for each in image]
        return self._encode(normalised(image), chosen)

    def decode(self, indices: Indices, region: tuple[int, int, int, int] | None = None) -> Image.Image:
        """The picture of indices: the location of p(x|z_q), rounded to 8 bits, in the mode that went in.

        Args:
            indices: of a picture.
            region: as for `decompress`.

        Raises:
            InputError: the indices do not belong to this model, or the region is not within the picture.
            BitstreamError: their chunks are damaged.
        """
        self._check(indices)
        source = picture_source(indices.source)
        if region is None:
            return restore(self.pixels(indices), source, indices.chunks)
        area = area_of(region, source.width, source.height)
        if source.colour is ColourFormat.PALETTE and not source.palette:  # it is made for the whole picture
            return restore(self.pixels(indices), source, indices.chunks).crop(area.box)
        return restore(self.pixels(indices, area), source, indices.chunks, area)

    def pixel_bits(self, image: ImageOrFile, indices: Indices) -> NDArray[np.float32]:
        """-log2 p(x|z_q) of every sub-pixel, given the earlier colours of its pixel: `[H, W, 3]`.

        Together with `bits` this is a bound: for any indices, -log2 p(x) is at most the sum of both.

        Raises:
            InputError: the indices do not belong to this model, or to a picture of this size.
            ModelError: the model has no likelihood of pixels.
        """
        self._check(indices)
        pixels, source = pixels_of(normalised(image).image), picture_source(indices.source)
        if pixels.shape[:2] != (source.coded_height, source.coded_width):
            raise InputError("the indices are those of a picture of another size")
        return self.networks.bits(pixels, indices.values, indices.rate_point)

    def sample(
        self, count: int, height: int, width: int, seed: int = 0, temperature: float = 1, rate_point: int | None = None
    ) -> list[Indices]:
        """Indices drawn from the prior, for new pictures.

        Args:
            count: how many.
            height: of the pictures, in pixels.
            width: likewise.
            seed: the same seed gives the same indices; a larger count only adds more.
            temperature: 1 draws from the prior, less prefers what is likely: see `SymbolSampler`.
            rate_point: which codebooks; by default those of the default quality.

        Raises:
            InputError: an argument is out of range.
        """
        try:
            source = ImageSource(whole_number(width, "the width"), whole_number(height, "the height"))
            self.shape_of(source)
        except (ValueError, LimitError) as error:
            raise InputError(f"a picture cannot have this size: {error}") from None
        return self._draw(count, source, seed, temperature, rate_point)

    def _encode(self, picture: Picture, chosen: Setting) -> Indices:
        prepared = self._prepared(picture)
        del picture
        latents, source, chunks = self.analyse(prepared.pixels), prepared.source, prepared.chunks
        del prepared  # the pixels, which may be many, are gone when codes are chosen
        return self.quantize(latents, chosen, source, chunks)

    def _prepared(self, picture: Picture) -> Prepared:
        """What is coded of a picture; InputError if it would not be decoded."""
        try:  # before alpha is encoded, which takes as long as to decode it
            self.check_steps(picture.image.width, picture.image.height, Limits())
        except LimitError as error:
            raise InputError(str(error)) from None
        return prepare(picture.image)
