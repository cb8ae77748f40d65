"""Samples become sound files, whole ones or none."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bitstream.errors import InputError
from tests.helpers.sounds import RATES, saved, sounds, tone
from vqcodec.media.sounds.recordings import RecordingWriter, read_recording, write_recording, written_format
from vqcodec.system.files import write_output


def written(samples: NDArray[np.float32], rate: int = 48_000, suffix: str = ".wav") -> bytes:
    memory = io.BytesIO()
    write_recording(samples, rate, memory, suffix)
    return memory.getvalue()


@settings(deadline=None)
@given(samples=sounds(), rate=RATES, suffix=st.sampled_from([".wav", ".flac", ".aif", ".aiff"]), data=st.data())
def test_sixteen_bits_survive_a_written_file(
    samples: NDArray[np.float32], rate: int, suffix: str, data: st.DataObject
) -> None:
    steps = np.clip(np.rint(samples * 2**15), -(2**15), 2**15 - 1)
    exact = (steps / 2**15).astype(np.float32)
    recording = read_recording(written(exact, rate, suffix))
    assert recording.sample_rate == rate
    assert np.array_equal(recording.samples, exact)
    # Block by block, of any length, it is the same file.
    memory, size = io.BytesIO(), data.draw(st.integers(1 + samples.shape[1] // 50, 20_000), label="size")
    with RecordingWriter(memory, suffix, rate, *exact.shape) as writer:
        for start in range(0, exact.shape[1], size):
            writer.write(exact[:, start : start + size])
    assert memory.getvalue() == written(exact, rate, suffix)


@settings(deadline=None, max_examples=30)
@given(samples=sounds(), rate=RATES)
def test_vorbis_keeps_the_length_and_nearly_the_sound(samples: NDArray[np.float32], rate: int) -> None:
    recording = read_recording(written(samples, rate, ".ogg"))
    assert recording.sample_rate == rate
    assert recording.samples.shape == samples.shape


def test_vorbis_is_of_high_quality() -> None:
    samples = tone(2, channels=2)
    error = read_recording(written(samples, suffix=".ogg")).samples - samples
    assert 10 * np.log10(np.mean(samples**2) / np.mean(error**2)) > 25


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".aiff"])
def test_what_exceeds_full_scale_is_clipped(suffix: str) -> None:
    loud = np.array([[0.5, 1, 1.5, 1e30, -0.5, -1, -1.5, -1e30]], np.float32)
    most = 1 - 2.0**-15
    assert read_recording(written(loud, suffix=suffix)).samples.tolist() == [[0.5, most, most, most, -0.5, -1, -1, -1]]


def test_clipping_comes_before_vorbis() -> None:
    assert np.abs(read_recording(written(100 * tone(), suffix=".ogg")).samples).max() < 2


@pytest.mark.parametrize(("suffix", "most"), [(".wav", 1024), (".aiff", 1024), (".flac", 8), (".ogg", 255)])
def test_channels_are_written_up_to_what_the_format_holds(suffix: str, most: int) -> None:
    samples = np.linspace(-0.5, 0.5, 20 * most, dtype=np.float32).reshape(most, 20)
    assert read_recording(written(samples, suffix=suffix)).samples.shape == samples.shape
    with pytest.raises(InputError, match=f"a sound of {most + 1} channels cannot be written as {suffix}"):
        written(np.zeros((most + 1, 20), np.float32), suffix=suffix)


@pytest.mark.parametrize(("suffix", "most"), [(".flac", 655_350), (".ogg", 200_000)])
def test_rates_are_written_up_to_what_the_format_holds(suffix: str, most: int) -> None:
    assert read_recording(written(tone(0.1), most, suffix)).sample_rate == most
    with pytest.raises(InputError, match=f"a sound of {most + 1} samples a second cannot be written as {suffix}"):
        written(tone(0.1), most + 1, suffix)


def test_a_rate_that_only_the_encoder_refuses_is_an_error_too() -> None:
    with pytest.raises(InputError, match="the sound cannot be written as FLAC: "):
        written(tone(0.1), 96_001, ".flac")


def test_a_large_wav_file_has_sizes_of_64_bits() -> None:
    heads = []
    for samples in (1, 2**30 - 2**11, 2**30):
        memory = io.BytesIO()
        with RecordingWriter(memory, ".wav", 48_000, 2, samples) as writer:
            writer.write(tone(channels=2))
        heads.append(memory.getvalue()[:4])
        assert read_recording(memory.getvalue()).samples.shape == (2, 24_000)
    assert heads == [b"RIFF", b"RIFF", b"RF64"]
    with pytest.raises(InputError, match=r"bytes of samples cannot be written as \.aiff"):
        RecordingWriter(io.BytesIO(), ".aiff", 48_000, 2, 2**30)


def test_the_format_comes_from_the_suffix() -> None:
    assert written_format("folder.x/sound.WAV") == ".wav"
    with pytest.raises(InputError, match=r"sounds are written as \.wav, .*, not as '\.mp4'"):
        written_format("sound.mp4")
    with pytest.raises(InputError, match="'sound' has no suffix"):
        written_format("sound")


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".aiff"])
def test_a_sound_is_written_whole_to_a_path(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"sound{suffix}"
    with write_output(str(path)) as file:
        write_recording(tone(channels=2), 48_000, file, suffix)
    assert read_recording(path).samples.shape == (2, 24_000)


class Refusing(io.BytesIO):
    """A file that fails with `error` once it has `room` bytes."""

    def __init__(self, room: int, error: Callable[[], BaseException]) -> None:
        super().__init__()
        self.room, self.error = room, error

    def write(self, data: bytes) -> int:  # type: ignore[override]
        if self.tell() + len(data) > self.room:
            raise self.error()
        return super().write(data)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".aiff"])
@pytest.mark.parametrize("room", [0, 10, 20_000, 100_000])
def test_a_full_disk_is_its_own_error(suffix: str, room: int, capfd: pytest.CaptureFixture[str]) -> None:
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, (1, 400_000)).astype(np.float32)
    for error in (lambda: OSError(28, "No space left on device"), KeyboardInterrupt):
        with pytest.raises(type(error())):
            write_recording(noise, 48_000, Refusing(room, error), suffix)
    assert capfd.readouterr() == ("", "")  # libsndfile's callbacks print what they cannot raise


def test_an_error_in_the_block_is_the_one_that_is_raised() -> None:
    full = Refusing(100, lambda: OSError(28, "No space left on device"))
    with pytest.raises(ZeroDivisionError), RecordingWriter(full, ".wav", 48_000, 1, 9):
        _ = 1 / 0


# By the Vorbis I specification, 4.3.9: what is in the place of each channel of WAV.
VORBIS_ORDER = {3: "LCR", 4: "LRlr", 5: "LCRlr", 6: "LCRlrW", 7: "LCRxyBW", 8: "LCRxylrW"}
WAV_ORDER = {3: "LRC", 4: "LRlr", 5: "LRClr", 6: "LRCWlr", 7: "LRCWBxy", 8: "LRCWlrxy"}


@pytest.mark.parametrize("channels", VORBIS_ORDER)
def test_channels_are_written_and_read_in_the_order_of_the_format(channels: int) -> None:
    samples = 0.2 * tone(0.5, channels)
    file = io.BytesIO()
    write_recording(samples, 48_000, file, ".ogg")
    raw = soundfile.read(io.BytesIO(file.getvalue()), dtype="float32")[0].T
    for name, channel in zip(VORBIS_ORDER[channels], raw, strict=True):
        if name != "W":  # of which the coder keeps the lowest tones only
            assert np.corrcoef(channel, samples[WAV_ORDER[channels].index(name)])[0, 1] > 0.9
    again = read_recording(file.getvalue()).samples
    own = raw[[VORBIS_ORDER[channels].index(name) for name in WAV_ORDER[channels]]]
    np.testing.assert_array_equal(again, own)
    opus = read_recording(saved(raw, "OGG", "OPUS")).samples
    for name, found, expected in zip(WAV_ORDER[channels], opus, own, strict=True):
        if name != "W":
            assert np.corrcoef(found, expected)[0, 1] > 0.9
    for suffix in (".wav", ".flac"):
        file = io.BytesIO()
        write_recording(samples, 48_000, file, suffix)
        np.testing.assert_allclose(soundfile.read(io.BytesIO(file.getvalue()))[0].T, samples, atol=1e-4)
