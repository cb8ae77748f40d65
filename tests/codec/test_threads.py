"""Threads share a codec, and many pictures are worked on at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import vqcodec
from bitstream import BitstreamError
from tests.helpers.pictures import pictures
from tests.helpers.sounds import voices
from vqcodec import AudioCodec, ImageCodec
from vqcodec.prior.kernel.extension import VARIABLE

THREADS = 8
ROUNDS = 3


@pytest.mark.parametrize("kernel", ["", "numpy"])
def test_threads_share_a_codec_of_pictures(kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is fresh, so that all of them want what is made on first use."""
    monkeypatch.setenv(VARIABLE, kernel)
    images = pictures(THREADS, 48, seed=2)

    def round_trip(codec: ImageCodec, number: int) -> tuple[bytes, bytes, float]:
        data = codec.compress(images[number], 10 * number + 5)
        indices = codec.read(data)
        return data, codec.decode(indices).tobytes(), float(codec.bits(indices).sum())

    alone = [round_trip(vqcodec.load("photo"), number) for number in range(THREADS)]
    shared = vqcodec.load("photo")
    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(lambda number: round_trip(shared, number % THREADS), range(ROUNDS * THREADS)))
    assert found == alone * ROUNDS


def test_threads_share_a_codec_of_sound() -> None:
    sounds = voices(THREADS, 8_000, seed=2)

    def round_trip(codec: AudioCodec, number: int) -> tuple[bytes, bytes]:
        data = codec.compress(sounds[number : number + 1], 16_000)
        return data, codec.decompress(data)[0].tobytes()

    alone = [round_trip(vqcodec.load("speech"), number) for number in range(THREADS)]
    shared = vqcodec.load("speech")
    with ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(lambda number: round_trip(shared, number), range(THREADS))) == alone


def test_many_pictures(tiny_codec: ImageCodec) -> None:
    images: list[Any] = list(pictures(9, 24, seed=4))
    files = list(tiny_codec.compress_many(images, 3, quality=60))
    assert files == [tiny_codec.compress(image, 60) for image in images]
    decoded = tiny_codec.decompress_many(files, 3)
    for image, data in zip(decoded, files, strict=True):
        assert np.array_equal(np.asarray(image), np.asarray(tiny_codec.decompress(data)))
    small = next(iter(tiny_codec.decompress_many(files, max_size=5)))
    assert max(small.size) == 5


def test_an_error_of_one_of_many(tiny_codec: ImageCodec) -> None:
    data = tiny_codec.compress(pictures(1, 24, seed=4)[0])
    decoded = tiny_codec.decompress_many([data, data[:-1] + b"?", data], 2)
    assert next(decoded).size == (24, 24)
    with pytest.raises(BitstreamError):
        next(decoded)
