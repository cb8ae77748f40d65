"""Pictures of all kinds are read, or give one clear error."""

from __future__ import annotations

import struct
import warnings
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bitstream.errors import InputError
from tests.helpers.picture_files import png_of, saved
from tests.helpers.pictures import same_pixels
from vqcodec.media.pictures.modes import MODES
from vqcodec.media.pictures.reading import is_picture_name, picture_of, read_picture, read_rgb

ORIENTATION = 0x0112  # the EXIF tag
RNG = np.random.default_rng(1)
PHOTO = Image.fromarray(RNG.integers(0, 256, (5, 7, 3), dtype=np.uint8))


def png(width: int, height: int, pixels: bytes = b"") -> bytes:
    """A PNG file, RGB, which may lack pixels."""
    return png_of(struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), zlib.compress(pixels))


def test_a_plain_picture_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(saved(PHOTO))
    for source in (path, str(path), path.read_bytes()):
        picture = read_picture(source)
        assert picture.image.mode == "RGB"
        assert same_pixels(picture.image, PHOTO)
        assert picture.notes == ()


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "LA", "RGBA"])
def test_modes_are_kept(mode: str) -> None:
    image = PHOTO.convert(mode)
    if mode.endswith("A"):
        image.putalpha(PHOTO.convert("L"))
    data = saved(image, "TIFF")
    picture = read_picture(data)
    assert (picture.image.mode, picture.notes) == (mode, ())
    assert same_pixels(picture.image, image)
    if not mode.endswith("A"):
        assert same_pixels(read_rgb(data).image, image.convert("RGB"))


@pytest.mark.parametrize("mode", ["YCbCr", "HSV", "RGBX"])
def test_other_colour_modes_become_rgb_with_a_note(mode: str) -> None:
    picture = picture_of(PHOTO.convert(mode))
    assert same_pixels(picture.image, PHOTO.convert(mode).convert("RGB"))
    assert picture.notes == (f"its pixels come back as RGB, not as {mode}",)


def test_premultiplied_alpha_is_undone() -> None:
    layered = PHOTO.copy()
    layered.putalpha(128)
    for mode, name in (("RGBA", "RGBa"), ("LA", "La")):
        picture = picture_of(layered.convert(mode).convert(name))
        assert picture.image.mode == mode
        assert np.abs(np.asarray(picture.image, int) - np.asarray(layered.convert(mode), int)).max() <= 2


def test_sixteen_bits_are_kept_as_such_and_scaled_to_eight() -> None:
    values = np.array([[0, 128, 129, 257], [300, 32768, 65406, 65535]], np.uint16)
    wanted = np.array([[0, 0, 1, 1], [1, 128, 254, 255]], np.uint8)
    for data in (saved(Image.fromarray(values)), saved(Image.fromarray(values.astype(np.int32)), "TIFF")):
        picture = read_picture(data)
        assert picture.image.mode == "I;16"
        assert same_pixels(picture.image, values)
        assert picture.notes == ("of its 16 bits a channel, 8 are kept",)
        assert same_pixels(read_rgb(data).image, np.stack([wanted] * 3, axis=-1))


def test_colours_of_sixteen_bits_are_noted() -> None:
    raw = (3000 * np.arange(2 * 3 * 3)).astype(">u2")
    head = struct.pack(">IIBBBBB", 3, 2, 16, 2, 0, 0, 0)
    rows = b"".join(b"\0" + row.tobytes() for row in raw.reshape(2, 9))
    picture = read_picture(png_of(head, zlib.compress(rows)))
    assert picture.notes == ("of its 16 bits a channel, 8 are kept",)
    assert np.abs(np.asarray(picture.image, int) - (raw.reshape(2, 3, 3) / 257)).max() <= 1


@pytest.mark.parametrize(
    "values", [np.full((1, 1), 0.5, np.float32), np.full((1, 1), 70_000, np.int32), -np.ones((1, 1), np.int32)]
)
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
    assert same_pixels(picture.image, turned[orientation](np.asarray(PHOTO)))


def test_transparency_is_laid_over_white_for_those_who_need_rgb() -> None:
    pixels = np.array([[[200, 100, 0, 255], [200, 100, 0, 0]], [[0, 0, 0, 128], [255, 255, 255, 7]]], np.uint8)
    picture = read_rgb(saved(Image.fromarray(pixels)))
    assert same_pixels(picture.image, [[[200, 100, 0], [255] * 3], [[127] * 3, [255] * 3]])
    assert any("transparency" in note for note in picture.notes)


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "P"])
def test_a_transparent_colour_becomes_alpha(mode: str) -> None:
    image = Image.new(mode, (2, 1), 0)
    image.putpixel((1, 0), 1 if mode in "1P" else (30, 30, 30) if mode == "RGB" else 30)
    if mode == "P":
        image.putpalette([9, 9, 9, 30, 30, 30])
    data = saved(image, transparency=(0, 0, 0) if mode == "RGB" else 0)
    picture, level = read_picture(data), 255 if mode == "1" else 30
    assert picture.image.mode == ("LA" if mode in "1L" else "RGBA")
    assert same_pixels(picture.image.getchannel("A"), [[0, 255]])
    assert picture.image.convert("RGB").getpixel((1, 0)) == (level,) * 3
    assert [mode in note for note in picture.notes] == ([True] if mode in "1P" else [])
    assert same_pixels(read_rgb(data).image, [[[255] * 3, [level] * 3]])


@pytest.mark.parametrize("mode", ["L", "RGB", "P"])
def test_a_transparent_colour_that_does_not_occur_is_no_news(mode: str) -> None:
    image = Image.new(mode, (2, 1), 1)
    data = saved(image, transparency=(0, 0, 0) if mode == "RGB" else 0)
    picture = read_picture(data)
    assert (picture.image.mode, picture.notes, picture.image.info) == (mode, (), {})
    assert same_pixels(picture.image.convert("RGB"), image.convert("RGB"))


def test_a_transparent_level_of_sixteen_bits() -> None:
    head = struct.pack(">IIBBBBB", 2, 1, 16, 0, 0, 0, 0)
    picture = read_picture(png_of(head, zlib.compress(b"\0\x12\x34\xff\xff"), b"tRNS\x12\x34"))
    assert picture.image.mode == "LA"
    assert same_pixels(picture.image, [[[18, 0], [255, 255]]])
    assert len(picture.notes) == 2


def test_an_opaque_alpha_channel_is_kept() -> None:
    opaque = PHOTO.copy()
    opaque.putalpha(255)
    picture = read_picture(saved(opaque))
    assert picture.image == opaque
    assert picture.notes == ()
    assert read_rgb(saved(opaque)).notes == ()


@pytest.mark.parametrize("kind", ["GIF", "PNG", "TIFF", "WEBP"])
def test_an_animation_gives_its_first_frame_with_a_note(kind: str) -> None:
    frames = [Image.new("RGB", (4, 3), colour) for colour in ("red", "lime", "blue")]
    options = {"lossless": True} if kind == "WEBP" else {}
    picture = read_picture(saved(frames[0], kind, save_all=True, append_images=frames[1:], **options))
    assert same_pixels(picture.image.convert("RGB"), frames[0])
    assert picture.notes == ("only the first of 3 frames is used",)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "empty"),
        (b"just text\n", "not a picture"),
        (saved(PHOTO)[:70], "damaged"),
        (saved(Image.new("RGB", (200, 200)), "JPEG")[:650], "damaged"),
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
        assert read_picture(bytes(data), keep_metadata=True).image.mode in MODES


def test_names_of_pictures() -> None:
    assert all(map(is_picture_name, ["a.png", "b/c.JPEG", "d.webp", "e.tif"]))
    assert not any(map(is_picture_name, ["meta", "a.vq", "a.npz", "a.txt", "a.pdf", "png"]))


def test_names_of_what_pillow_knows_and_cannot_read() -> None:
    """Films, data of other kinds and drawings: in a folder of photos, they are none of it."""
    names = ["a.mpg", "a.MPEG", "a.h5", "a.hdf", "a.grib", "a.bufr", "a.eps", "a.ps", "a.wmf", "a.emf"]
    assert not any(map(is_picture_name, names))
    for name in names:
        assert Path(name).suffix.lower() in Image.registered_extensions()
