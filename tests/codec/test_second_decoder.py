"""Every golden file is read a second time, by a decoder that knows nothing but docs/FORMAT.md."""

from __future__ import annotations

import functools
import hashlib
import json
import subprocess
import sys
import warnings
import zlib
from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import bitstream
from bitstream import AudioSource, BitstreamError, Chunks, ColourFormat, ImageSource
from tests.helpers.containers import ROOMY
from tests.helpers.paths import GOLDEN_FOLDERS, GOLDEN_IMAGE_MODEL, ROOT
from tests.helpers.strategies import containers
from tests.second_decoder.alpha import read_alpha
from tests.second_decoder.byte_reader import FormatError
from tests.second_decoder.colours import coded_cmyk, coded_grey_16, from_rgb
from tests.second_decoder.container import Container, Picture, Sound, read_container
from tests.second_decoder.indices import decode_indices
from tests.second_decoder.integer_layers import Integers
from tests.second_decoder.metadata import read_metadata
from tests.second_decoder.model_file import ModelFile
from tests.second_decoder.overlay import read_overlay
from vqcodec import AudioCodec, Codec, ImageCodec, Indices, load
from vqcodec.media.pictures.modes import pixels_of, restore
from vqcodec.model.bundled import WEIGHTS

PATHS = [path for folder in GOLDEN_FOLDERS for path in sorted(folder.glob("*.vq"))]
MODELS = sorted(path for folder in (WEIGHTS, *GOLDEN_FOLDERS) for path in folder.glob("*.safetensors"))
CUT = "cut.vq"

of_files = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)


def pins(path: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads(path.with_name("pins.json").read_text())[path.name]
    return found


@functools.cache
def model_path(fingerprint: bytes) -> Path:
    """The model whose header names this fingerprint."""
    return next(path for path in MODELS if ModelFile(path).header["fingerprint"] == fingerprint.hex())


@functools.cache
def codec_of(path: Path) -> Codec:
    return load(path)


def container_of(path: Path) -> Container:
    return read_container(path.read_bytes(), cut=path.name == CUT)


def second(path: Path) -> tuple[Container, ModelFile, Integers]:
    """A file, its model, and its indices `[P, rows, columns]`."""
    container = container_of(path)
    model = ModelFile(model_path(container.fingerprint))
    return container, model, decode_indices(container, model)


def first(path: Path, container: Container) -> tuple[Codec, Indices]:
    """The same by the package."""
    codec = codec_of(model_path(container.fingerprint))
    with warnings.catch_warnings(action="ignore"):
        return codec, codec.read(path.read_bytes(), allow_truncated=True)


def levels(picture: Image.Image) -> Integers:
    """Its pixels as `from_rgb` gives them."""
    return np.asarray(picture).astype(np.int64) * (255 if picture.mode == "1" else 1)


def picture_files() -> list[Path]:
    return [path for path in PATHS if isinstance(container_of(path).source, Picture)]


def test_there_are_pictures_and_sounds_of_all_models() -> None:
    named = {container_of(path).fingerprint for path in PATHS}
    assert named == {ModelFile(path).fingerprint() for path in MODELS}
    assert len(picture_files()) >= 17


@of_files
def test_the_indices_are_the_same(path: Path) -> None:
    container, _, indices = second(path)
    assert hashlib.sha256(indices.astype("<i4").tobytes()).hexdigest() == pins(path)["sha256"]
    assert np.array_equal(indices, first(path, container)[1].values)


@pytest.mark.parametrize("path", picture_files(), ids=lambda path: path.name)
def test_the_picture_is_the_same(path: Path) -> None:
    """Alpha and metadata, and the colours but for the network that decodes them."""
    container = container_of(path)
    assert isinstance(container.source, Picture)
    codec, indices = first(path, container)
    assert isinstance(codec, ImageCodec)
    picture = codec.decode(indices)
    rgb = codec.pixels(indices).astype(np.int64)
    if container.overlay:
        overlay = read_overlay(container.overlay, container.source.height, container.source.width)
        for row, own in zip(rgb, overlay, strict=True):
            row[:] = [below if colour is None else colour for below, colour in zip(row, own, strict=True)]
    colours = from_rgb(rgb, container.source)
    if container.alpha:
        alpha = np.array(read_alpha(container.alpha, container.source.height, container.source.width))
        assert np.array_equal(alpha, levels(picture.getchannel("A")))
        assert len(np.unique(alpha)) > 2
        colours[alpha == 0] = 0
        picture = picture.convert(picture.mode.removesuffix("A"))
    assert np.array_equal(colours, levels(picture))
    metadata = read_metadata(container.metadata) if container.metadata else {}
    assert metadata.keys() == picture.info.keys()
    assert all(picture.info[name].endswith(content) for name, content in metadata.items())


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_the_fingerprint_is_the_same(path: Path) -> None:
    model = ModelFile(path)
    assert model.fingerprint().hex() == model.header["fingerprint"]
    assert model.fingerprint() == codec_of(path).model.fingerprint


@pytest.mark.parametrize("colour", ColourFormat)
def test_colour_formats_are_the_same_to_the_bit(colour: ColourFormat) -> None:
    rng = np.random.default_rng(colour)
    rgb = rng.integers(0, 256, (300, 400, 3), dtype=np.uint8)
    rgb[:50] = rng.integers(120, 136, (50, 400, 3))  # about as light as half
    palette = rng.integers(0, 256, (17 if colour == ColourFormat.PALETTE else 0, 3), dtype=np.uint8)
    expected = restore(rgb, ImageSource(400, 300, colour=colour, palette=palette.tobytes()), Chunks())
    source = Picture(400, 300, colour, 400, 300, tuple((r, g, b) for r, g, b in palette.tolist()))
    assert np.array_equal(from_rgb(rgb.astype(np.int64), source), levels(expected))


def test_what_is_coded_of_grey_of_16_bits_and_of_cmyk() -> None:
    grey = np.arange(2**16, dtype=np.uint16).reshape(256, 256)
    coded = pixels_of(Image.fromarray(grey))
    assert np.array_equal(coded, coded_grey_16(grey[..., None].repeat(3, axis=2).astype(np.int64)))
    ink, black = np.indices((256, 256))
    cmyk = np.stack([ink, ink // 2, 255 - ink, black], axis=-1)
    coded = pixels_of(Image.fromarray(cmyk.astype(np.uint8), "CMYK"))
    assert np.array_equal(coded, coded_cmyk(cmyk))


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_every_rate_point_of_a_model_is_read(path: Path) -> None:
    """Any indices, of streams without choices, too."""
    codec, model, rng = codec_of(path), ModelFile(path), np.random.default_rng(1)
    source: ImageSource | AudioSource = ImageSource(2 * model.stride, 3 * model.stride)
    if isinstance(codec, AudioCodec):
        source = AudioSource(2 * model.stride, codec.sample_rate, 3)
    for rate_point, sizes in enumerate(model.sizes):
        values = rng.integers(0, np.array(sizes)[:, None, None], (len(sizes), 3, 2)).astype(np.int32)
        container = read_container(codec.write(codec.indices(values, rate_point, source)))
        assert np.array_equal(decode_indices(container, model), values)
        for number, stream in enumerate(container.streams):
            assert (stream.data == b"") == (set(sizes[model.planes(number)]) == {1})


@pytest.mark.parametrize(("width", "height"), [(9 * 16, 1), (1, 9 * 16), (100, 65)])
def test_pictures_of_other_shapes_are_read(width: int, height: int) -> None:
    codec, model = codec_of(GOLDEN_IMAGE_MODEL), ModelFile(GOLDEN_IMAGE_MODEL)
    assert isinstance(codec, ImageCodec)
    pixels = np.random.default_rng(2).integers(0, 256, (height, width, 3), dtype=np.uint8)
    file = codec.compress(pixels, 90)
    assert np.array_equal(decode_indices(read_container(file), model), codec.read(file).values)


def test_what_the_model_is_not_for() -> None:
    container, model, indices = second(PATHS[0])
    assert len(container.streams) == container.stream_count == 2
    streams = container.streams
    assert np.array_equal(decode_indices(replace(container, streams=streams[:1]), model), indices[model.planes(0)])
    for wrong in (
        replace(container, rate_point=2),
        replace(container, stream_count=1, streams=streams[:1]),
        replace(container, stream_count=3, streams=(*streams, streams[0])),
        replace(container, streams=(streams[0], replace(streams[1], indices_crc=0))),
        replace(container, source=Sound(16, 16_000, 1)),
        replace(container, fingerprint=bytes(8)),
    ):
        with pytest.raises(FormatError):
            decode_indices(wrong, model)


def test_nothing_of_the_package_is_used() -> None:
    program = (
        "import sys; from tests.second_decoder import alpha, colours, container, indices, metadata, model_file, overlay"
    )
    program += "; print(sorted({'bitstream', 'constriction', 'safetensors', 'torch', 'vqcodec'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True).stdout == b"[]\n"


@pytest.mark.parametrize("end", [-1, -4, -5])
def test_a_cut_file_is_no_whole_one(end: int) -> None:
    file = PATHS[0].read_bytes()
    with pytest.raises(FormatError):
        read_container(file[:end])
    assert read_container(file[:end], cut=True).streams == read_container(file).streams[: 2 if end >= -4 else 1]


@settings(deadline=None)
@given(containers(), st.data())
def test_containers_are_read_and_refused_alike(container: bitstream.Container, data: st.DataObject) -> None:
    """Of files whose checksum is right, whatever else was done to them."""
    file = bytearray(bitstream.pack(container))
    for _ in range(data.draw(st.integers(0, 2))):
        file[data.draw(st.integers(5, len(file) - 1))] = data.draw(st.integers(0, 255))
    body = bytes(file[: data.draw(st.just(-4) | st.integers(5, len(file)))])
    whole = body + zlib.crc32(body).to_bytes(4, "little")
    try:
        expected = bitstream.unpack(whole, ROOMY)
    except BitstreamError:
        with pytest.raises(FormatError):
            read_container(whole)
        return
    found = read_container(whole)
    assert [(each.data, each.indices_crc) for each in found.streams] == [astuple(each) for each in expected.streams]
    assert (found.alpha or b"", found.metadata or b"", found.overlay or b"") == astuple(expected.chunks)
    assert (found.fingerprint, found.rate_point) == (expected.fingerprint, expected.rate_point)
    assert found.decoder_version == expected.decoder_version
