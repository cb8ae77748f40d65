"""TIFF: grey of any depth has its values, and the thumbnail of a raw file is not taken for a picture."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitstream.errors import InputError
from tests.helpers.picture_files import grey_profile
from tests.helpers.pictures import same_pixels
from vqcodec.media.pictures.metadata import metadata_of
from vqcodec.media.pictures.reading import read_picture

WIDTH, HEIGHT = 33, 24
RAMP = np.linspace(0, 65535, WIDTH * HEIGHT).reshape(HEIGHT, WIDTH).astype(np.uint32)
RGB = np.random.default_rng(3).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
SUBFILE, BITS, COMPRESSION, PHOTOMETRIC, MAKE, STRIP, SAMPLES, ROWS, BYTES = 254, 258, 259, 262, 271, 273, 277, 278, 279
PREDICTOR, SUBFILES, SAMPLE_FORMAT, DNG_VERSION = 317, 330, 339, 50706
CFA, LINEAR_RAW = 32803, 34892

Tags = dict[int, object]


def tiff(*pages: tuple[Tags, bytes], below: tuple[tuple[Tags, bytes], ...] = (), order: str = "<") -> bytes:
    """A TIFF file of the tags and the data of its pages, and of what the first one has below it."""
    out = bytearray(struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, 0))

    def write(tags: Tags, data: bytes, link: int | None) -> int:
        """Append a page, put its place at `link`, and return where the place of the next one goes."""
        all_tags = tags | {STRIP: len(out), BYTES: len(data)}
        out.extend(data + bytes(len(data) % 2))
        values = {}
        for tag, value in all_tags.items():
            if isinstance(value, bytes):
                values[tag] = 7 if tag != MAKE else 2, len(value), value
            else:
                numbers = value if isinstance(value, tuple) else (value,)
                values[tag] = 4, len(numbers), struct.pack(f"{order}{len(numbers)}I", *numbers)
        for tag, (kind, count, content) in values.items():
            if len(content) > 4:
                values[tag] = kind, count, struct.pack(f"{order}I", len(out))
                out.extend(content + bytes(len(content) % 2))
        if link is not None:
            struct.pack_into(f"{order}I", out, link, len(out))
        start = len(out)
        out.extend(struct.pack(f"{order}H", len(values)))
        for tag in sorted(values):
            kind, count, content = values[tag]
            out.extend(struct.pack(f"{order}HHI", tag, kind, count) + content.ljust(4, b"\0"))
        out.extend(bytes(4))
        return start

    starts = [write(*each, None) for each in below]
    link = 4
    for number, (tags, data) in enumerate(pages):
        extra = {SUBFILES: tuple(starts)} if starts and number == 0 else {}
        link = write(tags | extra, data, link) + 2 + 12 * (len(tags) + len(extra) + 2)
    return bytes(out)


def page(
    photometric: int, bits: object, data: bytes, width: int = WIDTH, height: int = HEIGHT, **more: int
) -> tuple[Tags, bytes]:
    samples = len(bits) if isinstance(bits, tuple) else 1
    tags: Tags = {
        256: width,
        257: height,
        BITS: bits,
        COMPRESSION: 1,
        PHOTOMETRIC: photometric,
        SAMPLES: samples,
        ROWS: height,
    }
    return tags, data


def colours(pixels: np.ndarray = RGB, **tags: object) -> tuple[Tags, bytes]:
    found, data = page(2, (8, 8, 8), pixels.tobytes(), pixels.shape[1], pixels.shape[0])
    return found | {
        {"subfile": SUBFILE, "make": MAKE, "dng": DNG_VERSION}[name]: value for name, value in tags.items()
    }, data


THUMBNAIL = RGB[::4, ::4].copy()
SENSOR = page(CFA, 16, RAMP.astype("<u2").tobytes())


def packed(levels: np.ndarray, bits: int, order: str) -> bytes:
    """Rows of levels of so many bits each; the most significant bit comes first, but of whole bytes."""
    if bits == 16:
        return levels.astype(f"{order}u2").tobytes()
    planes = levels[..., None] >> np.arange(bits - 1, -1, -1) & 1
    return np.packbits(planes.reshape(len(levels), -1).astype(np.uint8), axis=1).tobytes()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("bits", [1, 4, 8, 12, 16])
@pytest.mark.parametrize("deflated", [False, True])
def test_grey_of_any_depth_has_its_values(order: str, inverted: bool, bits: int, deflated: bool) -> None:
    levels, most = RAMP >> (16 - bits), 2**bits - 1
    tags, data = page(0 if inverted else 1, bits, packed(most - levels if inverted else levels, bits, order))
    if deflated:
        tags[COMPRESSION], data = 8, zlib.compress(data)
    picture = read_picture(tiff((tags, data), order=order))
    peak = {"1": 1, "L": 255, "I;16": 65535}[picture.image.mode]
    found = np.asarray(picture.image).astype(np.float64) / peak
    assert np.abs(found - levels / most).max() <= 1 / 65535
    assert picture.notes == ((f"of its {bits} bits a channel, 8 are kept",) if bits > 8 else ())


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("inverted", [False, True])
def test_grey_behind_a_predictor(order: str, inverted: bool) -> None:
    levels = (65535 - RAMP if inverted else RAMP).astype(np.uint16)
    steps = np.diff(levels, axis=1, prepend=np.uint16(0))
    tags, _ = page(0 if inverted else 1, 16, b"")
    data = zlib.compress(steps.astype(f"{order}u2").tobytes())
    picture = read_picture(tiff((tags | {COMPRESSION: 8, PREDICTOR: 2}, data), order=order))
    assert same_pixels(picture.image, RAMP)


def test_the_profile_of_inverted_grey_is_kept() -> None:
    profile = grey_profile(gamma=1.0)
    tags, data = page(0, 12, packed(4095 - (RAMP >> 4), 12, ">"))
    file = tiff((tags | {34675: profile, MAKE: b"scanner\0"}, data), order=">")
    assert metadata_of(read_picture(file, keep_metadata=True).image).icc_profile == profile
    assert b"scanner" in metadata_of(read_picture(file, keep_metadata=True).image).exif
    assert any("converted to sRGB" in note for note in read_picture(file).notes)


@pytest.mark.parametrize("bits", [8, 16])
def test_signed_grey_is_refused(bits: int) -> None:
    tags, data = page(1, bits, packed(RAMP >> (17 - bits), bits, "<"))
    with pytest.raises(InputError, match="range is not known"):
        read_picture(tiff((tags | {SAMPLE_FORMAT: 2}, data)))


RAW = {
    "thumbnail, then sensor below": tiff(colours(THUMBNAIL, subfile=1, make=b"NIKON\0"), below=(SENSOR,)),
    "thumbnail without a word": tiff(colours(THUMBNAIL, make=b"SONY\0"), below=(SENSOR,)),
    "two previews": tiff(colours(THUMBNAIL, subfile=1), below=(colours(RGB[::2, ::2].copy(), subfile=1), SENSOR)),
    "sensor first": tiff(SENSOR, colours(THUMBNAIL, subfile=1)),
    "sensor second": tiff(colours(THUMBNAIL, subfile=1), SENSOR),
    "linear": tiff(colours(THUMBNAIL, subfile=1), below=(page(LINEAR_RAW, (8, 8, 8), RGB.tobytes()),)),
    "DNG without its sensor": tiff(colours(THUMBNAIL, subfile=1, dng=b"\1\4\0\0")),
    "Canon": b"II*\0\x10\0\0\0CR\2\0" + bytes(40),
    "Canon, newer": struct.pack(">I", 24) + b"ftypcrx \0\0\0\1crx isom",
    "Fuji": b"FUJIFILMCCD-RAW 0201" + bytes(40),
    "Olympus": b"IIRO\x08\0\0\0" + bytes(40),
    "Panasonic": b"IIU\0\x08\0\0\0" + bytes(40),
    "Sigma": b"FOVb" + bytes(40),
}


@pytest.mark.parametrize("kind", RAW)
def test_a_raw_file_is_refused(kind: str) -> None:
    with pytest.raises(InputError, match=r"raw file of a camera.*develop it") as caught:
        read_picture(RAW[kind])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "file",
    [
        tiff(colours(make=b"NIKON\0")),
        tiff(colours(dng=b"\1\4\0\0")),
        tiff(colours(), below=(colours(THUMBNAIL, subfile=1),)),
        tiff(colours(dng=b"\1\4\0\0"), below=(SENSOR,)),
        tiff(colours(), order=">"),
    ],
)
def test_what_is_developed_is_a_picture(file: bytes) -> None:
    picture = read_picture(file)
    assert (same_pixels(picture.image, RGB), picture.notes) == (True, ())


def test_pages_and_thumbnails() -> None:
    picture = read_picture(tiff(colours(), colours(THUMBNAIL)))
    assert (same_pixels(picture.image, RGB), picture.notes) == (True, ("only the first of 2 frames is used",))
    picture = read_picture(tiff(colours(THUMBNAIL, subfile=1), colours()))
    assert same_pixels(picture.image, RGB)
    assert any("thumbnail" in note for note in picture.notes)


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from(
        [RAW["two previews"], tiff(colours(), colours()), tiff(page(0, 12, packed(RAMP >> 4, 12, ">")), order=">")]
    ),
    st.data(),
)
def test_any_damage_is_a_picture_or_one_clear_error(file: bytes, draw: st.DataObject) -> None:
    data = bytearray(file)
    for place in draw.draw(st.lists(st.integers(0, len(data) - 1), min_size=1, max_size=6)):
        data[place] = draw.draw(st.integers(0, 255))
    try:
        image = read_picture(bytes(data[: draw.draw(st.integers(8, len(data)))])).image
    except InputError:
        return
    assert image.width * image.height > 0
