"""What callers from Python may give, and what is refused in one line."""

from __future__ import annotations

import io
import mmap
import warnings
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from PIL import Image

import vqcodec
from tests.helpers.commands import PHOTO
from tests.helpers.pictures import same_pixels
from tests.helpers.sounds import saved, voices
from vqcodec import AudioCodec, ImageCodec, InputError
from vqcodec.codec.loading import for_sound
from vqcodec.media.pictures.colour_spaces import ADOBE_RGB
from vqcodec.media.pictures.reading import picture_of
from vqcodec.system.arguments import file_bytes, number, whole_number

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from vqcodec.system.arguments import FileData

VOICE = voices(1, 8_000, seed=2)


@pytest.fixture(scope="module")
def voice_codec(tiny_voice: Path) -> AudioCodec:
    return for_sound(vqcodec.load(tiny_voice))


def mapped(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


BUFFERS: dict[str, Callable[[Path], FileData]] = {
    "bytes": Path.read_bytes,
    "bytearray": lambda path: bytearray(path.read_bytes()),
    "memoryview": lambda path: memoryview(path.read_bytes()),
    "every other byte": lambda path: memoryview(b"".join(bytes([each, 0]) for each in path.read_bytes()))[::2],
    "array": lambda path: cast("Buffer", np.frombuffer(path.read_bytes(), np.uint8)),
    "mmap": mapped,
    "str": str,
    "path": Path,
}


@pytest.mark.parametrize("kind", BUFFERS)
def test_files_in_any_buffer_or_by_their_path(
    tmp_path: Path, tiny_codec: ImageCodec, voice_codec: AudioCodec, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo, voice = tmp_path / "photo.vq", tmp_path / "voice.vq"
    photo.write_bytes(tiny_codec.compress(PHOTO))
    voice.write_bytes(voice_codec.compress(VOICE, 16_000))
    given, sound = BUFFERS[kind](photo), BUFFERS[kind](voice)
    assert same_pixels(tiny_codec.decompress(given), tiny_codec.decompress(photo.read_bytes()))
    assert np.array_equal(voice_codec.decompress(sound)[0], voice_codec.decompress(voice.read_bytes())[0])
    assert tiny_codec.read(given) == tiny_codec.read(photo.read_bytes())
    assert vqcodec.inspect(given) == vqcodec.inspect(photo.read_bytes())
    monkeypatch.setattr("vqcodec.codec.loading.find_model_of", lambda *_: tmp_path)
    monkeypatch.setattr("vqcodec.codec.loading.load_model", lambda _: tiny_codec.model)
    assert vqcodec.decompress(given).size == (60, 40)


@pytest.mark.parametrize(
    "data",
    [None, 5, [1, 2], io.BytesIO(b"x"), np.zeros(4), Image.new("L", (2, 2))],
    ids=lambda each: type(each).__name__,
)
def test_what_is_no_file(data: Any, tiny_codec: ImageCodec) -> None:
    takers: list[Callable[[Any], object]] = [file_bytes, tiny_codec.decompress, vqcodec.inspect, vqcodec.decompress]
    for take in takers:
        with pytest.raises(InputError, match="a file is given as"):
            take(data)


def test_numbers_of_numpy() -> None:
    for value in (3, 3.0, np.int8(3), np.uint64(3), np.float32(3), np.float64(3)):
        assert (whole_number(value, "n"), type(whole_number(value, "n"))) == (3, int)
        assert (number(value, "n"), type(number(value, "n"))) == (3, float)
    for value in (1.5, np.float32(1.5)):
        assert number(value, "n") == 1.5


@pytest.mark.parametrize("value", [True, np.True_, "3", None, [3], np.array([3, 4]), Decimal(3), 3j], ids=repr)
def test_what_is_no_number(value: Any) -> None:
    for take in (number, whole_number):
        with pytest.raises(InputError, match=r"^the rate must be a (whole )?number, not "):
            take(value, "the rate")


@pytest.mark.parametrize("value", [1.5, np.float64(1.5), float("nan"), float("inf")])
def test_what_is_not_whole(value: float) -> None:
    with pytest.raises(InputError, match=r"^the rate must be a whole number, not "):
        whole_number(value, "the rate")


def test_pictures_by_their_path(tmp_path: Path, tiny_codec: ImageCodec) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(PHOTO)
    wanted = tiny_codec.compress(Image.open(path))
    for given in (path, str(path), PHOTO):
        assert tiny_codec.compress(given) == wanted
        assert tiny_codec.encode(given) == tiny_codec.encode(Image.open(path))
    assert tiny_codec.encode([path, path]) == 2 * [tiny_codec.encode(path)]
    with pytest.raises(FileNotFoundError):
        tiny_codec.compress(tmp_path / "missing.png")
    path.write_text("text")
    with pytest.raises(InputError, match=r"photo.png: not a picture"):
        tiny_codec.compress(path)


def test_what_is_lost_in_reading_is_told(tmp_path: Path, tiny_codec: ImageCodec) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "two.gif", save_all=True, append_images=frames[1:])
    with pytest.warns(UserWarning, match="only the first of 2 frames is used"):
        tiny_codec.compress(tmp_path / "two.gif")


def of_adobe_rgb() -> Image.Image:
    image = Image.open(io.BytesIO(PHOTO)).copy()
    image.info["icc_profile"] = ADOBE_RGB.profile(grey=False)
    return image


LOST = {
    "mode": (Image.new("YCbCr", (20, 20)), "its pixels come back as RGB, not as YCbCr"),
    "depth": (Image.fromarray(np.arange(256, dtype=np.uint16).reshape(16, 16)), "of its 16 bits a channel, 8 are kept"),
    "profile": (of_adobe_rgb(), "its colours are converted to sRGB from the profile 'Adobe RGB (1998)'"),
}


@pytest.mark.parametrize("what", LOST)
def test_what_is_lost_of_a_picture_in_memory_is_told_once(what: str, tiny_codec: ImageCodec) -> None:
    image, text = LOST[what]
    picture = picture_of(image)
    assert picture.notes == (text,)
    for use in (tiny_codec.compress, tiny_codec.encode):
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            made = use(image)
        assert [str(each.message) for each in told] == [text]
        assert told[0].filename == __file__
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert use(picture) == made  # whose notes are there


def test_sounds_by_their_path(tmp_path: Path, voice_codec: AudioCodec) -> None:
    path = tmp_path / "talk.wav"
    path.write_bytes(saved(VOICE, "WAV", "FLOAT", 16_000))
    wanted = voice_codec.compress(VOICE, 16_000)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for given in (path, str(path), path.read_bytes()):
            assert voice_codec.compress(given) == voice_codec.compress(given, 16_000) == wanted
            assert voice_codec.encode(given) == voice_codec.encode(VOICE, 16_000)
    with pytest.raises(InputError, match="the file has 16000 samples a second, not 8000"):
        voice_codec.compress(path, 8_000)
    with pytest.raises(InputError, match="samples need a sample rate"):
        voice_codec.compress(VOICE)
    path.write_bytes(saved(20 * VOICE / np.abs(VOICE).max(), "WAV", "FLOAT", 16_000))
    with pytest.warns(UserWarning, match="beyond full scale"):
        voice_codec.compress(path)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="has no such device")
def test_devices_that_never_end(
    tiny_codec: ImageCodec, voice_codec: AudioCodec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vqcodec.system.files.MOST_UNKNOWN_BYTES", 2_000_000)
    for use in (tiny_codec.compress, tiny_codec.encode, voice_codec.compress, voice_codec.encode):
        with pytest.raises(InputError, match=r"^/dev/zero: its kind is not known, and it has more than 2000000 bytes"):
            use("/dev/zero")


@pytest.mark.parametrize("rate", [16_000, 16_000.0, np.int32(16_000), np.uint16(16_000), np.float32(16_000)])
def test_sample_rates_that_are_whole(rate: Any, voice_codec: AudioCodec) -> None:
    quality, rate_point = cast(Any, np.float32(60)), cast(Any, np.int64(1))
    assert voice_codec.compress(VOICE, rate, quality) == voice_codec.compress(VOICE, 16_000)
    assert voice_codec.encode(VOICE, rate, rate_point=rate_point).rate_point == 1


PICTURE = np.zeros((16, 16, 3), np.uint8)
# What types forbid, too, is done by those who have no types.
WRONG_CALLS: dict[str, Callable[[Any, Any], object]] = {
    "quality": lambda image, _: image.compress(PICTURE, "60"),
    "true quality": lambda image, _: image.settings(True),
    "bytes": lambda image, _: image.compress(PICTURE, max_bytes="9"),
    "picture": lambda image, _: image.compress(None),
    "pictures": lambda image, _: image.encode([PICTURE, 5]),
    "rate point": lambda image, _: image.encode(PICTURE, rate_point=0.5),
    "lambda": lambda image, _: image.encode(PICTURE, "x"),
    "codebooks": lambda image, _: image.codebooks(-1),
    "pixels": lambda image, _: image.decompress(image.compress(PICTURE), max_pixels=1.5),
    "indices": lambda image, _: image.decode(PICTURE),
    "bits": lambda image, _: image.bits(5),
    "pixel bits": lambda image, _: image.pixel_bits(PICTURE, None),
    "size": lambda image, _: image.sample(1, 16.5, 16),
    "count": lambda image, _: image.sample(-1, 16, 16),
    "seed": lambda image, _: image.sample(1, 16, 16, seed="x"),
    "temperature": lambda image, _: image.sample(1, 16, 16, temperature=None),
    "sample rate": lambda _, audio: audio.compress(VOICE, True),
    "broken rate": lambda _, audio: audio.compress(VOICE, 8000.5),
    "kbps": lambda _, audio: audio.compress(VOICE, 16_000, kbps="3"),
    "no samples": lambda _, audio: audio.compress_blocks([], 16_000),
    "seconds": lambda _, audio: audio.sample(1, "x"),
    "endless": lambda _, audio: audio.sample(1, 1e300),
    "samples": lambda _, audio: audio.decompress(audio.compress(VOICE, 16_000), max_samples="x"),
    "sound of indices": lambda image, audio: audio.decode(image.encode(PICTURE)),
    "sample bits": lambda _, audio: audio.sample_bits(VOICE, 16_000, None),
    "model": lambda *_: cast(Any, vqcodec).load(5),
}


@pytest.mark.parametrize("kind", WRONG_CALLS)
def test_wrong_arguments_are_one_line(kind: str, tiny_codec: ImageCodec, voice_codec: AudioCodec) -> None:
    with pytest.raises(InputError) as caught:
        WRONG_CALLS[kind](tiny_codec, voice_codec)
    assert "\n" not in str(caught.value)
