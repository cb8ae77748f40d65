"""Pictures of all modes are written in every format that Pillow writes, and what a format lacks is said."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from bitstream.errors import InputError
from tests.helpers.pictures import same_pixels
from vqcodec.media.pictures import writing as formats
from vqcodec.media.pictures.modes import MODES
from vqcodec.media.pictures.writing import write_picture, written_format

MAKE, DATE, EXPOSURES, WIDTH = 0x010F, 0x9003, 0x8769, 0x0100
RNG = np.random.default_rng(1)
PHOTO = Image.fromarray(RNG.integers(0, 256, (16, 24, 3), dtype=np.uint8))
SUFFIXES = sorted(
    suffix
    for suffix, kind in Image.registered_extensions().items()
    if kind in Image.SAVE and kind not in formats._UNWRITABLE
)
READABLE = [s for s in SUFFIXES if Image.registered_extensions()[s] not in ("EPS", "PALM", "PDF")]


def of_mode(mode: str, soft: bool = True) -> Image.Image:
    if mode == "I;16":
        return Image.fromarray(RNG.integers(0, 2**16, (16, 24), dtype=np.uint16))
    image = PHOTO.convert("RGB").quantize(256) if mode == "P" else PHOTO.convert(mode)
    if mode.endswith("A"):
        ramp = np.tile(np.linspace(0, 255, 24).astype(np.uint8), (16, 1))
        image.putalpha(Image.fromarray(ramp if soft else ramp // 128 * 255))
    return image


def written(image: Image.Image, suffix: str) -> tuple[Image.Image, tuple[str, ...]]:
    memory = io.BytesIO()
    notes = write_picture(image, memory, suffix)
    with Image.open(memory) as found:
        found.load()
        return found, notes


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("mode", MODES)
def test_every_mode_is_written_in_every_format(mode: str, suffix: str) -> None:
    memory, image = io.BytesIO(), of_mode(mode)
    notes = write_picture(image, memory, suffix)
    assert memory.getvalue()
    assert all("\n" not in note for note in notes)
    assert same_pixels(image, of_mode(mode)) or mode == "I;16"  # the caller's picture is left alone


LOSSLESS = {
    ".png": ("1", "L", "P", "RGB", "I;16", "LA", "RGBA"),
    ".tif": MODES,
    ".webp": ("1", "L", "P", "RGB", "LA", "RGBA"),
    ".bmp": ("1", "L", "P", "RGB"),
    ".ppm": ("1", "L", "P", "RGB"),
    ".pnm": ("1", "L", "P", "RGB", "I;16"),
    ".pgm": ("1", "L", "I;16"),
    ".pbm": ("1",),
    ".pfm": ("1", "L", "I;16"),
    ".gif": ("1", "L", "P"),
    ".tga": ("1", "L", "P", "RGB", "LA", "RGBA"),
    ".qoi": ("1", "L", "P", "RGB", "LA", "RGBA"),
    ".jp2": ("1", "L", "P", "RGB", "I;16", "LA", "RGBA"),
    ".ico": ("1", "L", "P", "RGB", "LA", "RGBA"),
}


@pytest.mark.parametrize(("suffix", "mode"), [(suffix, mode) for suffix, modes in LOSSLESS.items() for mode in modes])
def test_what_a_format_holds_comes_back_without_a_note(suffix: str, mode: str) -> None:
    image = of_mode(mode)
    found, notes = written(image, suffix)
    assert notes == ()
    if mode in ("I;16", "CMYK"):
        assert same_pixels(found, image)
    else:
        common = "RGBA" if mode.endswith("A") else "RGB"
        assert same_pixels(found.convert(common), image.convert(common))


@pytest.mark.parametrize(
    ("suffix", "mode", "target"),
    [
        (".jpg", "RGBA", "RGB, laid over white"),
        (".jpg", "LA", "L, laid over white"),
        (".jpg", "I;16", "L"),
        (".webp", "I;16", "RGB"),
        (".webp", "CMYK", "RGB"),
        (".png", "CMYK", "RGB"),
        (".bmp", "RGBA", "RGB, laid over white"),
        (".bmp", "LA", "L, laid over white"),
        (".gif", "RGB", "P"),
        (".gif", "RGBA", "P, laid over white"),
        (".pgm", "RGB", "L"),
        (".pbm", "RGB", "1"),
        (".ppm", "RGBA", "RGB, laid over white"),
        (".ppm", "I;16", "RGB"),
        (".pfm", "RGB", "F"),
        (".qoi", "I;16", "RGB"),
        (".xbm", "RGBA", "1, laid over white"),
        (".msp", "L", "1"),
    ],
)
def test_what_a_format_lacks_is_noted(suffix: str, mode: str, target: str) -> None:
    found, notes = written(of_mode(mode), suffix)
    assert len(notes) == 1
    assert notes[0].endswith(f"does not hold {mode}: the picture is written as {target}")
    assert not found.has_transparency_data


def test_transparency_is_laid_over_white() -> None:
    for suffix, mode in ((".bmp", "RGBA"), (".bmp", "LA"), (".ppm", "RGBA")):
        image = of_mode(mode)
        white = Image.new("RGBA", image.size, "white")
        wanted = np.asarray(Image.alpha_composite(white, image.convert("RGBA")).convert("RGB"), int)
        assert np.abs(np.asarray(written(image, suffix)[0].convert("RGB"), int) - wanted).max() <= 1


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    image = of_mode("I;16")
    wanted = np.asarray(image) / 257
    for suffix in (".bmp", ".webp", ".ppm"):
        assert np.abs(np.asarray(written(image, suffix)[0].convert("L")) - wanted).max() <= 1


def test_a_gif_holds_holes_but_no_soft_edges() -> None:
    found, notes = written(of_mode("RGBA", soft=False), ".gif")
    assert same_pixels(found.convert("RGBA").getchannel("A"), of_mode("RGBA", soft=False).getchannel("A"))
    assert len(notes) == 1
    assert "256 colours" in notes[0]


@pytest.mark.parametrize("suffix", [".jpg", ".jpeg", ".avif"])
def test_lossy_formats_lose_little(suffix: str) -> None:
    found, notes = written(Image.new("RGB", (16, 16), (200, 30, 60)), suffix)
    assert np.abs(np.asarray(found, int) - [200, 30, 60]).max() <= 3
    assert notes == ()


def test_icons_have_sizes_of_their_own() -> None:
    small, notes = written(Image.new("RGB", (60, 40), "red"), ".ico")
    assert (small.size, notes) == ((60, 40), ())
    large, notes = written(Image.new("RGB", (600, 400), "red"), ".ico")
    assert max(large.size) == 256
    assert notes == (f"ICO holds it as {large.width} x {large.height} pixels",)


def test_a_size_that_a_format_cannot_hold() -> None:
    memory = io.BytesIO()
    with pytest.raises(InputError, match="70000 x 1 pixels cannot be written as WEBP"):
        write_picture(Image.new("RGB", (70_000, 1)), memory, ".webp")
    assert memory.getvalue() == b""


def test_the_format_comes_from_the_suffix() -> None:
    assert written_format("folder.x/photo.JPG") == ".jpg"
    for name, text in (("photo.xyz", r"'\.xyz'"), ("photo", "'photo' has no suffix"), ("photo.vq", r"'\.vq'")):
        with pytest.raises(InputError, match=text):
            written_format(name)
    for name in ("a.h5", "a.grib", "a.emf", "a.mp4"):  # Pillow has no writer of its own for these
        with pytest.raises(InputError, match="not as"):
            written_format(name)


# Metadata ----------------------------------------------------------------------------------------------------------

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b"<x:xmpmeta>caf\xc3\xa9</x:xmpmeta>"


def described(mode: str = "RGB", **more: Any) -> Image.Image:
    exif = Image.Exif()
    exif[MAKE], exif[WIDTH] = "camera", 1_000_000  # the size is one that cameras write, and nobody may believe
    exif[EXPOSURES] = {DATE: "2024:05:06 07:08:09"}
    image = PHOTO.convert(mode)
    image.info = {"icc_profile": PROFILE, "exif": exif.tobytes(), "xmp": XMP}
    image.info.update(more)
    return image


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif", ".avif"])
def test_metadata_are_written(suffix: str) -> None:
    found, notes = written(described(), suffix)
    assert (found.size, notes) == (PHOTO.size, ())
    assert found.info["icc_profile"] == PROFILE
    assert found.getexif()[MAKE] == "camera"
    assert found.getexif().get_ifd(EXPOSURES)[DATE] == "2024:05:06 07:08:09"
    assert found.info["xmp"] == XMP
    assert suffix in (".jpg", ".avif") or same_pixels(found, PHOTO)


@pytest.mark.parametrize("suffix", [".bmp", ".gif", ".jp2"])
def test_formats_without_metadata_are_noted(suffix: str) -> None:
    _, notes = written(described(), suffix)
    assert any("does not hold its metadata" in note for note in notes)


def test_a_profile_of_colours_is_not_written_with_grey() -> None:
    found, _ = written(described("L"), ".webp")
    assert "icc_profile" not in found.info


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif", ".avif"])
@pytest.mark.parametrize("field", ["icc_profile", "exif", "xmp"])
@pytest.mark.parametrize("value", [b"nonsense", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff", b"\xff" * 70_000])
def test_damaged_metadata_do_not_harm_the_picture(suffix: str, field: str, value: bytes) -> None:
    image = PHOTO.copy()
    image.info = {field: value}
    found, notes = written(image, suffix)
    assert found.size == PHOTO.size
    assert len(notes) <= 1
    assert suffix in (".jpg", ".avif") or same_pixels(found, PHOTO)
