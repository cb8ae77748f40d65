"""HEIC by pillow-heif, where that is installed, and AVIF by Pillow: recognised by their brands, with their colours."""

from __future__ import annotations

import io
import struct
import sys
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, features

from bitstream.errors import InputError
from tests.helpers.picture_files import display_p3
from vqcodec.media.pictures import heif
from vqcodec.media.pictures.reading import is_picture_name, read_picture

FLAT = Image.new("RGB", (64, 48), (200, 60, 40))
CORNER = FLAT.copy()
CORNER.paste((20, 40, 200), (0, 0, 32, 24))
P3 = display_p3()


def head(major: bytes, *others: bytes) -> bytes:
    """The first bytes of a file of these brands."""
    return struct.pack(">I4s4sI", 16 + 4 * len(others), b"ftyp", major, 0) + b"".join(others) + bytes(100)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (head(b"heic", b"mif1", b"heic"), "HEIC"),
        (head(b"heix"), "HEIC"),
        (head(b"hevc", b"msf1"), "HEIC"),
        (head(b"mif1", b"heic"), "HEIC"),
        (head(b"msf1", b"hevc"), "HEIC"),
        (head(b"mif1", b"miaf", b"avif"), "AVIF"),
        (head(b"avif", b"mif1"), "AVIF"),
        (head(b"avis", b"msf1"), "AVIF"),
        (head(b"M4A ", b"mp42"), ""),
        (head(b"isom", b"avc1"), ""),
        (b"", ""),
    ],
)
def test_brands_tell_what_a_file_is(data: bytes, kind: str) -> None:
    assert (heif.is_heic(data), heif.is_avif(data)) == (kind == "HEIC", kind == "AVIF")


def test_without_pillow_heif_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heif, "find_spec", lambda _: None)
    with pytest.raises(InputError, match=r"HEIC pictures are read by pillow-heif, which is not installed: pip install"):
        read_picture(head(b"heic"))
    assert not is_picture_name("a.heic")


def test_without_a_decoder_the_error_says_what_reads_avif(monkeypatch: pytest.MonkeyPatch) -> None:
    Image.init()
    monkeypatch.delitem(Image.OPEN, "AVIF", raising=False)
    monkeypatch.setattr(Image, "ID", [name for name in Image.ID if name != "AVIF"])
    with pytest.raises(InputError, match=r"AVIF pictures are read by Pillow 11\.3 and later"):
        read_picture(head(b"avif"))


# AVIF --------------------------------------------------------------------------------------------------------------

with_avif = pytest.mark.skipif(not features.check("avif"), reason="Pillow has no AVIF")


def avif(primaries: int = 1, transfer: int = 13) -> bytes:
    memory = io.BytesIO()
    FLAT.save(memory, "AVIF", quality=100, subsampling="4:4:4")
    data = memory.getvalue()
    place = data.index(b"colrnclx") + 8
    return data[:place] + struct.pack(">HH", primaries, transfer) + data[place + 4 :]


@with_avif
def test_code_points_of_avif_are_obeyed() -> None:
    plain, wide = read_picture(avif()), read_picture(avif(12, 13))
    assert plain.notes == ()
    assert "converted to sRGB" in wide.notes[0]
    reds = [np.asarray(picture.image, int)[20, 30, 0] for picture in (plain, wide)]
    assert abs(reds[0] - 200) <= 3
    assert 212 <= reds[1] <= 222  # Display P3 (200, 60, 40) is sRGB (217, 43, 22)
    assert read_picture(avif(2, 2)).notes == ()


# HEIC --------------------------------------------------------------------------------------------------------------


Writer = Callable[..., bytes]


@pytest.fixture
def heic() -> Writer:
    """Writes a picture as HEIC, nearly without loss."""
    pillow_heif = pytest.importorskip("pillow_heif")

    def write(image: Image.Image, **options: object) -> bytes:
        memory = io.BytesIO()
        pillow_heif.from_pillow(image).save(memory, quality=-1, chroma=444, **options)
        return memory.getvalue()

    return write


def test_heic_is_read(heic: Writer) -> None:
    picture = read_picture(heic(CORNER))
    assert picture.notes == ()
    assert np.abs(np.asarray(picture.image, int) - np.asarray(CORNER, int)).max() <= 4
    assert is_picture_name("a.HEIC")
    assert is_picture_name("a.heif")
    assert "HEIF" not in Image.OPEN  # which is the user's
    assert "HEIF" not in Image.SAVE
    assert ".heic" not in Image.registered_extensions()


@pytest.mark.parametrize("mode", ["L", "RGBA"])
def test_modes_of_heic(heic: Writer, mode: str) -> None:
    image = CORNER.convert(mode)
    assert read_picture(heic(image)).image.mode == mode


def test_colours_of_heic(heic: Writer) -> None:
    image = FLAT.copy()
    image.info["icc_profile"] = P3.profile(grey=False)
    codes = {"color_primaries": 12, "transfer_characteristics": 13}
    for data in (heic(image), heic(FLAT, **codes)):
        picture = read_picture(data)
        assert "converted to sRGB" in picture.notes[0]
        assert 212 <= np.asarray(picture.image, int)[20, 30, 0] <= 222
        kept = read_picture(data, keep_metadata=True)
        assert (len(kept.image.info["icc_profile"]) > 128, kept.notes) == (True, ())


def test_the_orientation_of_heic_is_applied_once(heic: Writer) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    exif = Image.Exif()
    exif[0x0112] = 6
    memory = io.BytesIO()
    pillow_heif.as_plugin._save_heif(with_options(CORNER, exif=exif.tobytes()), memory, "")
    picture = read_picture(memory.getvalue(), keep_metadata=True)
    wanted = CORNER.transpose(Image.Transpose.ROTATE_270)
    assert picture.image.size == wanted.size
    assert np.abs(np.asarray(picture.image, int) - np.asarray(wanted, int)).mean() <= 8
    assert picture.image.getexif().get(0x0112, 1) == 1


def with_options(image: Image.Image, **options: object) -> Image.Image:
    """A picture as Pillow gives it to a writer."""
    found = image.copy()
    found.encoderinfo = options
    return found


def test_damaged_heic_is_one_clear_error(heic: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    data = heic(CORNER)
    for broken in (data[:60], data[: len(data) // 2], head(b"heic")):
        with pytest.raises(InputError, match="damaged") as caught:
            read_picture(broken)
        assert "\n" not in str(caught.value)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 64 * 48 // 2 - 1)
    with pytest.raises(InputError, match="too large"):
        read_picture(data)
    assert "pillow_heif" in sys.modules
