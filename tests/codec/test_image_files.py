"""Files of the codec: whose they are, what is wrong with them; and the public face of the package."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vqcodec
from bitstream import AudioSource, Container, ImageSource, Stream, pack, unpack
from tests.helpers.image_models import save_tiny_model
from tests.helpers.model_files import rewritten
from tests.helpers.pictures import pictures
from vqcodec import (
    BitstreamError,
    CorruptError,
    FingerprintError,
    ImageCodec,
    InputError,
    LimitError,
    TruncatedError,
    load,
)
from vqcodec.codec.cache import CodecCache
from vqcodec.codec.inspection import AudioFileInfo, ImageFileInfo
from vqcodec.codec.loading import for_pictures, load_for

PICTURE = pictures(1, 60, seed=4)[0]  # 4 x 4 positions


@pytest.fixture(scope="module")
def data(tiny_codec: ImageCodec) -> bytes:
    return tiny_codec.compress(PICTURE, quality=80)  # of the finer rate point


@pytest.fixture(scope="module")
def other_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("other") / "other.safetensors", seed=1)


def changed(data: bytes, **fields: Any) -> bytes:
    """The file with other fields of its header, and right checksums."""
    return pack(dataclasses.replace(unpack(data), **fields))


# Models ------------------------------------------------------------------------------------------------------------


def test_files_of_another_model(data: bytes, other_model: Path) -> None:
    with pytest.raises(FingerprintError, match="was written with model"):
        for_pictures(load(other_model)).decompress(data)


def test_the_model_of_a_file_is_found(data: bytes, other_model: Path, tiny_model: Path) -> None:
    assert load_for(unpack(data), models=[other_model, tiny_model]).model.fingerprint == unpack(data).fingerprint
    with pytest.raises(FingerprintError, match="not bundled"):
        load_for(unpack(data), models=[other_model])


def test_a_named_model_comes_before_a_bundled_one(
    data: bytes, tiny_model: Path, other_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the same normative part, it may have a better decoder; one with another normative part does not hinder."""
    better = rewritten(tiny_model, tmp_path, decoder_version=7)
    (tmp_path / "bundled").mkdir()
    shutil.copy(tiny_model, tmp_path / "bundled")
    monkeypatch.setattr("vqcodec.model.bundled.WEIGHTS", tmp_path / "bundled")
    cache = CodecCache()
    for models, version in (((), 1), ((better,), 7), ((other_model,), 1), ((other_model, better), 7)):
        assert load_for(unpack(data), models=models).model.config.decoder_version == version
        assert cache.for_file(unpack(data), models).model.config.decoder_version == version
    assert cache.for_file(unpack(data), [better]) is cache.for_file(unpack(data), [better]) is cache.named(better)


def test_bundled_models_serve_the_functions(
    data: bytes, tiny_model: Path, other_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(other_model, tmp_path / "photo.safetensors")
    shutil.copy(tiny_model, tmp_path / "older.safetensors")
    monkeypatch.setattr("vqcodec.model.bundled.WEIGHTS", tmp_path)
    assert [info.name for info in vqcodec.models()] == ["older", "photo"]
    assert vqcodec.inspect(data).model == "older"
    assert vqcodec.decompress(data) == for_pictures(load(tiny_model)).decompress(data)
    other = for_pictures(load(other_model))
    assert vqcodec.compress(PICTURE, quality=20) == other.compress(PICTURE, quality=20)


def test_what_a_file_says_of_itself(data: bytes, tiny_codec: ImageCodec) -> None:
    info = vqcodec.inspect(data)
    assert isinstance(info, ImageFileInfo)
    assert (info.modality, info.width, info.height, info.total_bytes) == ("image", 60, 60, len(data))
    assert (info.fingerprint, info.rate_point) == (tiny_codec.model.fingerprint.hex(), 1)
    assert info.streams == tuple(len(stream.data) for stream in unpack(data).streams)
    assert info.bits_per_pixel == 8 * len(data) / 3600


def test_what_a_file_of_sound_says_of_itself() -> None:
    data = pack(Container(b"8 bytes.", 1, AudioSource(2**63, 16_000, 2), 3, (Stream(b"abcd", 0), Stream(b"", 0))))
    info = vqcodec.inspect(data)
    assert isinstance(info, AudioFileInfo)
    assert (info.modality, info.samples, info.sample_rate, info.channels) == ("audio", 2**63, 16_000, 2)
    assert (info.fingerprint, info.rate_point, info.streams) == (b"8 bytes.".hex(), 3, (4, 0))
    assert info.seconds == 2**63 / 16_000
    assert info.kbps == pytest.approx(8 * len(data) / info.seconds / 1000)


# Streams -----------------------------------------------------------------------------------------------------------


def test_first_streams_decode_alone(data: bytes, tiny_codec: ImageCodec) -> None:
    whole = tiny_codec.read(data)
    with pytest.warns(UserWarning, match="only 1 of the 2 streams"):
        part = tiny_codec.read(changed(data, streams=unpack(data).streams[:1]), allow_truncated=True)
    assert part.values.shape == (2, 4, 4)
    assert (part.values == whole.values[:2]).all()
    assert tiny_codec.decode(part).size == (60, 60)
    assert (tiny_codec.bits(part) == tiny_codec.bits(whole)[:2]).all()
    filled = np.concatenate([part.values, np.zeros((4, 4, 4), np.int32)])  # the most frequent codes come first
    assert tiny_codec.decode(part) == tiny_codec.decode(dataclasses.replace(whole, values=filled))
    with pytest.raises(InputError, match="lack planes"):
        tiny_codec.write(part)


@pytest.mark.parametrize("planes", [1, 3, 5])
def test_planes_that_end_inside_a_stream(data: bytes, tiny_codec: ImageCodec, planes: int) -> None:
    whole = tiny_codec.read(data)
    part = dataclasses.replace(whole, values=whole.values[:planes], sizes=whole.sizes[:planes])
    assert tiny_codec.decode(part).size == (60, 60)
    with pytest.raises(InputError, match="only some of the planes of a stream"):
        tiny_codec.bits(part)


@pytest.mark.parametrize(
    "change",
    [
        {"sizes": (16, 16, 16, 16, 16, 17)},
        {"rate_point": 2},
        {"rate_point": -1},
        {"source": ImageSource(65, 60)},
        {"source": ImageSource(60, 48)},
        {"source": AudioSource(64, 8000, 4)},
        {"values": np.zeros((7, 4, 4), np.int32), "sizes": (16,) * 7},
        {"values": np.zeros((6, 4, 5), np.int32)},
        {"values": np.zeros((6, 3, 4), np.int32)},
    ],
    ids=str,
)
def test_indices_of_another_model(tiny_codec: ImageCodec, change: dict[str, Any]) -> None:
    indices = tiny_codec.encode(PICTURE, rate_point=1)
    other = dataclasses.replace(indices, **change)
    for use in (tiny_codec.decode, tiny_codec.bits, tiny_codec.write):
        with pytest.raises(InputError, match="belong to another model"):
            use(other)


# Damage ------------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_every_flipped_bit_is_noticed(data: bytes, tiny_codec: ImageCodec, draw: st.DataObject) -> None:
    damaged = bytearray(data)
    damaged[draw.draw(st.integers(0, len(data) - 1))] ^= 1 << draw.draw(st.integers(0, 7))
    with pytest.raises(BitstreamError):
        tiny_codec.read(bytes(damaged))


@pytest.mark.parametrize("length", [5, 20, 60, -5, -1])
def test_files_that_are_cut(data: bytes, tiny_codec: ImageCodec, length: int) -> None:
    with pytest.raises(TruncatedError):
        tiny_codec.decompress(data[:length])


def streams_with(file: bytes, **fields: Any) -> dict[str, Any]:
    first, second = unpack(file).streams
    return {"streams": (dataclasses.replace(first, **fields), second)}


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        (lambda data: {"streams": (*unpack(data).streams, Stream(b"", 0))}, CorruptError),
        (lambda data: {"streams": unpack(data).streams[::-1]}, CorruptError),
        (lambda data: streams_with(data, indices_crc=1), CorruptError),
        (lambda data: streams_with(data, data=b""), CorruptError),
        (lambda data: streams_with(data, data=b"abc"), CorruptError),
        (lambda data: streams_with(data, data=bytes(400)), CorruptError),
        (lambda data: streams_with(data, data=b"\xff" * 40), CorruptError),
        (lambda _: {"rate_point": 0}, CorruptError),
        (lambda _: {"rate_point": 2}, CorruptError),
        (lambda _: {"source": ImageSource(61, 90)}, CorruptError),
        (lambda _: {"source": ImageSource(60, 60, 30, 30)}, CorruptError),
        (lambda _: {"source": AudioSource(1000, 8000, 1)}, FingerprintError),
        (lambda _: {"source": ImageSource(2**31, 2**31)}, LimitError),
    ],
)
def test_files_that_lie(data: bytes, tiny_codec: ImageCodec, fields: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        tiny_codec.decompress(changed(data, **fields(data)))


def test_the_decoder_may_be_of_another_version(data: bytes, tiny_codec: ImageCodec) -> None:
    assert tiny_codec.read(changed(data, decoder_version=9)) == tiny_codec.read(data)


def test_pictures_larger_than_wanted(data: bytes, tiny_codec: ImageCodec) -> None:
    assert tiny_codec.decompress(data, max_pixels=3600).size == (60, 60)
    with pytest.raises(LimitError, match="60 x 60"):
        tiny_codec.decompress(data, max_pixels=3599)


# The public face ---------------------------------------------------------------------------------------------------

EXPORTS = [
    "AudioCodec",
    "BitstreamError",
    "Codec",
    "CorruptError",
    "FileInfo",
    "FingerprintError",
    "ImageCodec",
    "Indices",
    "InputError",
    "LimitError",
    "ModelError",
    "ModelInfo",
    "NotAVqFileError",
    "TruncatedError",
    "UnsupportedError",
    "VqcodecError",
    "compress",
    "decompress",
    "inspect",
    "load",
    "models",
]


def test_exports_are_pinned() -> None:
    assert vqcodec.__all__ == EXPORTS
    assert all(callable(getattr(vqcodec, name)) for name in EXPORTS)
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev\d+)?", vqcodec.__version__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = vqcodec.nothing


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import vqcodec", ["torch", "numpy", "PIL", "constriction", "safetensors"]),
        ("import vqcodec; vqcodec.models(); vqcodec.InputError", ["torch"]),
        ("import bitstream", ["torch", "vqcodec"]),
    ],
)
def test_imports_are_light(statement: str, absent: list[str]) -> None:
    root = Path(vqcodec.__file__).parents[1]
    program = f"import sys; sys.path.insert(0, {str(root)!r}); {statement}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not set(absent) & set(loaded)
    assert statement.split()[1].rstrip(";") in loaded
