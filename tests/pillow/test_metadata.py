"""Pillow keeps metadata in `.vq` files, and turns what they turn."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageOps

from bitstream import Chunks, pack, unpack
from tests.helpers.commands import SIZE
from tests.helpers.pillow_modes import MODES, in_mode, same
from vqcodec.media.pictures.colour_spaces import ADOBE_RGB
from vqcodec.pillow import VqImageFile

MAKE, ORIENTATION = 0x010F, 0x0112  # EXIF tags


def test_metadata_come_with_the_pixels(tmp_path: Path, photo: Image.Image) -> None:
    photo.info["xmp"] = b"<x/>"
    photo.save(tmp_path / "kept.vq", keep_metadata=True)
    photo.save(tmp_path / "plain.vq")
    image = Image.open(tmp_path / "kept.vq")
    image.load()
    assert image.info == {"xmp": b"<x/>"}
    assert Image.open(tmp_path / "plain.vq").copy().info == {}


XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
PROFILE = ADOBE_RGB.profile(grey=False)


def camera(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[MAKE], exif[ORIENTATION] = "camera", orientation
    return exif


def camera_photo(photo: Image.Image, orientation: int = 6) -> Image.Image:
    """A JPEG file of a camera, opened."""
    memory = io.BytesIO()
    photo.save(memory, "JPEG", exif=camera(orientation), icc_profile=PROFILE)
    return Image.open(memory)


def reopened(image: Image.Image, **options: Any) -> Image.Image:
    memory = io.BytesIO()
    image.save(memory, "VQ", **options)
    return Image.open(memory)


def test_metadata_are_there_before_the_pixels_and_after_them(photo: Image.Image) -> None:
    image = reopened(camera_photo(photo), keep_metadata=True, xmp=XMP)
    assert isinstance(image, VqImageFile)
    assert image._coded
    for _ in range(2):
        assert image.info["icc_profile"] == PROFILE
        assert image.info["exif"].startswith(b"Exif")
        assert image.info["xmp"] == XMP.replace(b"6", b"1")
        assert image.getexif()[MAKE] == "camera"
        assert image.getexif().get(ORIENTATION, 1) == 1
        assert ImageOps.exif_transpose(image.copy()).size == image.size == SIZE[::-1]
        image.load()


@pytest.mark.parametrize("given", ["bytes", "without a head", "object"])
def test_exif_is_written_as_by_other_formats(photo: Image.Image, given: str) -> None:
    exif = camera(1)
    data = exif.tobytes()
    image = reopened(
        photo, exif={"bytes": data, "without a head": data.removeprefix(b"Exif\0\0"), "object": exif}[given]
    )
    assert image.getexif()[MAKE] == "camera"
    assert "icc_profile" not in image.info
    assert same(image, reopened(photo))


def test_a_given_profile_is_that_of_the_pixels(photo: Image.Image) -> None:
    image = reopened(photo, icc_profile=PROFILE)
    assert image.info == {"icc_profile": PROFILE}
    assert same(image, reopened(photo))  # as they are
    opened = camera_photo(photo, orientation=1)
    plain = opened.copy()
    plain.info = {}
    unchanged, converted = reopened(opened, icc_profile=None), reopened(opened)
    assert (unchanged.info, converted.info) == ({}, {})
    assert same(unchanged, reopened(plain))
    assert not same(converted, unchanged)


def test_what_is_given_goes_before_what_the_picture_has(photo: Image.Image) -> None:
    opened = camera_photo(photo, orientation=1)
    image = reopened(opened, keep_metadata=True, exif=None, xmp="<x/>")
    assert image.info == {"icc_profile": PROFILE, "xmp": b"<x/>"}
    assert list(reopened(opened, exif=opened.getexif()).info) == ["exif"]
    assert opened.info["icc_profile"] == PROFILE  # which is the caller's


@pytest.mark.parametrize("upright_before", [False, True])
def test_a_photo_of_a_camera_is_turned_once(photo: Image.Image, upright_before: bool) -> None:
    opened = camera_photo(photo)
    exif = opened.getexif().tobytes()
    if upright_before:
        opened = ImageOps.exif_transpose(opened)
    image = reopened(opened, exif=exif)
    wanted = reopened(ImageOps.exif_transpose(camera_photo(photo)))
    assert image.size == SIZE[::-1]
    assert same(image, wanted)
    assert image.getexif().get(ORIENTATION, 1) == 1
    assert ImageOps.exif_transpose(image).size == SIZE[::-1]


@pytest.mark.parametrize("mode", MODES)
def test_profiles_of_another_colour_space_do_no_harm(photo: Image.Image, mode: str) -> None:
    for profile in (PROFILE, ADOBE_RGB.profile(grey=True), b"nonsense"):
        image = reopened(in_mode(photo, mode), icc_profile=profile)
        image.load()
        assert image.mode == mode
        fits = profile == ADOBE_RGB.profile(grey=mode in ("1", "L", "LA", "I;16")) and mode != "CMYK"
        assert image.info == ({"icc_profile": profile} if fits else {})


@pytest.mark.parametrize("options", [{"exif": 7}, {"icc_profile": "sRGB"}, {"xmp": ["x"]}])
def test_metadata_of_another_type_are_refused(tmp_path: Path, photo: Image.Image, options: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=f"{next(iter(options))} must be bytes"):
        photo.save(tmp_path / "new.vq", **options)
    assert list(tmp_path.iterdir()) == []


def test_damaged_metadata_are_an_error_of_loading(photo: Image.Image) -> None:
    memory = io.BytesIO()
    photo.save(memory, "VQ", exif=camera(1))
    container = unpack(memory.getvalue())
    for damaged in (pack(replace(container, chunks=Chunks(b"", b"nonsense"))), memory.getvalue()[:50]):
        image = Image.open(io.BytesIO(damaged))
        assert (image.size, image.info) == (SIZE, {})
        with pytest.raises(OSError, match="damaged"):
            image.load()
