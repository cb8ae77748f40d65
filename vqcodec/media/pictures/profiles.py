"""Colour profiles: pictures in other colour spaces become sRGB, unless their profile is kept."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from vqcodec.media.pictures.depth import to_eight_bits, to_sixteen_bits

__all__ = ["GREY_MODES", "lab_to_rgb", "to_srgb"]

GREY_MODES = ("1", "L", "LA", "I;16")

_SPACE_OF_GREY, _SPACE_OF_COLOUR = "GRAY", "RGB"  # as profiles name them
_NO_OPTIMIZATION = 0x0100  # of littleCMS, which has coarse tables for grey otherwise
_SAME = 2  # levels that profiles of one space differ by, as their numbers are rounded


def to_srgb(image: Image.Image, keep_profile: bool, notes: list[str]) -> Image.Image:
    """The picture in sRGB, in the same mode; or as it is, with `keep_profile` and a profile for its kind of pixels.

    CMYK is always converted: the black of its pixels is lost, so that its profile would give other colours.

    Args:
        image: of a mode of `modes.py`; its profile is in `info`, and stays there only if it is kept.
        keep_profile: leave the pixels in the space of the profile.
        notes: what was done is added.
    """
    embedded = image.info.get("icc_profile")
    if not embedded:
        return image
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(embedded))
        if keep_profile and profile.profile.xcolor_space.strip() == _space(image):
            return image
        if image.mode != "1" and not _is_srgb(image, profile):  # black and white are the same everywhere
            image = _converted(image, profile)
            notes.append(f"its colours are converted to sRGB from {_name_of(profile)}")
    except (ImageCms.PyCMSError, ImportError, OSError, ValueError, TypeError) as error:
        notes.append(f"its colour profile is unusable, sRGB is assumed: {' '.join(str(error).split())}")
    image.info = {key: value for key, value in image.info.items() if key != "icc_profile"}
    return image


def lab_to_rgb(image: Image.Image) -> Image.Image:
    """A picture of mode LAB as RGB.

    Raises:
        ValueError: it cannot be converted.
    """
    try:
        return _transformed(image, ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")))
    except ImageCms.PyCMSError as error:
        raise ValueError(str(error)) from None


def _space(image: Image.Image) -> str:
    """The colour space that a profile of the pixels must have; none for CMYK, whose profile is not kept."""
    if image.mode == "CMYK":
        return ""
    return _SPACE_OF_GREY if image.mode in GREY_MODES else _SPACE_OF_COLOUR


def _name_of(profile: ImageCms.ImageCmsProfile) -> str:
    """The name that a profile gives itself, which may be anything."""
    try:
        name = ImageCms.getProfileDescription(profile).strip()
    except ImageCms.PyCMSError:  # as it is no text
        name = ""
    return f"the profile {name!r}" if name else "a profile without a name"


def _is_srgb(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> bool:
    """Whether a profile leaves the colours of the picture's mode as they are, whatever its name is."""
    if image.mode == "CMYK":
        return False
    ramp = np.arange(256, dtype=np.uint8)
    if image.mode in GREY_MODES:
        given, found = ramp, _grey_levels(profile)
    else:
        grid = np.stack(np.meshgrid(*(ramp[::17],) * 3), axis=-1).reshape(16, 256, 3)
        given = np.concatenate((grid, np.dstack((ramp,) * 3)))
        found = np.asarray(_transformed(Image.fromarray(given), profile))
    return bool(np.abs(found.astype(int) - given).max() <= _SAME)


def _converted(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    """The picture in sRGB, in its mode."""
    if image.mode == "P":
        colours = image.getpalette("RGB") or []
        strip = Image.frombytes("RGB", (len(colours) // 3, 1), bytes(colours))
        converted = image.copy()
        converted.putpalette(_transformed(strip, profile).tobytes())
        return converted
    if image.mode == "I;16":
        converted = to_sixteen_bits(_converted_grey(to_eight_bits(image), profile))
    elif image.mode == "L":
        converted = _converted_grey(image, profile)
    elif image.mode in ("LA", "RGBA"):
        converted = _converted(image.convert(image.mode[:-1]), profile)
        converted.putalpha(image.getchannel("A"))
    else:
        converted = _transformed(image, profile)
        if converted.mode != image.mode:  # else it would be copied
            converted = converted.convert(image.mode)
    converted.info = image.info
    return converted


def _converted_grey(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    """A picture of mode L in sRGB."""
    return image.point(_grey_levels(profile).tolist())


def _grey_levels(profile: ImageCms.ImageCmsProfile) -> NDArray[np.uint8]:
    """The 256 levels of grey, converted to sRGB."""
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    levels: NDArray[np.uint8] = np.asarray(_transformed(ramp, profile, _NO_OPTIMIZATION).convert("L"))[0]
    return levels


def _transformed(image: Image.Image, profile: ImageCms.ImageCmsProfile, flags: int = 0) -> Image.Image:
    """A picture of mode L, RGB, CMYK or LAB in sRGB, of mode RGB."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    # Pillow before 10.3 has no names for flags.
    converted = ImageCms.profileToProfile(image, profile, srgb, outputMode="RGB", flags=flags)  # type: ignore[arg-type]
    if converted is None:  # it is None when converting in place only
        raise ValueError("nothing was converted")
    return converted
