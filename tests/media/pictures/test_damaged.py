"""Damaged files of pictures are read as far as there is something to see, and say so."""

from __future__ import annotations

import io
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageFile

from bitstream.errors import InputError
from tests.helpers.picture_files import png_of, saved
from tests.helpers.pictures import same_pixels
from vqcodec.media.pictures.reading import Picture, read_picture

RNG = np.random.default_rng(5)
SIZE = (160, 128)
SMOOTH = Image.fromarray(RNG.integers(30, 220, (8, 10, 3), dtype=np.uint8)).resize(SIZE, Image.Resampling.BICUBIC)
NOISY = Image.fromarray((np.asarray(SMOOTH, int) + RNG.integers(-9, 9, (128, 160, 3))).clip(0, 255).astype(np.uint8))


def decoded(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), int)


def note_of(picture: Picture) -> str:
    return next(note for note in picture.notes if "damaged or ends early" in note)


FILES = {
    "JPEG": saved(NOISY, "JPEG"),
    "JPEG with restarts": saved(NOISY, "JPEG", restart_marker_rows=1),
    "JPEG, grey": saved(NOISY.convert("L"), "JPEG"),
    "PNG": saved(NOISY, "PNG"),
    "PNG, palette": saved(NOISY.quantize(32), "PNG"),
    "PNG, bilevel": saved(NOISY.convert("1"), "PNG"),
    "PNG, alpha": saved(NOISY.convert("RGBA"), "PNG"),
    "GIF": saved(NOISY.quantize(32), "GIF", interlace=0),
    "GIF, transparent": saved(NOISY.quantize(32), "GIF", interlace=0, transparency=3),
    "BMP": saved(NOISY.transpose(Image.Transpose.FLIP_TOP_BOTTOM), "BMP"),
    "TIFF": saved(NOISY, "TIFF"),
    "PPM": saved(NOISY, "PPM"),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_is_cut_gives_what_is_there(kind: str) -> None:
    data = FILES[kind]
    whole = decoded(data)[::-1] if kind == "BMP" else decoded(data)  # which begins at the bottom
    picture = read_picture(data[: len(data) * 2 // 3])
    assert picture.image.size == SIZE
    found = np.asarray(picture.image.convert("RGB"), int)
    found = found[::-1] if kind == "BMP" else found
    same = (np.abs(found - whole).max(2) <= 1).all(1)
    rows = len(same) if same.all() else int(same.argmin())
    assert 0.4 * SIZE[1] < rows < SIZE[1]
    told = int(note_of(picture).split("only ")[1].split(" %")[0])
    assert abs(told - 100 * rows / SIZE[1]) <= 8  # a row of blocks of JPEG
    with pytest.raises(InputError, match="damaged"):
        read_picture(data[: 200 if "JPEG" not in kind else len(data) // 6])


@pytest.mark.parametrize("kind", ["JPEG", "JPEG with restarts", "JPEG, grey"])
@pytest.mark.parametrize("cut", [1, 2])
def test_a_jpeg_file_without_its_end_is_whole(kind: str, cut: int) -> None:
    data = FILES[kind]
    picture = read_picture(data[:-cut])
    assert np.array_equal(np.asarray(picture.image.convert("RGB")), decoded(data))
    assert "all of its pixels" in note_of(picture)


def test_what_is_missing_of_jpeg_is_grey() -> None:
    data = FILES["JPEG"]
    bottom = np.asarray(read_picture(data[: len(data) // 2]).image)[-16:]
    assert np.ptp(bottom, axis=(0, 1)).max() <= 2
    assert np.abs(bottom.astype(int) - 128).max() <= 2


def test_a_progressive_jpeg_file_that_is_cut_is_coarse() -> None:
    data = saved(NOISY, "JPEG", progressive=True)
    picture = read_picture(data[: len(data) // 2])
    assert "finer detail is missing" in note_of(picture)
    assert np.abs(np.asarray(picture.image, int) - np.asarray(SMOOTH, int)).mean() < 12
    assert "all of its pixels" in note_of(read_picture(data[:-2]))


def test_damage_in_the_middle_keeps_what_is_before() -> None:
    data = bytearray(FILES["PNG"])
    middle = len(data) * 3 // 4
    data[middle : middle + 40] = bytes(40)
    picture = read_picture(bytes(data))
    assert np.array_equal(np.asarray(picture.image)[:64], np.asarray(NOISY)[:64])
    assert "only" in note_of(picture)


def test_an_interlaced_png_file_that_is_cut_is_filled_from_its_neighbours() -> None:
    pixels = np.asarray(SMOOTH)
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    rows = [row for top, left, down, right in passes for row in pixels[top::down, left::right]]
    head = struct.pack(">IIBBBBB", *SIZE, 8, 2, 0, 0, 1)
    data = png_of(head, zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows), 0))
    assert same_pixels(read_picture(data).image, pixels)
    picture = read_picture(data[: len(data) * 2 // 5])
    assert 35 <= int(note_of(picture).split("only ")[1].split(" %")[0]) <= 45
    assert np.abs(np.asarray(picture.image, int) - pixels).max() < 40
    with pytest.raises(InputError, match="damaged"):  # an eighth of the pixels
        read_picture(data[: len(data) // 8])


def test_an_animation_that_is_cut_behind_its_first_frame_is_whole() -> None:
    first, second = NOISY.quantize(32), SMOOTH.quantize(32)
    data = saved(first, "GIF", save_all=True, append_images=[second])
    picture = read_picture(data[: len(data) * 3 // 4])
    assert same_pixels(picture.image.convert("RGB"), first.convert("RGB"))


@pytest.mark.parametrize("kind", ["WEBP", "AVIF", "JPEG2000"])
def test_formats_that_give_nothing_of_a_cut_file_are_refused(kind: str) -> None:
    data = saved(NOISY, kind)
    with pytest.raises(InputError, match="damaged"):
        read_picture(data[: len(data) * 2 // 3])


def test_the_switches_of_pillow_are_left_alone_in_all_threads() -> None:
    cut = FILES["JPEG"][:-2]

    def use_pillow(_: int) -> bool:
        try:
            Image.open(io.BytesIO(cut)).load()
        except OSError:
            return True
        return False

    with ThreadPoolExecutor(4) as pool:
        pictures = [pool.submit(read_picture, cut) for _ in range(20)]
        refused = list(pool.map(use_pillow, range(20)))
    assert all(refused)
    assert {np.asarray(each.result().image).tobytes() for each in pictures} == {
        decoded(cut + b"\xff\xd9").astype(np.uint8).tobytes()
    }
    assert not ImageFile.LOAD_TRUNCATED_IMAGES
