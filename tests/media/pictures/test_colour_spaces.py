"""Colours of other spaces become sRGB, unless their profile is kept."""

from __future__ import annotations

import io
import struct
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageCms

from tests.helpers.picture_files import display_p3, grey_profile, saved
from tests.helpers.pictures import same_pixels
from vqcodec.media.pictures.colour_spaces import ADOBE_RGB, SRGB
from vqcodec.media.pictures.reading import picture_of, read_picture

RNG = np.random.default_rng(1)
PHOTO = Image.fromarray(RNG.integers(0, 256, (5, 7, 3), dtype=np.uint8))


def with_info(image: Image.Image, **info: object) -> Image.Image:
    image.info.update(info)
    return image


def read_level(image: Image.Image) -> int:
    """The grey of the first pixel, of 8 bits."""
    level = np.asarray(image).ravel()[0]
    return int(level) // 257 if image.mode == "I;16" else int(level)


def swapped_profile() -> bytes:
    """The colour profile of a screen whose red and green are swapped."""
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = data.replace("sRGB".encode("utf-16-be"), "Swap".encode("utf-16-be"))
    return data.replace(b"rXYZ", b"-tmp").replace(b"gXYZ", b"rXYZ").replace(b"-tmp", b"gXYZ")


def test_colours_of_other_spaces_are_converted_to_srgb() -> None:
    picture = read_picture(saved(Image.new("RGB", (2, 2), (255, 0, 0)), icc_profile=swapped_profile()))
    assert np.abs(np.asarray(picture.image, int) - [0, 255, 0]).max() <= 2
    assert any("Swap" in note for note in picture.notes)
    assert picture.image.info == {}


@pytest.mark.parametrize("mode", ["P", "RGBA"])
def test_colours_of_other_spaces_are_converted_in_their_mode(mode: str) -> None:
    red = Image.new("RGB", (3, 2), "red").convert(mode)
    if mode == "RGBA":
        red.putalpha(99)
    picture = picture_of(with_info(red, icc_profile=swapped_profile()))
    assert picture.image.mode == mode
    assert np.abs(np.asarray(picture.image.convert("RGB"), int) - [0, 255, 0]).max() <= 2
    assert mode == "P" or picture.image.getchannel("A").getextrema() == (99, 99)


@pytest.mark.parametrize("mode", ["L", "LA", "I;16"])
def test_grey_of_another_space_stays_grey(mode: str) -> None:
    grey = ImageCms.ImageCmsProfile(io.BytesIO(grey_profile(gamma=1.0)))
    level = Image.fromarray(np.full((2, 3), 64 * 257, np.uint16)) if mode == "I;16" else Image.new(mode, (3, 2), 64)
    picture = picture_of(with_info(level, icc_profile=grey.tobytes()))
    assert (picture.image.mode, picture.image.info) == (mode, {})
    assert abs(read_level(picture.image) - 137) <= 2  # linear light of 64 in sRGB
    assert any("sRGB" in note for note in picture.notes)
    kept = picture_of(with_info(level, icc_profile=grey.tobytes()), keep_metadata=True)
    assert read_level(kept.image) == 64
    assert kept.notes == (("of its 16 bits a channel, 8 are kept",) if mode == "I;16" else ())
    assert kept.image.info == {"icc_profile": grey.tobytes()}


def test_srgb_pictures_are_left_alone() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = read_picture(saved(PHOTO, icc_profile=profile))
    assert same_pixels(picture.image, PHOTO)
    assert picture.notes == ()


def test_a_profile_is_what_it_does_and_not_its_name() -> None:
    liar = replace(display_p3(), name="sRGB IEC61966-2.1").profile(grey=False)
    picture = read_picture(saved(Image.new("RGB", (2, 2), (200, 60, 40)), icc_profile=liar))
    assert np.abs(np.asarray(picture.image, int) - [217, 43, 22]).max() <= 3
    assert any("'sRGB IEC61966-2.1'" in note for note in picture.notes)
    honest = replace(SRGB, name="My camera").profile(grey=False)
    picture = read_picture(saved(PHOTO, icc_profile=honest))
    assert (same_pixels(picture.image, PHOTO), picture.notes) == (True, ())


def test_a_linear_profile_for_grey_is_followed_to_a_level() -> None:
    levels = np.arange(256, dtype=np.uint8)[None]
    picture = picture_of(with_info(Image.fromarray(levels), icc_profile=grey_profile(gamma=1.0)))
    light = levels / 255
    wanted = 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    assert np.abs(np.asarray(picture.image, int) - wanted).max() <= 2


@pytest.mark.parametrize("name", [b"\xc9cran", b"", b"\xff\xfe\x80", b"\x1b[31m"])
def test_a_profile_of_any_name_is_used(name: bytes) -> None:
    data = swapped_profile()
    place = data.index(b"desc", 128)
    start, size = struct.unpack_from(">II", data, place + 4)
    text = b"desc\0\0\0\0" + struct.pack(">I", len(name) + 1) + name + b"\0"
    assert len(text) <= size
    data = data[:start] + text.ljust(size, b"\0") + data[start + size :]
    picture = read_picture(saved(Image.new("RGB", (2, 2), "red"), icc_profile=data))
    assert np.abs(np.asarray(picture.image, int) - [0, 255, 0]).max() <= 2
    assert any("converted to sRGB" in note and note.isprintable() for note in picture.notes)


def test_cameras_say_adobe_rgb_in_exif() -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA005] = {1: "R03"}
    colour = Image.new("RGB", (16, 16), (90, 200, 60))
    data = saved(colour, "JPEG", quality=100, subsampling=0, exif=exif)
    assert b"R03" in data
    wanted = picture_of(with_info(colour, icc_profile=ADOBE_RGB.profile(grey=False)))
    picture = read_picture(data)
    assert np.abs(np.asarray(picture.image, int) - np.asarray(wanted.image, int)).max() <= 4
    assert any("Adobe RGB" in note for note in picture.notes)
    assert read_picture(data, keep_metadata=True).image.info["icc_profile"] == ADOBE_RGB.profile(grey=False)


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_an_unusable_profile_is_noted(mode: str, keep: bool) -> None:
    profile = swapped_profile() if mode != "RGB" else b"nonsense"
    picture = read_picture(saved(PHOTO.convert(mode), "JPEG", icc_profile=profile), keep)
    assert picture.image.mode == mode
    assert picture.image.info == {}
    assert any("profile is unusable" in note for note in picture.notes)


def test_lab_is_the_colours_that_it_stands_for() -> None:
    pastel = Image.fromarray(RNG.integers(120, 200, (5, 7, 3), dtype=np.uint8))
    image = ImageCms.profileToProfile(
        pastel, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    assert image is not None
    picture = picture_of(image)
    assert np.abs(np.asarray(picture.image, int) - np.asarray(pastel, int)).max() <= 5
    assert picture.notes == ("its pixels come back as RGB, not as LAB",)


def test_a_kept_profile_leaves_colours_alone() -> None:
    data = saved(PHOTO, icc_profile=swapped_profile())
    picture = read_picture(data, keep_metadata=True)
    assert same_pixels(picture.image, PHOTO)
    assert (picture.image.info, picture.notes) == ({"icc_profile": swapped_profile()}, ())


def test_black_and_white_need_no_profile() -> None:
    image = with_info(PHOTO.convert("1"), icc_profile=grey_profile(gamma=1.0))
    picture = picture_of(image)
    assert same_pixels(picture.image, image)
    assert (picture.image.info, picture.notes) == ({}, ())
