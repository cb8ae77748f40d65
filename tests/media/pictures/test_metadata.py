"""Metadata: what is kept comes back, and nothing hostile is believed."""

from __future__ import annotations

import io
import struct
import zlib
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

import vqcodec.media.pictures.metadata
from bitstream import BitstreamError, CorruptError, LimitError
from bitstream.fields import encode_varint
from vqcodec.media.pictures.metadata import MAX_BYTES, Metadata, metadata_of, pack_metadata, unpack_metadata, upright
from vqcodec.media.pictures.reading import picture_of, read_picture

DESCRIPTION, MAKE, ORIENTATION, EXPOSURES, DATE = 0x010E, 0x010F, 0x0112, 0x8769, 0x9003
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:li>caf\xc3\xa9</rdf:li></x:xmpmeta>'
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
PHOTO = Image.fromarray(np.arange(7 * 5 * 3, dtype=np.uint8).reshape(5, 7, 3))


def camera(orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[DESCRIPTION], exif[MAKE], exif[ORIENTATION] = "a hill", "camera", orientation
    exif[EXPOSURES] = {DATE: "2024:05:06 07:08:09"}
    return exif


def tags_of(exif: bytes) -> Image.Exif:
    tags = Image.Exif()
    tags.load(exif)
    return tags


def saved(kind: str, **options: object) -> bytes:
    memory = io.BytesIO()
    PHOTO.save(memory, kind, **options)
    return memory.getvalue()


# The chunk ---------------------------------------------------------------------------------------------------------


@given(st.builds(Metadata, st.binary(max_size=50), st.binary(max_size=50), st.binary(max_size=300)))
def test_the_chunk_makes_the_round_trip(metadata: Metadata) -> None:
    chunk = pack_metadata(metadata)
    assert unpack_metadata(chunk) == upright(metadata)
    assert (chunk == b"") == (metadata == Metadata())


def test_the_layout_of_the_chunk() -> None:
    chunk = pack_metadata(Metadata(icc_profile=b"icc", xmp=b"x" * 300))
    assert zlib.decompress(chunk) == b"\1\3icc" + b"\3\xac\2" + b"x" * 300


def test_kinds_of_later_releases_are_left_out() -> None:
    chunk = zlib.compress(b"\2\4exif" + b"\x09\2??" + b"\xff\0")
    assert unpack_metadata(chunk) == Metadata(exif=b"exif")


@pytest.mark.parametrize(
    "content",
    [b"\1", b"\1\4icc", b"\1\x80", b"\1\x80\0", b"\3\1x\1\1i", b"\1\1a\1\1b", b"\0\0", b"\1" + b"\xff" * 9],
    ids=bytes.hex,
)
def test_damaged_records_are_refused(content: bytes) -> None:
    with pytest.raises(CorruptError):
        unpack_metadata(zlib.compress(content))


def test_damaged_compression_is_refused() -> None:
    chunk = pack_metadata(Metadata(exif=b"MM" * 40))
    for damaged in (b"\0", b"zlib it is not", chunk[:-1], chunk[:-5], chunk + b"\0"):
        with pytest.raises(CorruptError):
            unpack_metadata(damaged)


def test_a_bomb_is_refused() -> None:
    bomb = zlib.compress(b"\3" + encode_varint(2**30) + bytes(2 * MAX_BYTES), 9)
    assert len(bomb) < 2**16
    with pytest.raises(LimitError, match="more than"):
        unpack_metadata(bomb)


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_metadata_or_a_bitstream_error(data: bytes) -> None:
    for chunk in (data, zlib.compress(data)):
        with suppress(BitstreamError):
            assert isinstance(unpack_metadata(chunk), Metadata)


# Of pictures -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "MPO"])
def test_metadata_of_files_are_kept_on_request(kind: str) -> None:
    data = saved(kind, exif=camera(), icc_profile=PROFILE, xmp=XMP)
    picture = read_picture(data, keep_metadata=True)
    found = metadata_of(picture.image)
    assert found.icc_profile == PROFILE
    assert found.exif[:2] in (b"MM", b"II")
    assert tags_of(found.exif)[MAKE] == "camera"
    assert tags_of(found.exif).get_ifd(EXPOSURES)[DATE] == "2024:05:06 07:08:09"
    assert found.xmp == (b"" if kind == "PNG" else XMP)  # which Pillow writes as text only
    assert picture.notes == ()
    assert read_picture(data).image.info == {}


def test_metadata_of_tiff_are_its_tags_but_for_the_layout() -> None:
    exif = tags_of(camera().tobytes())
    exif[700] = XMP
    picture = read_picture(saved("TIFF", exif=exif, icc_profile=PROFILE), keep_metadata=True)
    found = metadata_of(picture.image)
    assert (found.icc_profile, found.xmp) == (PROFILE, XMP)
    tags = tags_of(found.exif)
    assert set(tags) == {DESCRIPTION, MAKE, EXPOSURES}
    assert tags.get_ifd(EXPOSURES)[DATE] == "2024:05:06 07:08:09"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_kept_pictures_are_not_turned_twice(kind: str) -> None:
    turning = XMP.replace(b"<rdf:li>", b'<rdf:Description tiff:Orientation="6"/><rdf:li>')
    options = {} if kind == "TIFF" else {"xmp": turning}
    picture = read_picture(saved(kind, exif=camera(orientation=6).tobytes(), **options), keep_metadata=True)
    assert picture.image.size == (5, 7)
    found = metadata_of(picture.image)
    assert tags_of(found.exif).get(ORIENTATION, 1) == 1
    assert tags_of(found.exif)[MAKE] == "camera"
    assert b"Orientation" not in found.xmp
    assert picture_of(picture.image, keep_metadata=True).image.size == (5, 7)


@pytest.mark.parametrize("orientation", range(2, 9))
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("head", [b"", b"Exif\0\0", b"Exif\0\0Exif\0\0"])
def test_an_orientation_in_a_file_is_not_passed_on(orientation: int, order: str, head: bytes) -> None:
    exif = camera(orientation)
    exif.endian = order
    data = exif.tobytes().removeprefix(b"Exif\0\0")
    found = unpack_metadata(pack_metadata(Metadata(exif=head + data)))
    tags = tags_of(found.exif)
    assert (tags[ORIENTATION], tags[MAKE], tags.get_ifd(EXPOSURES)) == (1, "camera", {DATE: "2024:05:06 07:08:09"})
    assert len(found.exif) == len(data)  # as nothing is moved
    assert sum(one != other for one, other in zip(found.exif, data, strict=True)) == 1


@pytest.mark.parametrize(
    "xmp", [b'<a tiff:Orientation="8"/>', b"<a tiff:Orientation = '8'/>", b"<tiff:Orientation>8</tiff:Orientation>"]
)
def test_an_orientation_in_xmp_is_not_passed_on(xmp: bytes) -> None:
    assert unpack_metadata(pack_metadata(Metadata(xmp=xmp))).xmp == xmp.replace(b"8", b"1")


@pytest.mark.parametrize("kind", [1, 3, 4, 7])
def test_an_orientation_of_any_type_is_not_passed_on(kind: int) -> None:
    entry = struct.pack("<HHIHH", ORIENTATION, kind, 1, 6, 0)
    exif = struct.pack("<2sHIH", b"II", 42, 8, 2) + entry * 2 + bytes(4)
    assert tags_of(unpack_metadata(pack_metadata(Metadata(exif=exif))).exif)[ORIENTATION] == 1


@given(st.binary(max_size=80), st.sampled_from([b"MM\0*\0\0\0\x08", b"II*\0\x08\0\0\0", b""]))
def test_any_bytes_are_made_upright(data: bytes, head: bytes) -> None:
    metadata = upright(Metadata(exif=head + data, xmp=data))
    assert upright(metadata) == metadata


def test_too_much_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vqcodec.media.pictures.reading.MAX_BYTES", 1000)
    picture = read_picture(saved("JPEG", xmp=bytes(1001)), keep_metadata=True)
    assert picture.image.info == {}
    assert any("1000 bytes" in note for note in picture.notes)
    assert vqcodec.media.pictures.metadata.MAX_BYTES == 2**24


@pytest.mark.parametrize("exif", [b"Exif\0\0nonsense", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff"])
def test_unreadable_exif_is_no_reason_to_fail(exif: bytes) -> None:
    picture = read_picture(saved("JPEG", exif=exif), keep_metadata=True)
    assert picture.image.size == PHOTO.size
