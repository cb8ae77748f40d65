"""The bytes of a picture file -> its first frame, decoded by Pillow, with a colour profile wherever it is not sRGB.

Where Pillow reads a file wrongly, or refuses one that others read, the file is mended before, or the picture after.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PIL import Image, ImageFile, UnidentifiedImageError

from bitstream.errors import InputError
from vqcodec.media.pictures import heif, jpeg, png, tiff
from vqcodec.media.pictures.colour_spaces import ADOBE_RGB, SRGB, ColourSpace
from vqcodec.media.pictures.damaged import FAIR_PART, Opener, salvage
from vqcodec.media.pictures.profiles import GREY_MODES

__all__ = ["NO_PICTURES", "OURS", "STUBS", "decode", "format_of", "line_of", "lost_depth"]

OURS = "VQ"  # the format of .vq files, with which vqcodec extends Pillow
STUBS = ("BUFR", "GRIB", "HDF5", "WMF")  # Pillow has the names of these, and leaves the work to other packages

# Formats that draw instead of holding pixels; Pillow would start another program to read the first.
_VECTOR_FORMATS = ("EPS", "WMF", "EMF")
NO_PICTURES = (*STUBS, *_VECTOR_FORMATS, "MPEG", OURS)  # of MPEG Pillow reads the size of the frames, and no frame

_RAW = "it is the raw file of a camera, not a picture yet: develop it, to TIFF for example (with rawpy or darktable)"
_RAW_FILE = re.compile(  # of Fuji, Panasonic, Olympus, Sigma, Minolta, and two of Canon; others are TIFF files
    rb"FUJIFILMCCD-RAW|IIU\0|IIR[OS]\x08|MMOR\0|FOVb|\0MRM|II\x1a\0\0\0HEAPCCDR|....ftypcrx ", re.DOTALL
)
_JPEG_XL = re.compile(rb"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n")
_KNOWN = (png.SIGNATURE, jpeg.SIGNATURE, *tiff.SIGNATURES, b"GIF8", b"RIFF")  # beginnings of formats of Pillow

# How Pillow names layouts of pixels with more than 8 bits a channel, of which it reads 8. (BGR;16 is 16 bits a pixel.)
_SIXTEEN_BITS = re.compile("^I|;16[BLN]")
_TWELVE_BITS = "I;12"
_GREY_WITH_ALPHA = "LA;16B"  # which Pillow reads as RGBA

_INTEROPERABILITY, _INDEX, _ADOBE = 0xA005, 1, "R03"  # EXIF 2.32, 4.6.8: how cameras say Adobe RGB


def format_of(suffix: str) -> str | None:
    """Pillow's name of the format of files with a suffix (".png", ...); None if it has none."""
    Image.preinit()  # the usual formats: to know all of them takes a twentieth of a second
    return Image.EXTENSION.get(suffix) or Image.registered_extensions().get(suffix)


@dataclass(frozen=True)
class _File:
    """A file as Pillow gets it.

    Attributes:
        open_image: opens it, without decoding it.
        space: its colour space, if it has no profile; bytes are a profile.
        finish: the last step for the decoded picture.
    """

    data: bytes
    open_image: Opener
    space: ColourSpace | bytes = SRGB
    finish: Callable[[Image.Image], None] = lambda _: None


def decode(data: bytes) -> tuple[Image.Image, list[str]]:
    """The first frame, decoded as far as possible, and what was lost by that, a line each.

    Raises:
        InputError: the data are not a picture, are damaged beyond use, or hold too many pixels.
    """
    notes: list[str] = []
    file = _file(data, notes)
    try:
        image = _loaded(file, notes)
    except (InputError, MemoryError):
        raise
    except UnidentifiedImageError:
        raise _unidentified(data) from None
    except Image.DecompressionBombError as error:
        raise InputError(f"the picture is too large: {line_of(error)}") from None
    # Pillow's plugins raise nearly any type on damaged data: SyntaxError, struct.error, IndexError, EOFError, ...
    except Exception as error:
        image = _salvaged(file, error, notes)
    file.finish(image)
    _add_profile(image, file.space, notes)
    return image, list(dict.fromkeys(notes))


def lost_depth(image: Image.Image) -> list[str]:
    """What is noted of a picture with more than 8 bits a channel; of a file, before it is loaded."""
    layouts = list(_layouts(image))
    if _TWELVE_BITS in layouts:
        return ["of its 12 bits a channel, 8 are kept"]
    if any(_SIXTEEN_BITS.search(layout) for layout in layouts):
        return ["of its 16 bits a channel, 8 are kept"]
    return []


def line_of(error: Exception) -> str:
    """The text of an error of Pillow as one line."""
    return " ".join(str(error).split()) or type(error).__name__


def _file(data: bytes, notes: list[str]) -> _File:
    if data.startswith(png.SIGNATURE):
        found = png.read_png(data)
        notes += found.notes
        return _File(found.data, _open, found.space)
    if data.startswith(tiff.SIGNATURES):
        read = tiff.read_tiff(data)
        if read is None:
            raise InputError(_RAW)
        if read.page:
            notes.append("its first page is a thumbnail, and not used")
        return _File(read.data, lambda data: _open(data, read.page), finish=read.stretch)
    if heif.is_heic(data):
        return _File(data, heif.open_heic, heif.coded_colours(data, notes))
    if heif.is_avif(data):
        return _File(data, _open, heif.coded_colours(data, notes))
    if _RAW_FILE.match(data):
        raise InputError(_RAW)
    return _File(data, _open)


def _open(data: bytes, page: int = 0) -> ImageFile.ImageFile:
    """Open a file; InputError if Pillow opens its format, but there are no pixels to code."""
    image = Image.open(io.BytesIO(data))
    if image.format in _VECTOR_FORMATS:
        raise InputError(f"a drawing ({image.format}) is not a picture: it has no pixels")
    if image.format == OURS:
        raise InputError("it is a .vq file already")
    if page:
        image.seek(page)
    return image


def _loaded(file: _File, notes: list[str]) -> Image.Image:
    image = file.open_image(file.data)
    frames = getattr(image, "n_frames", 1)  # before loading, as counting may leave the first frame
    which = "one" if image.tell() else "the first"
    found = [f"only {which} of {frames} frames is used"] if frames > 1 else []
    found += lost_depth(image)
    is_grey_with_alpha = _GREY_WITH_ALPHA in _layouts(image)
    image.load()
    notes += found
    return image.convert("LA") if is_grey_with_alpha else image


def _layouts(image: Image.Image) -> Iterator[str]:
    """The names of the mode and of the pixel layouts of a picture that is not loaded yet."""
    yield image.mode
    for tile in getattr(image, "tile", ()):
        arguments = tile[3] if isinstance(tile[3], tuple) else (tile[3],)
        yield from (each for each in arguments if isinstance(each, str))


def _salvaged(file: _File, error: Exception, notes: list[str]) -> Image.Image:
    """The visible part of a damaged picture; InputError if it is too little."""
    found = salvage(file.data, file.open_image)
    if found is None or found.part < FAIR_PART:
        raise InputError(f"the picture is damaged: {line_of(error)}") from None
    if found.is_coarse:
        seen = "its finer detail is missing"
    elif found.part == 1:
        seen = "all of its pixels could be read"
    else:
        seen = f"only {min(100 * found.part, 99):.0f} % of its pixels could be read"
    notes.append(f"it is damaged or ends early: {seen}")
    return found.image


def _unidentified(data: bytes) -> InputError:
    """Why Pillow does not open such a file."""
    if heif.is_avif(data) and "AVIF" not in Image.OPEN:
        return InputError("AVIF pictures are read by Pillow 11.3 and later: pip install --upgrade pillow")
    if _JPEG_XL.match(data):
        return InputError("JPEG XL is not read: convert the picture, to PNG for example (with djxl)")
    if data.startswith(_KNOWN) or heif.is_avif(data):
        return InputError("the picture is damaged, of a kind that Pillow does not read, or one without pixels")
    return InputError("not a picture in a format that Pillow reads, or one without pixels")


def _add_profile(image: Image.Image, space: ColourSpace | bytes, notes: list[str]) -> None:
    """Give a picture without a profile the one of its colour space."""
    if isinstance(space, bytes):
        image.info["icc_profile"] = space
    if image.info.get("icc_profile"):
        return
    if space is SRGB and _is_adobe_rgb(image):
        space = ADOBE_RGB
    if isinstance(space, ColourSpace) and space is not SRGB:
        image.info["icc_profile"] = space.profile(grey=image.mode in GREY_MODES)


def _is_adobe_rgb(image: Image.Image) -> bool:
    """Whether EXIF says Adobe RGB, as cameras write it into files without a profile."""
    try:
        return str(image.getexif().get_ifd(_INTEROPERABILITY).get(_INDEX, "")).strip("\0 ") == _ADOBE
    except MemoryError:
        raise
    except Exception:  # of nearly any type; the pixels are fine
        return False
