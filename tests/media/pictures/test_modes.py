"""Pictures of every mode come back in it, as far as RGB of 8 bits can tell them."""

from __future__ import annotations

import dataclasses
import io
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bitstream import Chunks, ColourFormat, CorruptError, ImageSource, pack, unpack
from tests.helpers.pictures import disc, pictures, same_pixels
from vqcodec import ImageCodec, InputError
from vqcodec.media.pictures.modes import KEPT_COLOURS, MODES, Prepared, image_of, prepare, restore

PIXELS = pictures(1, 100, seed=5)[0][:60, :80]
PHOTO = Image.fromarray(PIXELS)


def of_mode(mode: str) -> Image.Image:
    """The photograph in a mode, with soft alpha if the mode has any."""
    if mode == "I;16":
        return Image.fromarray(np.asarray(PHOTO.convert("L")).astype(np.uint16) * 257)
    image = PHOTO.convert(mode)
    if mode.endswith("A"):
        image.putalpha(Image.fromarray(np.tile(np.linspace(0, 255, 80).astype(np.uint8), (60, 1))))
    return image


def back(picture: Prepared) -> Image.Image:
    """What comes back if the colours are coded without loss."""
    return restore(picture.pixels, picture.source, picture.chunks)


@pytest.mark.parametrize("mode", MODES)
def test_lossless_coding_would_be_lossless(mode: str) -> None:
    """Up to what RGB of 8 bits loses: the black of CMYK, and colours of large palettes."""
    image = of_mode(mode)
    found = back(prepare(image))
    assert (found.mode, found.size, found.info) == (mode, image.size, {})
    wanted, got = (np.asarray(each.convert("RGB") if mode in ("P", "CMYK") else each, int) for each in (image, found))
    if mode.endswith("A"):
        assert np.array_equal(got[..., -1], wanted[..., -1])
        wanted[wanted[..., -1] == 0] = 0  # hidden colours are black
    assert np.abs(got - wanted).max() <= (30 if mode == "P" else 0)


def test_colours_of_cmyk_are_those_of_pillow() -> None:
    values = np.random.default_rng(0).integers(0, 256, (9, 9, 4), dtype=np.uint8)
    image = Image.fromarray(values, "CMYK")
    assert same_pixels(back(prepare(image)).convert("RGB"), image.convert("RGB"))


def test_sixteen_bits_are_rounded_to_eight() -> None:
    values = np.array([[0, 128, 129, 300, 32768, 65406, 65535]], np.uint16)
    found = np.asarray(back(prepare(Image.fromarray(values))))
    assert found.dtype == np.uint16
    assert np.array_equal(found, [[0, 0, 257, 257, 128 * 257, 254 * 257, 65535]])


def test_half_is_white() -> None:
    pixels = np.repeat(np.array([[0, 127, 128, 255]], np.uint8)[..., None], 3, 2)
    found = restore(pixels, ImageSource(4, 1, colour=ColourFormat.BILEVEL), Chunks())
    assert same_pixels(found, [[False, False, True, True]])


@pytest.mark.parametrize("colours", [1, 2, 5, KEPT_COLOURS])
def test_few_colours_come_back_exactly_from_noisy_ones(colours: int) -> None:
    rng = np.random.default_rng(colours)
    palette = np.stack(np.unravel_index(rng.permutation(64)[:colours], (4, 4, 4)), -1).astype(np.uint8) * 80
    drawing = Image.fromarray(palette[rng.integers(0, colours, (30, 40))]).quantize(colours)
    rgb = np.asarray(drawing.convert("RGB"))
    picture = prepare(drawing)
    assert picture.source.palette == np.unique(rgb.reshape(-1, 3), axis=0).tobytes()
    noisy = (rgb.astype(int) + rng.integers(-20, 21, rgb.shape)).clip(0, 255).astype(np.uint8)
    found = restore(noisy, picture.source, picture.chunks)
    assert found.mode == "P"
    assert same_pixels(found.convert("RGB"), rgb)


def test_many_colours_get_a_palette_of_their_own() -> None:
    drawing = of_mode("P")
    assert len(drawing.getcolors(256) or ()) > KEPT_COLOURS
    picture = prepare(drawing)
    assert picture.source.palette == b""
    found = back(picture)
    assert 0 < len(found.getcolors(256) or ()) <= 256
    assert np.abs(np.asarray(found.convert("RGB"), int) - np.asarray(drawing.convert("RGB"))).mean() < 3


@settings(deadline=None, max_examples=30)
@given(st.binary(max_size=60).map(lambda data: data[: len(data) // 3 * 3]))
def test_any_palette_can_be_restored(palette: bytes) -> None:
    found = restore(PIXELS, ImageSource(80, 60, colour=ColourFormat.PALETTE, palette=palette), Chunks())
    assert (found.mode, found.size) == ("P", (80, 60))
    used = {colour for _, colour in found.convert("RGB").getcolors() or ()}
    assert not palette or used <= {tuple(palette[i : i + 3]) for i in range(0, len(palette), 3)}


def test_the_nearest_colour_is_taken() -> None:
    """Even of colours that differ by less than Pillow tells apart; of equally near ones it is the first."""
    rng = np.random.default_rng(0)
    for count in (1, 2, 5, 64, 256):
        palette = rng.integers(0, 256, (count, 3), dtype=np.uint8)
        palette[1::2] = palette[::2][: count // 2] ^ 3
        pixels = np.concatenate([palette[rng.integers(0, count, (70, 90))], PIXELS[:, :90].repeat(2, 1)[:, :90]])
        distances = ((pixels[..., None, :].astype(int) - palette) ** 2).sum(-1)
        source = ImageSource(90, 130, colour=ColourFormat.PALETTE, palette=palette.tobytes())
        found = restore(pixels, source, Chunks())
        assert same_pixels(found, distances.argmin(-1))
        assert same_pixels(found.convert("RGB"), palette[np.asarray(found)])


@pytest.mark.parametrize(("mode", "most"), [("P", 5), ("RGBA", 9)])
def test_little_is_held_of_a_large_picture(mode: str, most: int) -> None:
    """Bytes a pixel in NumPy: three are the pixels; the rest is alpha, and what it takes to encode that."""
    image = Image.new("RGB", (2000, 1800), (7, 8, 9))
    image.putalpha(Image.fromarray(disc(1800, 2000)))
    image = image.convert("RGB").quantize(4) if mode == "P" else image
    prepare(image.crop((0, 0, 9, 9)))  # what is set up once is not counted
    tracemalloc.start()
    try:
        prepare(image)
        assert tracemalloc.get_traced_memory()[1] < most * 3_600_000
    finally:
        tracemalloc.stop()


def test_opaque_alpha_is_remembered_in_a_byte() -> None:
    for mode in ("LA", "RGBA"):
        opaque = PHOTO.convert(mode)
        picture = prepare(opaque)
        assert picture.chunks.alpha == b"\0"
        assert back(picture) == opaque


def test_arrays() -> None:
    for pixels in (PIXELS, PIXELS[..., 0], np.dstack((PIXELS, PIXELS[..., :1]))):
        picture, image = prepare(image_of(pixels)), prepare(Image.fromarray(pixels))
        assert np.array_equal(picture.pixels, image.pixels)
        assert (picture.source, picture.chunks) == (image.source, image.chunks)
    with pytest.raises(InputError, match="uint8"):
        image_of(PIXELS[..., :2])


# In the codec ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_files_give_back_the_mode(tiny_codec: ImageCodec, mode: str) -> None:
    data = tiny_codec.compress(of_mode(mode), 90)
    found = tiny_codec.decompress(data)
    assert (found.mode, found.size) == (mode, PHOTO.size)
    assert tiny_codec.write(tiny_codec.read(data)) == data
    if mode.endswith("A"):
        assert same_pixels(found.getchannel("A"), of_mode(mode).getchannel("A"))
        assert not np.asarray(found)[np.asarray(found.getchannel("A")) == 0].any()
    if mode == "I;16":
        assert np.asarray(found).max() > 255


@pytest.mark.parametrize("mode", ["L", "1"])
def test_grey_has_the_indices_of_its_rgb(tiny_codec: ImageCodec, mode: str) -> None:
    image = of_mode(mode)
    grey, rgb = tiny_codec.encode(image), tiny_codec.encode(image.convert("RGB"))
    assert np.array_equal(grey.values, rgb.values)
    assert len(tiny_codec.write(grey)) == len(tiny_codec.write(rgb))


def test_noise_under_transparency_costs_nothing(tiny_codec: ImageCodec) -> None:
    """Where nobody sees it, noise is as good as a flat colour."""
    rng = np.random.default_rng(0)
    picture = np.dstack((pictures(1, 256, seed=2)[0], np.zeros((256, 256), np.uint8)))
    picture[96:160, 96:160, 3] = 255
    hidden = picture[..., 3] == 0
    noisy, flat = picture.copy(), picture.copy()
    noisy[hidden, :3] = rng.integers(0, 256, (hidden.sum(), 3))
    flat[hidden, :3] = picture[96:160, 96:160, :3].mean((0, 1)).astype(int)
    sizes = [len(tiny_codec.compress(each, 60)) for each in (noisy, flat)]
    shown = len(tiny_codec.compress(noisy[..., :3], 60))
    assert abs(sizes[0] - sizes[1]) < 0.05 * shown
    assert tiny_codec.compress(noisy, 60) == tiny_codec.compress(picture, 60)


def test_metadata_are_kept_on_request(tiny_codec: ImageCodec) -> None:
    memory, exif = io.BytesIO(), Image.Exif()
    exif[0x010F], exif[0x0112] = "camera", 8
    PHOTO.save(memory, "JPEG", exif=exif, quality=100, subsampling=0)
    with Image.open(memory) as image:
        plain, kept = tiny_codec.compress(image), tiny_codec.compress(image, keep_metadata=True)
        assert image.size == PHOTO.size  # the caller's picture is left alone
    assert (tiny_codec.decompress(plain).size, tiny_codec.decompress(plain).info) == ((60, 80), {})
    found = tiny_codec.decompress(kept)
    assert found.size == (60, 80)
    assert found.getexif()[0x010F] == "camera"
    assert 0x0112 not in found.getexif()
    assert unpack(kept).streams == unpack(plain).streams


# Damage ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cut_out(tiny_codec: ImageCodec) -> bytes:
    image = of_mode("RGBA")
    image.info["xmp"] = b"<xmp/>"
    return tiny_codec.compress(image, keep_metadata=True)


def changed(data: bytes, **fields: Any) -> bytes:
    """The file with other fields, and right checksums."""
    return pack(dataclasses.replace(unpack(data), **fields))


@pytest.mark.parametrize(
    "chunks",
    [Chunks(alpha=b"nonsense"), Chunks(alpha=b"\0\0"), Chunks(alpha=b"\4" + bytes(5)), Chunks(metadata=b"nonsense")],
    ids=str,
)
def test_chunks_that_lie(tiny_codec: ImageCodec, cut_out: bytes, chunks: Chunks) -> None:
    with pytest.raises(CorruptError, match=r"alpha|metadata|stream"):
        tiny_codec.decompress(changed(cut_out, chunks=chunks))


def test_a_cut_file_keeps_alpha_and_metadata(tiny_codec: ImageCodec, cut_out: bytes) -> None:
    streams = unpack(cut_out).streams
    rest = sum(len(stream.data) + 4 for stream in streams[1:]) + 4
    part = unpack(cut_out[:-rest], allow_truncated=True)
    sizes = tuple(len(stream.data) for stream in streams[1:])
    assert part == dataclasses.replace(unpack(cut_out), streams=streams[:1], cut_off=sizes)
    with pytest.warns(UserWarning, match="has only 1 of the"):
        image = tiny_codec.decompress(pack(dataclasses.replace(part, cut_off=())), allow_truncated=True)
    assert same_pixels(image.getchannel("A"), of_mode("RGBA").getchannel("A"))
    assert image.info == {"xmp": b"<xmp/>"}


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(ColourFormat), st.booleans())
def test_the_colour_format_may_be_another_one(
    tiny_codec: ImageCodec, cut_out: bytes, colour: ColourFormat, alpha: bool
) -> None:
    """A file whose header was changed decodes to some picture of that format."""
    chunks = unpack(cut_out).chunks if alpha and colour in (ColourFormat.RGB, ColourFormat.GREY) else Chunks()
    image = tiny_codec.decompress(changed(cut_out, source=ImageSource(80, 60, colour=colour), chunks=chunks))
    assert image.size == (80, 60)
    assert image.mode in MODES
