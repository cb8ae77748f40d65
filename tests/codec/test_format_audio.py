"""What docs/FORMAT.md says of sound: the second decoder reads files of a small model as the first one does."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest

import vqcodec
from tests.helpers.sounds import voices
from tests.second_decoder.container import Sound, read_container
from tests.second_decoder.model_file import ModelFile
from tests.second_decoder.sound_prior import decode_sound
from vqcodec import AudioCodec


@pytest.mark.parametrize(("channels", "rate", "samples", "quality"), [(1, 16_000, 4_000, 90), (2, 44_100, 6_001, 1)])
def test_a_file_can_be_read_by_the_text(
    tiny_voice: Path, channels: int, rate: int, samples: int, quality: float
) -> None:
    codec, model = vqcodec.load(tiny_voice), ModelFile(tiny_voice)
    assert isinstance(codec, AudioCodec)
    data = codec.compress(voices(channels, samples, seed=1), rate, quality)
    container = read_container(data)
    assert isinstance(container.source, Sound)
    assert (container.source.samples, container.source.channels) == (samples, channels)
    streams = [stream.data for stream in container.streams]
    for count in range(1, len(streams) + 1):
        indices = decode_sound(model, container.rate_point, streams[:count], container.source)
        expected = codec.read(data).values
        assert np.array_equal(indices, expected[: len(indices)])
        assert indices.any()
    assert len(indices) == len(expected)
    for number, stream in enumerate(container.streams):
        assert zlib.crc32(indices[model.planes(number)].astype("<u2").tobytes()) == stream.indices_crc
