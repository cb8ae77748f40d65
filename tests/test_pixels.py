"""Pictures of all kinds become RGB of 8 bits, or one clear error."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from bitstream.errors import InputError
from vqcodec.image.pixels import is_picture_name, read_picture, write_picture, written_format

ORIENTATION = 0x0112  # the EXIF tag
RNG = np.random.default_rng(1)
PHOTO = Image.fromarray(RNG.integers(0, 256, (5, 7, 3), dtype=np.uint8))


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    memory = io.BytesIO()
    image.save(memory, kind, **options)
    return memory.getvalue()


def png(width: int, height: int, pixels: bytes = b"") -> bytes:
    """A PNG file, RGB, which may lack pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(pixels)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_a_plain_picture_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(saved(PHOTO))
    for source in (path, str(path), path.read_bytes()):
        picture = read_picture(source)
        assert picture.image.mode == "RGB"
        assert np.array_equal(picture.image, PHOTO)
        assert picture.notes == ()


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr"])
def test_other_colour_modes_become_rgb(mode: str) -> None:
    picture = read_picture(saved(PHOTO.convert(mode), "TIFF"))
    assert picture.image.mode == "RGB"
    assert np.array_equal(picture.image, PHOTO.convert(mode).convert("RGB"))
    assert picture.notes == ()


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    values = np.array([[0, 128, 129, 257], [300, 32768, 65406, 65535]], np.uint16)
    wanted = np.array([[0, 0, 1, 1], [1, 128, 254, 255]], np.uint8)
    for data in (saved(Image.fromarray(values)), saved(Image.fromarray(values.astype(np.int32)), "TIFF")):
        picture = read_picture(data)
        assert picture.image.mode == "RGB"
        assert np.array_equal(picture.image, np.stack([wanted] * 3, axis=-1))


@pytest.mark.parametrize("values", [np.float32([[0.5]]), np.int32([[70_000]]), np.int32([[-1]])])
def test_pixels_of_unknown_range_are_refused(values: np.ndarray) -> None:
    with pytest.raises(InputError, match="range is not known"):
        read_picture(saved(Image.fromarray(values), "TIFF"))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_of_the_camera_is_applied(orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    turned = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.swapaxes(0, 1),
        6: lambda a: np.rot90(a, -1),
        7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
        8: lambda a: np.rot90(a),
    }
    picture = read_picture(saved(PHOTO, exif=exif))
    assert np.array_equal(picture.image, turned[orientation](np.asarray(PHOTO)))


def test_transparency_is_laid_over_white_with_a_note() -> None:
    pixels = np.array([[[200, 100, 0, 255], [200, 100, 0, 0]], [[0, 0, 0, 128], [255, 255, 255, 7]]], np.uint8)
    picture = read_picture(saved(Image.fromarray(pixels)))
    assert np.array_equal(picture.image, [[[200, 100, 0], [255] * 3], [[127] * 3, [255] * 3]])
    assert any("transparency" in note for note in picture.notes)


@pytest.mark.parametrize("mode", ["L", "RGB", "P"])
def test_a_transparent_colour_is_laid_over_white(mode: str) -> None:
    image = Image.new(mode, (2, 1), 0)
    image.putpixel((1, 0), 1 if mode == "P" else (30, 30, 30) if mode == "RGB" else 30)
    if mode == "P":
        image.putpalette([9, 9, 9, 30, 30, 30])
    data = saved(image, transparency=(0, 0, 0) if mode == "RGB" else 0)
    picture = read_picture(data)
    assert np.array_equal(picture.image, [[[255] * 3, [30] * 3]])
    assert len(picture.notes) == 1


def test_an_opaque_alpha_channel_is_no_news() -> None:
    opaque = PHOTO.copy()
    opaque.putalpha(255)
    picture = read_picture(saved(opaque))
    assert np.array_equal(picture.image, PHOTO)
    assert picture.notes == ()


@pytest.mark.parametrize("kind", ["GIF", "PNG", "TIFF", "WEBP"])
def test_an_animation_gives_its_first_frame_with_a_note(kind: str) -> None:
    frames = [Image.new("RGB", (4, 3), colour) for colour in ("red", "lime", "blue")]
    options = {"lossless": True} if kind == "WEBP" else {}
    picture = read_picture(saved(frames[0], kind, save_all=True, append_images=frames[1:], **options))
    assert np.array_equal(picture.image, frames[0])
    assert picture.notes == ("only the first of 3 frames is used",)


def swapped_profile() -> bytes:
    """The colour profile of a screen whose red and green are swapped."""
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = data.replace("sRGB".encode("utf-16-be"), "Swap".encode("utf-16-be"))
    return data.replace(b"rXYZ", b"-tmp").replace(b"gXYZ", b"rXYZ").replace(b"-tmp", b"gXYZ")


def test_colours_of_other_spaces_are_converted_to_srgb() -> None:
    picture = read_picture(saved(Image.new("RGB", (2, 2), (255, 0, 0)), icc_profile=swapped_profile()))
    assert np.abs(np.asarray(picture.image, int) - [0, 255, 0]).max() <= 2
    assert any("Swap" in note for note in picture.notes)


def test_srgb_pictures_are_left_alone() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = read_picture(saved(PHOTO, icc_profile=profile))
    assert np.array_equal(picture.image, PHOTO)
    assert picture.notes == ()


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_an_unusable_profile_is_noted(mode: str) -> None:
    profile = swapped_profile() if mode != "RGB" else b"nonsense"
    picture = read_picture(saved(PHOTO.convert(mode), "JPEG", icc_profile=profile))
    assert picture.image.mode == "RGB"
    assert any("profile is unusable" in note for note in picture.notes)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "empty"),
        (b"just text\n", "not a picture"),
        (saved(PHOTO)[:-60], "damaged"),
        (saved(Image.new("RGB", (200, 200)), "JPEG")[:-300], "damaged"),
        (png(4, 4), "damaged"),
        (png(0, 0), "without pixels"),
        (b"P6 0 5 255\n", "without pixels"),
        (png(20_000, 20_000), "too large"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n", "drawing"),
    ],
)
def test_what_is_no_picture_is_one_clear_error(tmp_path: Path, data: bytes, text: str) -> None:
    path = tmp_path / "input"
    path.write_bytes(data)
    with pytest.raises(InputError, match=text) as caught:
        read_picture(data)
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match=f"input: .*{text}"):
        read_picture(path)


def test_a_missing_file_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_picture(tmp_path / "missing.png")


SAMPLES = [
    saved(PHOTO),
    saved(PHOTO, "JPEG"),
    saved(PHOTO, "GIF", save_all=True, append_images=[Image.new("RGB", (7, 5))]),
    saved(PHOTO, "TIFF", compression="tiff_adobe_deflate"),
    saved(PHOTO, "WEBP"),
    saved(PHOTO.convert("P"), "BMP"),
]


@settings(deadline=None)
@given(st.sampled_from(SAMPLES), st.data())
def test_damage_raises_nothing_else(sample: bytes, draw: st.DataObject) -> None:
    data = bytearray(sample)
    for place in draw.draw(st.lists(st.integers(0, len(data) - 1), max_size=8)):
        data[place] = draw.draw(st.integers(0, 255))
    del data[draw.draw(st.integers(1, len(data))) :]
    with warnings.catch_warnings(), suppress(InputError):
        warnings.simplefilter("ignore")
        assert read_picture(bytes(data)).image.mode == "RGB"


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif", ".tiff", ".bmp", ".ppm"])
def test_pictures_are_written_without_loss(suffix: str) -> None:
    memory = io.BytesIO()
    write_picture(PHOTO, memory, suffix)
    assert np.array_equal(Image.open(memory), PHOTO)


@pytest.mark.parametrize("suffix", [".jpg", ".jpeg"])
def test_jpeg_is_written_with_little_loss(suffix: str) -> None:
    memory = io.BytesIO()
    write_picture(Image.new("RGB", (16, 16), (200, 30, 60)), memory, suffix)
    assert np.abs(np.asarray(Image.open(memory), int) - [200, 30, 60]).max() <= 2


def test_a_size_that_a_format_cannot_hold() -> None:
    memory = io.BytesIO()
    with pytest.raises(InputError, match="70000 x 1 pixels cannot be written as WEBP"):
        write_picture(Image.new("RGB", (70_000, 1)), memory, ".webp")
    assert memory.getvalue() == b""


def test_the_format_comes_from_the_suffix() -> None:
    assert written_format("folder.x/photo.JPG") == ".jpg"
    with pytest.raises(InputError, match=r"'\.xyz'"):
        written_format("photo.xyz")
    with pytest.raises(InputError, match="'photo' has no suffix"):
        written_format("photo")


def test_names_of_pictures() -> None:
    assert all(map(is_picture_name, ["a.png", "b/c.JPEG", "d.webp", "e.tif"]))
    assert not any(map(is_picture_name, ["meta", "a.vq", "a.npz", "a.txt", "a.pdf", "png"]))
