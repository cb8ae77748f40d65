"""Pillow reads `.vq` files."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageFile, UnidentifiedImageError

from bitstream import AudioSource, Container, Stream, pack
from tests.helpers.commands import SIZE
from tests.helpers.pillow_modes import MODES, in_mode, same
from vqcodec import ImageCodec
from vqcodec.pillow import VqImageFile


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

    def counting(*args: Any, **options: Any) -> Image.Image:
        calls.append(1)
        return decompress(*args, **options)

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


def test_what_programs_ask_of_any_picture(file: Path) -> None:
    with Image.open(file) as image:
        assert isinstance(image, VqImageFile)
        assert (image.n_frames, image.is_animated, image.tell()) == (1, False, 0)
        image.seek(0)
        with pytest.raises(EOFError):
            image.seek(1)
        assert image.draft("L", (20, 20)) is None  # more than a quarter
        assert dict(image.getexif()) == {}
        image.thumbnail((20, 20))
        assert max(image.size) == 20


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
