"""`.vq` files with a picture for Pillow: `Image.open("photo.vq")`, and `image.save("photo.vq", quality=40)`.

    import vqcodec.pillow

registers them. Opening a file reads its header only. The model is loaded when pixels are first needed, and is kept.
"""

from __future__ import annotations

import io
import zlib
from functools import cache
from numbers import Real
from typing import IO, TYPE_CHECKING, Any

from PIL import Image, ImageFile

if TYPE_CHECKING:
    from bitstream.header import Header
    from vqcodec.codec.cache import CodecCache

__all__ = ["VqImageFile"]

FORMAT = "VQ"
MAGIC = b"\x8eVQ\n"  # as in bitstream, without its imports: Pillow asks about every file that it opens
HEAD = 4096  # bytes that hold any header
CRC_SIZE = 4  # of a checksum behind a chunk
LEAST_DRAFT = 4  # small versions of less than this part of a picture are decoded in less time

# By the colour format in the header; with alpha, "A" follows.
_MODES = {"RGB": "RGB", "GREY": "L", "BILEVEL": "1", "PALETTE": "P", "GREY_16": "I;16", "CMYK": "CMYK"}

_OPTIONS = ("quality", "max_bytes", "keep_metadata", "effort")
_METADATA = ("icc_profile", "exif", "xmp")  # options of Pillow's own formats, and names in `info`


class VqImageFile(ImageFile.ImageFile):
    """A picture in a `.vq` file of a bundled model. Its metadata are in `info` when it is opened.

    Besides the errors of Pillow, opening it raises SyntaxError, which `Image.open` turns into UnidentifiedImageError;
    `load` and `verify` raise OSError.
    """

    format = FORMAT
    format_description = "vqcodec picture"
    n_frames = 1
    is_animated = False
    _coded = False  # there are pixels to decode
    _drafted: int | None = None  # pixels a side of the small version that is to be decoded

    def _open(self) -> None:
        from bitstream import BitstreamError, ImageSource
        from bitstream.header import check_magic, read_header

        assert self.fp is not None
        data = self.fp.read(HEAD)
        try:
            check_magic(data)
            header, position = read_header(data)
        except BitstreamError as error:
            raise SyntaxError(str(error)) from error
        if not isinstance(header.source, ImageSource):
            raise SyntaxError("the .vq file holds sound")
        self._size = header.source.width, header.source.height
        self._mode = _MODES[header.source.colour.name] + ("A" if header.alpha_size else "")
        self.info = self._metadata(header, position)
        self.tile = []  # of which Pillow 10 has None
        self._coded = True

    def _metadata(self, header: Header, position: int) -> dict[Any, Any]:
        """The content of `info`, of a file whose header ends at `position`; empty if the metadata are damaged.

        In that case, loading or verifying the picture raises an error.
        """
        from bitstream import BitstreamError
        from vqcodec.media.pictures.metadata import unpack_metadata

        assert self.fp is not None
        start = position + (header.alpha_size + CRC_SIZE if header.alpha_size else 0)
        if self.fp.seek(0, io.SEEK_END) < start + header.metadata_size + CRC_SIZE:
            return {}
        self.fp.seek(start)
        chunk = self.fp.read(header.metadata_size)
        if zlib.crc32(chunk) != int.from_bytes(self.fp.read(CRC_SIZE), "little"):
            return {}
        try:
            return unpack_metadata(chunk).info()
        except BitstreamError:
            return {}

    def verify(self) -> None:
        """Check the sizes and checksums of the file, but not whether its model is bundled."""
        from bitstream import BitstreamError, Limits, unpack

        try:
            unpack(self._bytes(), Limits(max_pixels=2**64))
        except BitstreamError as error:
            raise OSError(str(error)) from error
        super().verify()

    def load(self) -> Any:
        """Decode the pixels, unless they are decoded already."""
        if self._coded:
            image = self._decode()
            self.im, self.palette, self.readonly = image.im, image.palette, 0
            self._coded = False
            if self._exclusive_fp and self.fp is not None:
                self.fp.close()
            self.fp = None
        return super().load()

    def draft(self, mode: str | None, size: tuple[int, int] | None) -> tuple[str, tuple[int, int, float, float]] | None:
        """Decode a small version of at least this size, a quarter of the picture's or less; `thumbnail` asks for it."""
        if not self._coded or size is None or self.mode in ("1", "P"):
            return None
        width, height = self.size
        scale = min(width // max(1, size[0]), height // max(1, size[1]))
        if scale < LEAST_DRAFT:
            return None
        from vqcodec.media.pictures.area import size_within

        self._drafted = -(-max(width, height) // scale)
        self._size = size_within(width, height, self._drafted)
        return self.mode, (0, 0, width / scale, height / scale)

    def _decode(self) -> Image.Image:
        from bitstream import Limits, VqcodecError, unpack
        from vqcodec.codec.loading import for_pictures

        most = Image.MAX_IMAGE_PIXELS
        # Pillow refuses what is twice as large as its limit; for that, the size when the file was opened counted.
        max_pixels = 2**64 if most is None else 2 * most
        may_be_cut = ImageFile.LOAD_TRUNCATED_IMAGES
        try:
            container = unpack(self._bytes(), Limits(max_pixels=max_pixels), may_be_cut)
            image = for_pictures(_codecs().for_file(container)).decompress(
                container, max_pixels, may_be_cut, max_size=self._drafted
            )
        except VqcodecError as error:
            raise OSError(str(error)) from error
        if (image.size, image.mode) != (self.size, self.mode):
            raise OSError("the .vq file was changed after it was opened")
        return image

    def _bytes(self) -> bytes:
        if self.fp is None:
            raise OSError("the .vq file is closed")
        self.fp.seek(0)
        return self.fp.read()


def _save(image: Image.Image, file: IO[bytes], filename: str | bytes) -> None:
    """Write a picture; `Image.save` takes the options of `ImageCodec.compress`, and `model`, as `vqcodec.load` does.

    `icc_profile`, `exif` and `xmp` are as for other formats of Pillow: what is given is written; if it is None or
    empty, nothing is. The pixels are then in the space of the given profile. An orientation is never written: that of
    the picture itself is applied to its pixels, and one in the given EXIF or XMP is left out.
    """
    from bitstream import InputError, VqcodecError
    from vqcodec.codec.loading import for_pictures
    from vqcodec.defaults import DEFAULT_MODEL
    from vqcodec.media.pictures.inputs import normalised

    options = image.encoderinfo
    given = {name: value for name, value in options.items() if name in _OPTIONS}
    if not isinstance(given.get("quality", 1), Real):  # Pillow's own formats know names, too
        raise ValueError(f"quality must be a number from 1 to 100, not {given['quality']!r}")
    metadata = _given_metadata(options)
    try:
        codec = for_pictures(_codecs().named(options.get("model", DEFAULT_MODEL)))
        picture = normalised(image, bool(given.get("keep_metadata")), metadata) if metadata else image
        data = codec.compress(picture, **given)
    except InputError as error:
        raise ValueError(str(error)) from error
    except VqcodecError as error:
        raise OSError(str(error)) from error
    file.write(data)


def _given_metadata(options: dict[str, Any]) -> dict[str, bytes]:
    """The metadata that `Image.save` was given, as fields of `Metadata`, without an orientation."""
    from vqcodec.media.pictures.metadata import Metadata, upright

    given = {name: _metadata_bytes(name, options[name]) for name in _METADATA if name in options}
    return {name: value for name, value in vars(upright(Metadata(**given))).items() if name in given}


def _metadata_bytes(name: str, value: Any) -> bytes:
    """The metadata that were given to `Image.save`, as bytes."""
    if isinstance(value, Image.Exif):
        value = value.tobytes()
    if isinstance(value, str) and name == "xmp":
        value = value.encode()
    if value is not None and not isinstance(value, (bytes, bytearray, memoryview)):
        raise TypeError(f"{name} must be bytes, not {type(value).__name__}")
    return bytes(value or b"")


def _accept(prefix: bytes) -> bool:
    return prefix.startswith(MAGIC)


@cache
def _codecs() -> CodecCache:
    """The codecs for all pictures of this process."""
    from vqcodec.codec.cache import CodecCache

    return CodecCache()


Image.register_open(FORMAT, VqImageFile, _accept)
Image.register_save(FORMAT, _save)
Image.register_extension(FORMAT, ".vq")
Image.register_mime(FORMAT, "image/x-vq")
