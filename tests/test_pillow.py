"""Pillow reads and writes `.vq` files."""

from __future__ import annotations

import io
import pickle
import shutil
import warnings
import zlib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from bitstream import AudioSource, Chunks, ColourFormat, Container, ImageSource, Stream, header, pack, unpack
from tests.helpers.commands import PHOTO, SIZE, vq_of
from tests.helpers.processes import python
from vqcodec import ImageCodec
from vqcodec import pillow as pillow_plugin
from vqcodec.codec.cache import CodecCache
from vqcodec.media.pictures.colour_spaces import ADOBE_RGB
from vqcodec.pillow import VqImageFile

MAKE, ORIENTATION = 0x010F, 0x0112  # EXIF tags
MODES = ["RGB", "RGBA", "L", "LA", "1", "P", "I;16", "CMYK"]


@pytest.fixture(autouse=True)
def bundled(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    """Let the small model be the bundled one."""
    weights = tmp_path_factory.mktemp("weights")
    shutil.copy(tiny_model, weights / "photo.safetensors")
    monkeypatch.setattr("vqcodec.model.bundled.WEIGHTS", weights)
    monkeypatch.setattr(pillow_plugin, "_codecs", cache(CodecCache))
    return weights


@pytest.fixture
def photo() -> Image.Image:
    return Image.open(io.BytesIO(PHOTO))


@pytest.fixture
def file(tmp_path: Path, tiny_model: Path) -> Path:
    """A `.vq` file."""
    (tmp_path / "photo.vq").write_bytes(vq_of(tiny_model))
    return tmp_path / "photo.vq"


def same(one: Image.Image, other: Image.Image) -> bool:
    return (one.mode, one.size, one.tobytes()) == (other.mode, other.size, other.tobytes())


def in_mode(image: Image.Image, mode: str) -> Image.Image:
    if mode == "I;16":
        return Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    return image.convert(mode)


def test_a_file_is_opened_in_every_way(file: Path, tiny_codec: ImageCodec) -> None:
    wanted = tiny_codec.decompress(file.read_bytes())
    with file.open("rb") as opened:
        for source in (file, str(file), opened, io.BytesIO(file.read_bytes())):
            with Image.open(source) as image:
                assert (image.format, image.mode, image.size) == ("VQ", "RGB", SIZE)
                assert image.get_format_mimetype() == "image/x-vq"
                assert same(image, wanted)
    assert same(Image.open(file).resize((20, 10)), wanted.resize((20, 10)))


def test_pixels_are_decoded_when_they_are_asked_for(
    file: Path, monkeypatch: pytest.MonkeyPatch, tiny_codec: ImageCodec
) -> None:
    calls = []
    decompress = ImageCodec.decompress

    def counting(*args: Any) -> Image.Image:
        calls.append(1)
        return decompress(*args)

    monkeypatch.setattr(ImageCodec, "decompress", counting)
    image = Image.open(file)
    opened = image.fp
    assert opened is not None
    assert (image.size, calls, opened.closed) == (SIZE, [], False)
    image.load()
    image.load()
    assert (calls, opened.closed) == ([1], True)
    image.putpixel((0, 0), (1, 2, 3))
    assert image.getpixel((0, 0)) == (1, 2, 3)
    assert same(pickle.loads(pickle.dumps(image)), image)
    assert same(image.copy(), image)


@pytest.mark.parametrize("mode", MODES)
def test_modes_are_known_before_the_pixels(photo: Image.Image, tiny_codec: ImageCodec, mode: str) -> None:
    memory, original = io.BytesIO(), in_mode(photo, mode)
    original.save(memory, "VQ")
    image, wanted = Image.open(memory), tiny_codec.decompress(memory.getvalue())
    assert (image.mode, image.size) == (wanted.mode, wanted.size) == (mode, SIZE)
    assert same(image, wanted)
    assert same(image.convert("RGB"), wanted.convert("RGB"))
    assert image.getpixel((7, 5)) == wanted.getpixel((7, 5))


def test_pictures_are_saved_in_every_way(tmp_path: Path, photo: Image.Image, tiny_codec: ImageCodec) -> None:
    photo.save(tmp_path / "path.vq")
    photo.save(str(tmp_path / "name.VQ"), quality=40)
    memory = io.BytesIO()
    photo.save(memory, format="vq", quality=np.float32(40))
    assert (tmp_path / "path.vq").read_bytes() == tiny_codec.compress(photo)
    assert (tmp_path / "name.VQ").read_bytes() == memory.getvalue() == tiny_codec.compress(photo, 40)
    image = Image.open(tmp_path / "path.vq")
    image.save(tmp_path / "path.vq", quality=1)  # over the file that it comes from
    decoded = tiny_codec.decompress(tiny_codec.compress(photo))
    assert (tmp_path / "path.vq").read_bytes() == tiny_codec.compress(decoded, 1)


def test_a_model_can_be_named(tmp_path: Path, photo: Image.Image, bundled: Path, tiny_model: Path) -> None:
    (bundled / "photo.safetensors").unlink()
    with pytest.raises(OSError, match="no model 'photo'"):
        photo.save(tmp_path / "new.vq")
    assert not (tmp_path / "new.vq").exists()
    photo.save(tmp_path / "new.vq", model=tiny_model)
    assert (tmp_path / "new.vq").read_bytes() == vq_of(tiny_model)
    image = Image.open(tmp_path / "new.vq")
    assert image.size == SIZE
    with pytest.raises(OSError, match="written with model"):
        image.load()


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


def test_what_programs_ask_of_any_picture(file: Path) -> None:
    with Image.open(file) as image:
        assert isinstance(image, VqImageFile)
        assert (image.n_frames, image.is_animated, image.tell()) == (1, False, 0)
        image.seek(0)
        with pytest.raises(EOFError):
            image.seek(1)
        assert image.draft("L", (10, 10)) is None
        assert dict(image.getexif()) == {}
        image.thumbnail((20, 20))
        assert max(image.size) == 20


@pytest.mark.parametrize("quality", [0, 101, float("nan"), "keep", None])
def test_a_wrong_quality(tmp_path: Path, photo: Image.Image, quality: object) -> None:
    with pytest.raises(ValueError, match="quality must be"):
        photo.save(tmp_path / "new.vq", quality=quality)
    assert list(tmp_path.iterdir()) == []


def test_a_model_for_sound_writes_no_pictures(tmp_path: Path, photo: Image.Image, tiny_voice: Path) -> None:
    with pytest.raises(OSError, match="the model is for sound"):
        photo.save(tmp_path / "new.vq", model=tiny_voice)


def test_sound_is_no_picture(tmp_path: Path) -> None:
    path = tmp_path / "voice.vq"
    path.write_bytes(pack(Container(bytes(8), 1, AudioSource(9, 8000, 1), 0, (Stream(b"", 0),))))
    with pytest.raises(UnidentifiedImageError):
        Image.open(path)


def test_files_are_verified(file: Path) -> None:
    Image.open(file).verify()
    data = file.read_bytes()
    for damaged in (data[:-1], data[:60] + bytes([data[60] ^ 1]) + data[61:], data + b"\0"):
        image = Image.open(io.BytesIO(damaged))
        assert image.size == SIZE
        with pytest.raises(OSError, match="damaged"):
            image.verify()
        with pytest.raises(OSError, match="damaged"):
            Image.open(io.BytesIO(damaged)).load()


def test_cut_files_are_loaded_if_pillow_is_told_to(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut = file.read_bytes()[:-5]
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    with pytest.warns(UserWarning, match="cut short"):
        Image.open(io.BytesIO(cut)).load()
    with pytest.raises(OSError, match="cut short"):
        Image.open(io.BytesIO(cut[:40])).load()


def test_the_limit_of_pillow_holds(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = SIZE[0] * SIZE[1]
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", (pixels - 1) // 2)
    with pytest.raises(Image.DecompressionBombError):
        Image.open(file)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", pixels // 2)
    with pytest.warns(Image.DecompressionBombWarning):
        image = Image.open(file)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(OSError, match="claims too much"):
        image.load()
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    image.load()


def test_a_file_that_changes_or_closes_after_it_was_opened(file: Path, photo: Image.Image) -> None:
    memory = io.BytesIO(file.read_bytes())
    image = Image.open(memory)
    with io.BytesIO() as other:
        photo.resize((9, 9)).save(other, "VQ")
        memory.seek(0)
        memory.write(other.getvalue())
        memory.truncate()
    with pytest.raises(OSError, match="was changed"):
        image.load()
    image = Image.open(file)
    image.close()
    with pytest.raises(OSError, match="closed"):
        image.load()


def test_a_parser_that_is_fed(file: Path, tiny_codec: ImageCodec) -> None:
    data = file.read_bytes()
    with ImageFile.Parser() as parser:
        for start in range(0, len(data), 10):
            parser.feed(data[start : start + 10])
        assert same(parser.close(), tiny_codec.decompress(data))


def load(data: bytes) -> str:
    """What becomes of data: a mode, or the name of an error that Pillow raises."""
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(data)) as image:
            warnings.simplefilter("ignore")
            image.load()
            return image.mode
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        return type(error).__name__


quickly = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quickly
@given(st.data())
def test_damaged_files_raise_what_pillow_raises(tiny_model: Path, data: st.DataObject) -> None:
    whole = vq_of(tiny_model)
    cut = whole[: data.draw(st.integers(0, len(whole)))]
    changed = bytearray(cut)
    for place in data.draw(st.lists(st.integers(0, max(len(cut) - 1, 0)), max_size=4)) if cut else ():
        changed[place] = data.draw(st.integers(0, 255))
    result = load(bytes(changed))
    assert result == "RGB" if bytes(changed) == whole else result in ("OSError", "UnidentifiedImageError")


@st.composite
def hostile(draw: st.DrawFn, whole: bytes) -> bytes:
    """A small file whose checksums are right and whose contents are anything, or anything but its indices."""
    container = unpack(whole)
    colour = draw(st.sampled_from(ColourFormat))
    palette = draw(st.binary(max_size=5)) * 3 if colour == ColourFormat.PALETTE else b""
    assert isinstance(container.source, ImageSource)
    source, streams = replace(container.source, colour=colour, palette=palette), container.streams
    if draw(st.booleans()):
        width, height = draw(st.integers(1, 70)), draw(st.integers(1, 70))
        coded = (draw(st.integers(1, width)), draw(st.integers(1, height))) if draw(st.booleans()) else (0, 0)
        source = ImageSource(width, height, *coded, colour, palette)
        made = st.builds(Stream, st.binary(max_size=30), st.just(0))
        streams = tuple(draw(st.lists(made, min_size=1, max_size=4)))
    alpha = draw(st.binary(max_size=30)) if colour in (ColourFormat.RGB, ColourFormat.GREY) else b""
    packed = draw(st.binary(max_size=30) | st.binary(max_size=30).map(zlib.compress))
    return pack(replace(container, source=source, streams=streams, chunks=Chunks(alpha, packed)))


@quickly
@given(st.data())
def test_hostile_files_raise_what_pillow_raises(tiny_model: Path, data: st.DataObject) -> None:
    assert load(data.draw(hostile(vq_of(tiny_model)))) in ("OSError", "UnidentifiedImageError", *MODES)


def test_hostile_sizes_raise_what_pillow_raises(tiny_codec: ImageCodec) -> None:
    for width, height in ((2**32 - 1, 2**32 - 1), (2**32 - 1, 1), (1, 2**31)):
        container = Container(tiny_codec.model.fingerprint, 1, ImageSource(width, height), 0, (Stream(b"", 0),))
        assert load(pack(container)) == "DecompressionBombError"


def test_our_files_begin_as_the_plugin_expects() -> None:
    assert pillow_plugin.MAGIC == header.MAGIC
    assert Image.ID.count("VQ") == 1


SCRIPT = """
import sys
import vqcodec
finders = len(sys.meta_path)
assert not {"PIL", "numpy", "torch", "constriction"} & {*sys.modules}
%s
assert not {"numpy", "torch"} & {*sys.modules}
image = Image.open(sys.argv[1])
assert "torch" not in sys.modules
print(image.format, image.mode, *image.size, Image.registered_extensions()[".vq"], len(sys.meta_path) - finders)
"""


@pytest.mark.parametrize(
    "imports", ["from PIL import Image; import vqcodec.pillow", "import vqcodec.pillow; from PIL import Image"]
)
def test_one_import_registers_and_is_light(file: Path, imports: str) -> None:
    done = python(SCRIPT % imports, file)
    assert done.stderr == ""
    assert done.stdout.split() == ["VQ", "RGB", *map(str, Image.open(file).size), "VQ", "0"]


def test_importing_vqcodec_leaves_pillow_alone() -> None:
    code = "import vqcodec; from PIL import Image; Image.init(); assert 'VQ' not in Image.OPEN"
    assert python(code).returncode == 0
