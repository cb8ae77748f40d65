"""Files that are cut: their whole streams are decoded, and never anything else."""

from __future__ import annotations

import dataclasses
import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bitstream import (
    BitstreamError,
    CorruptError,
    FingerprintError,
    NotAVqFileError,
    TruncatedError,
    pack,
    unpack,
)
from tests.helpers.codecs import EitherCodec
from tests.helpers.commands import error_of, run, succeed
from tests.helpers.pictures import pictures, same_pixels
from tests.helpers.sounds import voices
from vqcodec import AudioCodec, ImageCodec, inspect, load
from vqcodec.codec.loading import for_pictures, for_sound

Files = list[tuple[EitherCodec, bytes]]

PICTURE = pictures(1, 60, seed=4)[0]


@pytest.fixture(scope="module")
def audio_codec(tiny_voice: Path) -> AudioCodec:
    return for_sound(load(tiny_voice))


@pytest.fixture(scope="module")
def files(tiny_codec: ImageCodec, audio_codec: AudioCodec) -> Files:
    """One of a picture with transparency, one that was coded at a smaller scale, and one of sound."""
    layered = np.concatenate([PICTURE, PICTURE[:, :, :1] // 128 * 255], axis=2)
    return [
        (tiny_codec, tiny_codec.compress(layered, quality=80)),
        (tiny_codec, tiny_codec.compress(pictures(1, 200, seed=3)[0], max_bytes=150)),
        (audio_codec, audio_codec.compress(voices(2, 4000, seed=1), 16_000, quality=80)),
    ]


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_every_cut_gives_the_whole_layers_or_an_error(files: Files, draw: st.DataObject) -> None:
    codec, data = draw.draw(st.sampled_from(files))
    size = draw.draw(st.integers(0, len(data)))
    whole = codec.read(data)
    ends, planes = unpack(data).stream_ends, codec.model.prior.stream_ends
    streams = sum(end <= size for end in ends)
    cut = data[:size]
    if streams == 0:
        with pytest.raises(TruncatedError if size else NotAVqFileError):
            codec.read(cut, allow_truncated=True)
        return
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        indices = codec.read(cut, allow_truncated=True)
    assert np.array_equal(indices.values, whole.values[: planes[streams - 1]])
    assert (indices.source, indices.chunks) == (whole.source, whole.chunks)
    told = [str(each.message) for each in notes]
    lost = [f"the file is cut short: {streams} of its {len(ends)} streams are whole"]
    assert told == (lost if streams < len(ends) else [])
    if size < len(data):
        with pytest.raises(TruncatedError):
            codec.read(cut)


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_damage_of_a_cut_file_is_an_error_or_harmless(files: Files, draw: st.DataObject) -> None:
    """Without the checksum of the whole, it is those of the streams that notice."""
    codec, data = draw.draw(st.sampled_from(files))
    cut = bytearray(data[: draw.draw(st.integers(unpack(data).stream_ends[0], len(data) - 1))])
    cut[draw.draw(st.integers(0, len(cut) - 1))] ^= 1 << draw.draw(st.integers(0, 7))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            indices = codec.read(bytes(cut), allow_truncated=True)
        except (BitstreamError, FingerprintError):
            return
    assert len(indices.values) in codec.model.prior.stream_ends


def test_missing_layers_have_their_most_frequent_codes(files: Files) -> None:
    for codec, data in files:
        whole = codec.read(data)
        planes = codec.model.prior.stream_ends[0]
        values = whole.values.copy()
        values[planes:] = 0
        with pytest.warns(UserWarning, match="1 of its 2 streams"):
            decoded = codec.decompress(data[: unpack(data).stream_ends[0]], allow_truncated=True)
        filled = codec.decode(codec.indices(values, whole.rate_point, whole.source, whole.chunks))
        if isinstance(decoded, tuple):
            assert isinstance(filled, tuple)
            assert np.array_equal(decoded[0], filled[0])
        else:
            assert decoded == filled


def test_a_whole_file_has_all_layers_of_its_model(files: Files, tmp_path: Path) -> None:
    """One that was made of fewer would look worse, and nothing would say so."""
    for codec, data in files:
        container = unpack(data)
        fewer = pack(dataclasses.replace(container, streams=container.streams[:1]))
        with pytest.raises(CorruptError, match="has 1 of the 2 streams of its model"):
            codec.decompress(fewer)
        with pytest.warns(UserWarning, match="has only 1 of the 2 streams of its model"):
            indices = codec.read(fewer, allow_truncated=True)
        assert np.array_equal(indices.values, codec.read(data).values[: codec.model.prior.stream_ends[0]])
        more = pack(dataclasses.replace(container, streams=(*container.streams, container.streams[0])))
        for allowed in (False, True):
            with pytest.raises(CorruptError, match="has 3 of the 2 streams of its model"):
                codec.read(more, allow_truncated=allowed)


@pytest.mark.parametrize("kind", ["picture", "sound"])
def test_the_command_line_says_that_layers_are_missing(
    tmp_path: Path, tiny_model: Path, tiny_voice: Path, files: Files, kind: str
) -> None:
    (_, data), model, suffix = (files[0], tiny_model, ".png") if kind == "picture" else (files[2], tiny_voice, ".wav")
    source, out = tmp_path / "fewer.vq", tmp_path / f"out{suffix}"
    container = unpack(data)
    source.write_bytes(pack(dataclasses.replace(container, streams=container.streams[:1])))
    refused = run("decompress", source, out, "-m", model)
    assert (refused.exit_code, out.exists()) == (1, False)
    assert error_of(refused.stderr).endswith("it has 1 of the 2 streams of its model")
    done = run("decompress", source, out, "-m", model, "--allow-truncated")
    assert done.exit_code == 0
    assert done.stderr == "vqcodec: note: the file has only 1 of the 2 streams of its model\n"


def test_layer_ends(files: Files) -> None:
    for _, data in files:
        ends = unpack(data).stream_ends
        assert ends[-1] == len(data) - 4
        sizes = [len(stream.data) + 4 for stream in unpack(data).streams]
        assert np.diff(ends).tolist() == sizes[1:]
        assert unpack(data[: ends[0]], allow_truncated=True).stream_ends == ends
        assert inspect(data).prefixes == ends


# The command line --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["picture", "sound"])
def test_the_command_line_decodes_what_is_left(
    tmp_path: Path, tiny_model: Path, tiny_voice: Path, files: Files, kind: str
) -> None:
    (codec, data), model, suffix = (
        (files[0], tiny_model, ".png") if kind == "picture" else (files[2], tiny_voice, ".wav")
    )
    cut, out = tmp_path / "cut.vq", tmp_path / f"out{suffix}"
    cut.write_bytes(data[: unpack(data).stream_ends[0] + 3])
    refused = run("decompress", cut, out, "-m", model)
    assert refused.exit_code == 1
    assert error_of(refused.stderr).endswith("1 of 2 streams whole")
    assert not out.exists()
    done = run("decompress", cut, out, "-m", model, "--allow-truncated")
    assert (done.exit_code, done.stderr) == (0, "vqcodec: note: the file is cut short: 1 of its 2 streams are whole\n")
    if kind == "picture":
        with pytest.warns(UserWarning, match="1 of its 2"):
            wanted = for_pictures(codec).decompress(cut.read_bytes(), allow_truncated=True)
        assert same_pixels(Image.open(out), wanted)
    # A whole file is none the worse for it.
    cut.write_bytes(data)
    succeed("decompress", cut, out, "-m", model, "--allow-truncated", "--force")


def test_info_says_what_each_prefix_is(tmp_path: Path, files: Files) -> None:
    for _, data in files:
        first, second = unpack(data).stream_ends
        found = inspect(data)
        unit = "kbit/s" if found.modality == "audio" else "bits per pixel"
        text = succeed("info", "-", stdin=data).stdout
        assert f"to stream 1  {first} bytes, " in text
        assert text.count(unit) == 3
        cut = tmp_path / "cut.vq"
        cut.write_bytes(data[: second - 1])
        assert error_of(run("info", cut).stderr).endswith("1 of 2 streams whole")
        text = succeed("info", cut, "--allow-truncated").stdout
        assert "; 1 more cut off" in text
        assert f"to stream 2  {second} bytes, " in text
        told = json.loads(succeed("info", cut, "--allow-truncated", "--json").stdout)
        assert (told["streams"], told["prefixes"]) == ([found.streams[0]], [first, second])
        assert told["total_bytes"] == second - 1
