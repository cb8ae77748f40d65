"""PNG: what is damaged beside the pixels is left out, and chunks for colours are obeyed."""

from __future__ import annotations

import io
import struct
import zlib
from contextlib import suppress
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from bitstream.errors import InputError
from tests.helpers.picture_files import chunk, display_p3
from tests.helpers.pictures import same_pixels
from vqcodec.media.pictures.colour_spaces import ADOBE_RGB, SRGB, coded_space
from vqcodec.media.pictures.metadata import MAX_BYTES, metadata_of
from vqcodec.media.pictures.reading import read_picture

PIXELS = np.random.default_rng(2).integers(0, 256, (9, 11, 3), dtype=np.uint8)
XMP = b"XML:com.adobe.xmp\0\0\0\0\0<x/>"
SRGB_CHROMATICITIES = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
P3_CHROMATICITIES = (31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
P3 = display_p3()


def png(*before: bytes, pixels: np.ndarray = PIXELS, behind: bytes = b"") -> bytes:
    """A PNG file of 8-bit RGB or grey, with chunks before and behind its pixels."""
    height, width = pixels.shape[:2]
    head = struct.pack(">IIBBBBB", width, height, 8, 2 if pixels.ndim == 3 else 0, 0, 0, 0)
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    parts = chunk(b"IHDR", head), *before, chunk(b"IDAT", zlib.compress(rows)), behind, chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def packed(profile: bytes) -> bytes:
    return chunk(b"iCCP", b"name\0\0" + zlib.compress(profile))


def gamma(value: float) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", round(value * 100_000)))


def chromaticities(values: tuple[int, ...]) -> bytes:
    return chunk(b"cHRM", struct.pack(">8I", *values))


def converted(profile: bytes, pixels: np.ndarray = PIXELS) -> np.ndarray:
    """The pixels in sRGB, as the colour management of Pillow has it."""
    given, wanted = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
    return np.asarray(ImageCms.profileToProfile(Image.fromarray(pixels), given, wanted, outputMode="RGB"), int)


BOMB = zlib.compress(bytes(2**25), 9)
BROKEN = {
    "text": (chunk(b"tEXt", b"Comment\0hello", 1), "text"),
    "packed text": (chunk(b"zTXt", b"Comment\0\0" + BOMB), "text"),
    "text of a wrong method": (chunk(b"zTXt", b"Comment\0\7" + zlib.compress(b"x")), "text"),
    "international text": (chunk(b"iTXt", b"Comment\0\1\0\0\0" + BOMB), "text"),
    "text that is not packed": (chunk(b"zTXt", b"Comment\0\0nonsense"), "text"),
    "profile": (chunk(b"iCCP", b"name\0\0" + zlib.compress(P3.profile(False)), 1), "iCCP"),
    "profile that is not packed": (chunk(b"iCCP", b"name\0\0nonsense"), "iCCP"),
    "profile without anything": (chunk(b"iCCP", b""), "iCCP"),
    "huge profile": (chunk(b"iCCP", b"name\0\0" + BOMB), "iCCP"),
    "gamma": (chunk(b"gAMA", b"\0"), "gAMA"),
    "chromaticities": (chunk(b"cHRM", bytes(31)), "cHRM"),
    "density": (chunk(b"pHYs", bytes(9), 1), "pHYs"),
    "EXIF": (chunk(b"eXIf", b"MM\0*", 1), "eXIf"),
    "something private": (chunk(b"prVt", b"any", 1), "prVt"),
    "animation": (chunk(b"acTL", bytes(8), 1) + chunk(b"fcTL", bytes(26)), "animation"),
}


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("behind", [False, True])
def test_a_damaged_chunk_beside_the_pixels_is_left_out(kind: str, behind: bool) -> None:
    broken, name = BROKEN[kind]
    picture = read_picture(png(behind=broken) if behind else png(broken), keep_metadata=True)
    assert same_pixels(picture.image, PIXELS)
    assert picture.image.info == {}
    assert len(picture.notes) == 1
    assert f"its {name} is damaged" in picture.notes[0]


def test_a_damaged_text_does_not_take_others_along() -> None:
    picture = read_picture(png(BROKEN["text"][0], chunk(b"iTXt", XMP)), keep_metadata=True)
    assert metadata_of(picture.image).xmp == b"<x/>"


def test_much_text_is_no_reason_to_refuse() -> None:
    many = b"".join(chunk(b"tEXt", b"Comment\0" + bytes(2**20 - 100)) for _ in range(70))  # Pillow stops at 64 MiB
    picture = read_picture(png(many, packed(P3.profile(False))), keep_metadata=True)
    assert same_pixels(picture.image, PIXELS)
    assert (picture.image.info, picture.notes) == ({"icc_profile": P3.profile(False)}, ())


def test_many_bombs_are_inflated_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    inflated = []

    class Counting:
        def __init__(self) -> None:
            self._inner = inflate()

        def decompress(self, data: bytes, most: int) -> bytes:
            inflated.append(len(found := self._inner.decompress(data, most)))
            return found

        eof = property(lambda self: self._inner.eof)

    inflate = zlib.decompressobj
    monkeypatch.setattr("vqcodec.media.pictures.png.zlib.decompressobj", Counting)
    picture = read_picture(png(*(BROKEN["huge profile"][0], BROKEN["packed text"][0]) * 20))
    assert same_pixels(picture.image, PIXELS)
    assert sum(inflated) <= 4 * MAX_BYTES


@pytest.mark.parametrize("cut", [5, 12, 15])
def test_a_missing_end_is_noted(cut: int) -> None:
    picture = read_picture(png()[:-cut])
    assert same_pixels(picture.image, PIXELS)
    assert "it ends early" in picture.notes


def test_what_is_behind_the_end_does_not_matter() -> None:
    assert read_picture(png() + b"anything").notes == ()
    assert read_picture(png()[:-4]).notes == ()


def test_a_damaged_header_is_refused() -> None:
    data = bytearray(png())
    data[8 + 8 + 3] ^= 1
    for broken in (bytes(data), png()[:40], png()[:8], png(chunk(b"PLTE", bytes(3), 1))):
        with pytest.raises(InputError, match="damaged"):
            read_picture(broken)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.sampled_from([*BROKEN.values()]), max_size=3), st.integers(0, 400), st.binary(max_size=6))
def test_any_damage_is_a_picture_or_one_clear_error(broken: list[tuple[bytes, str]], place: int, data: bytes) -> None:
    whole = bytearray(png(*(each for each, _ in broken if len(each) < 1000)))
    whole[place : place + len(data)] = data
    with suppress(InputError):
        assert read_picture(bytes(whole), keep_metadata=True).image.mode in ("L", "RGB")


def sideways() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif.tobytes().removeprefix(b"Exif\0\0")


TURNED = {
    "before": png(chunk(b"eXIf", sideways())),
    "behind": png(behind=chunk(b"eXIf", sideways())),
    "beside damage": png(BROKEN["text"][0], chunk(b"eXIf", sideways()), BROKEN["gamma"][0]),
    "XMP": png(chunk(b"iTXt", XMP.replace(b"<x/>", b'<x tiff:Orientation="6"/>'))),
    "packed XMP": png(chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(b'<x tiff:Orientation="6"/>'))),
    "as text": png(chunk(b"tEXt", b"Raw profile type exif\0\nexif\n      26\n" + sideways().hex().encode() + b"\n")),
}


@pytest.mark.parametrize("place", TURNED)
def test_the_orientation_is_applied_wherever_it_is(place: str) -> None:
    picture = read_picture(TURNED[place], keep_metadata=True)
    assert same_pixels(picture.image, np.rot90(PIXELS, -1))
    assert picture.image.getexif().get(0x0112, 1) == 1
    assert b"Orientation" not in metadata_of(picture.image).xmp


# Colours -----------------------------------------------------------------------------------------------------------

COLOURS = {
    "gAMA 1": ((gamma(1),), None),
    "gAMA 1.8": ((gamma(1 / 1.8),), None),
    "cHRM": ((chromaticities(P3_CHROMATICITIES),), P3),
    "gAMA and cHRM of Adobe RGB": (
        (gamma(256 / 563), chromaticities((31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000))),
        ADOBE_RGB,
    ),
    "cICP": ((chunk(b"cICP", bytes((12, 13, 0, 1))),), P3),
    "cICP before all": (
        (chunk(b"cICP", bytes((12, 13, 0, 1))), packed(ADOBE_RGB.profile(False)), chunk(b"sRGB", b"\0"), gamma(1)),
        P3,
    ),
    "iCCP before sRGB": ((packed(P3.profile(False)), chunk(b"sRGB", b"\0"), gamma(1)), P3),
    "sRGB before gAMA": ((chunk(b"sRGB", b"\0"), gamma(1), chromaticities(P3_CHROMATICITIES)), SRGB),
    "cICP of sRGB before iCCP": ((chunk(b"cICP", bytes((1, 13, 0, 1))), packed(P3.profile(False))), SRGB),
    "gAMA of sRGB": ((gamma(0.45455),), SRGB),
    "gAMA and cHRM of sRGB": ((gamma(0.45455), chromaticities(SRGB_CHROMATICITIES)), SRGB),
}


@pytest.mark.parametrize("kind", COLOURS)
def test_colours_are_what_the_chunks_say(kind: str) -> None:
    chunks, space = COLOURS[kind]
    picture = read_picture(png(*chunks))
    if space is SRGB:
        assert (same_pixels(picture.image, PIXELS), picture.notes) == (True, ())
        return
    if space is None:
        light = (PIXELS / 255) ** (1 if kind == "gAMA 1" else 1.8)
        wanted = 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    else:
        wanted = converted(space.profile(grey=False))
    assert np.abs(np.asarray(picture.image, int) - wanted).max() <= 2
    assert len(picture.notes) == 1
    assert "converted to sRGB" in picture.notes[0]
    kept = read_picture(png(*chunks), keep_metadata=True).image
    assert same_pixels(kept, PIXELS)
    assert np.abs(converted(kept.info["icc_profile"]) - wanted).max() <= 2


def test_grey_has_a_gamma_too() -> None:
    ramp = np.arange(256, dtype=np.uint8)[None]
    found = np.asarray(read_picture(png(gamma(1), pixels=ramp)).image, int)
    light = ramp / 255
    wanted = 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    assert np.abs(found - wanted).max() <= 2
    unchanged = read_picture(png(chromaticities(P3_CHROMATICITIES), pixels=ramp))
    assert (same_pixels(unchanged.image, ramp), unchanged.notes) == (True, ())


@pytest.mark.parametrize(
    ("broken", "text"),
    [
        (gamma(0), "gamma"),
        (gamma(40_000), "gamma"),
        (chromaticities((0,) * 8), "chromaticity"),
        (chromaticities((31270, 32900) * 4), "span no space"),
        (chromaticities((2**32 - 1,) * 8), "chromaticity"),
        (chunk(b"cICP", bytes((200, 13, 0, 1))), "not known"),
        (chunk(b"cICP", bytes((1, 1, 1, 1))), "cICP"),
    ],
)
def test_colours_that_cannot_be_are_noted(broken: bytes, text: str) -> None:
    picture = read_picture(png(broken))
    assert same_pixels(picture.image, PIXELS)
    assert len(picture.notes) == 1
    assert text in picture.notes[0]


@pytest.mark.parametrize(("transfer", "white"), [(16, 0.58069), (18, 0.75)])
def test_white_on_paper_is_white_of_high_dynamic_range(transfer: int, white: float) -> None:
    """ITU-R BT.2408, table 1: white on paper has 58 % of PQ, 75 % of HLG."""
    levels = np.array([[0, white * 255 - 8, white * 255 + 1, 255]]).round().astype(np.uint8)
    picture = read_picture(png(chunk(b"cICP", bytes((9, transfer, 0, 1))), pixels=np.dstack([levels] * 3)))
    found = np.asarray(picture.image, int)[0, :, 0]
    assert (found[0], found[2], found[3]) == (0, 255, 255)
    assert 200 < found[1] < 255
    assert any("high dynamic range" in note for note in picture.notes)


@pytest.mark.parametrize(("primaries", "transfer"), [*product([1, 4, 5, 6, 7, 8, 9, 11, 12, 22], [1, 8, 13, 17])])
def test_white_and_black_stay_so_in_all_spaces(primaries: int, transfer: int) -> None:
    space = coded_space(primaries, transfer, [])
    assert space is not None
    ends = np.array([[[0] * 3, [255] * 3]], np.uint8)
    peak = 52.37 / 48 if transfer == 17 else 1  # of which cinemas have more than white
    assert np.abs(converted(space.profile(grey=False), ends) - ends * min(peak, 1)).max() <= 1
