"""Sounds of all kinds become float32 samples, or one clear error."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bitstream.errors import InputError
from tests.helpers.sounds import EXACT, LOSSY, RATES, STEPS, saved, sounds, tone
from vqcodec.media.sounds import recordings as waveform
from vqcodec.media.sounds.arrays import samples_array
from vqcodec.media.sounds.recordings import RecordingReader, is_sound_name, read_recording


@settings(deadline=None)
@given(samples=sounds(), kind=st.sampled_from(EXACT), rate=RATES)
def test_samples_of_any_width_are_read_to_a_step(
    samples: NDArray[np.float32], kind: tuple[str, str], rate: int
) -> None:
    recording = read_recording(saved(samples, *kind, rate))
    assert (recording.sample_rate, recording.samples.dtype, recording.samples.shape) == (
        rate,
        np.dtype(np.float32),
        samples.shape,
    )
    assert recording.notes == ()
    # Full scale itself is a step beyond what integers hold.
    assert np.abs(recording.samples - samples).max() <= 1.01 * STEPS.get(kind[1], 0)


@pytest.mark.parametrize(("name", "subtype"), LOSSY)
def test_lossy_formats_are_read_without_a_shift(name: str, subtype: str) -> None:
    samples = tone(channels=2)
    recording = read_recording(saved(samples, name, subtype))
    assert recording.sample_rate == 48_000
    assert recording.samples.shape[0] == 2
    length = samples.shape[1]
    assert length <= recording.samples.shape[1] <= length + 2000  # ADPCM fills its last block
    middle = slice(2000, -2000)  # windows of the codecs begin and end the sound
    assert np.abs(recording.samples[:, :length] - samples)[:, middle].max() < 0.06


@settings(deadline=None, max_examples=40)
@given(kind=st.sampled_from([*EXACT, *LOSSY, ("CAF", "ALAC_16"), ("AIFF", "DWVW_16")]), size=st.integers(1, 20_000))
def test_blocks_of_any_length_hold_the_same_samples(kind: tuple[str, str], size: int) -> None:
    data = saved(tone(0.1, 1 if kind[1] == "DWVW_16" else 2), *kind)
    with RecordingReader(data) as reader:
        blocks = list(reader.blocks(size))
        assert (reader.sample_rate, reader.channels) == (48_000, len(blocks[0]))
        assert all(block.shape[1] <= size and block.flags.c_contiguous for block in blocks)
        joined = np.concatenate(blocks, axis=1)
        assert reader.samples == joined.shape[1]
    assert np.array_equal(joined, read_recording(data).samples)


def test_a_path_needs_no_suffix_and_a_wrong_one_does_no_harm(tmp_path: Path) -> None:
    samples = read_recording(saved(tone())).samples
    for name in ("sound", "sound.raw", "sound.mp3"):
        path = tmp_path / name
        path.write_bytes(saved(tone()))
        for source in (path, str(path)):
            assert np.array_equal(read_recording(source).samples, samples)


@pytest.mark.posix
def test_a_pipe_is_read(tmp_path: Path) -> None:
    path, data = tmp_path / "pipe", saved(tone())
    os.mkfifo(path)
    threading.Thread(target=path.write_bytes, args=[data]).start()
    assert np.array_equal(read_recording(path).samples, read_recording(data).samples)


def test_floats_beyond_full_scale_are_kept_and_noted() -> None:
    recording = read_recording(saved(3 * tone(), subtype="FLOAT"))
    assert np.array_equal(recording.samples, 3 * tone())
    assert recording.notes == ("its samples go up to 1.5, beyond full scale: they are clipped at 1",)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_values_that_are_not_numbers_are_refused_wherever_they_are(value: float, tmp_path: Path) -> None:
    samples = tone(2).astype(np.float64)
    samples[0, 70_000] = value
    path = tmp_path / "sound.wav"
    path.write_bytes(saved(samples, subtype="DOUBLE"))
    with pytest.raises(InputError, match=r"sound\.wav: the sound has samples that are not numbers$"):
        read_recording(path)
    with RecordingReader(path) as reader, pytest.raises(InputError, match="not numbers"):
        list(reader.blocks(100))


def test_absurd_floats_are_refused() -> None:
    with pytest.raises(InputError, match=r"the sound has samples of up to 1e\+30, where full scale is 1"):
        read_recording(saved(np.full((1, 9), 1e30), subtype="FLOAT"))


@pytest.mark.parametrize("name", ["WAV", "FLAC", "AIFF", "CAF"])
def test_a_sound_without_samples_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"no samples|no bytes|not a sound"):
        read_recording(saved(np.zeros((1, 0)), name))


@pytest.mark.parametrize("rate", [1, 999, 10_000_001, 2**31 - 1])
def test_rates_that_hold_no_sound_are_refused(rate: int) -> None:
    with pytest.raises(InputError, match=rf"a sample rate must be an int from 1000 to 10000000 Hz, not {rate}$"):
        read_recording(saved(tone(0.01), rate=rate))


@pytest.mark.parametrize("data", [b"RIFF", b"\x00" * 1000, b"hello, world\n" * 100, b"\x89PNG\r\n\x1a\n" + bytes(99)])
def test_other_data_are_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"^not a sound that libsndfile reads: .*[^.]$"):
        read_recording(data)
    with pytest.raises(InputError, match=r"^/.*sound\.wav: not a sound that libsndfile reads: "):
        read_recording(path)


def test_a_file_without_bytes_is_refused() -> None:
    with pytest.raises(InputError, match="the sound is empty: it has no bytes"):
        read_recording(b"")


def test_files_that_cannot_be_opened_are_errors_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_recording(tmp_path / "none.wav")
    with pytest.raises(IsADirectoryError):
        read_recording(tmp_path)


def survives(data: bytes) -> None:
    """Reading gives samples that are sound, or an InputError of one line."""
    try:
        recording = read_recording(data)
    except InputError as error:
        lines = str(error).splitlines()
    else:
        lines = ["none"]
        assert np.isfinite(recording.samples).all()
        assert recording.samples.size
    assert len(lines) == 1


@settings(deadline=None, max_examples=200)
@given(kind=st.sampled_from([*EXACT, *LOSSY]), data=st.data())
def test_damaged_files_are_read_or_refused(kind: tuple[str, str], data: st.DataObject) -> None:
    damaged = bytearray(saved(tone(0.05), *kind))
    damaged = damaged[: data.draw(st.integers(1, len(damaged)), label="kept")]
    at = st.integers(0, min(200, len(damaged) - 1)) | st.integers(0, len(damaged) - 1)
    for place, byte in data.draw(st.lists(st.tuples(at, st.integers(0, 255)), max_size=8), label="changed"):
        damaged[place] = byte
    survives(bytes(damaged))


@settings(deadline=None)
@given(
    head=st.sampled_from([b"", b"fLaC", b"OggS", b"FORM\0\0\1\0AIFF", b"ID3\3\0", b"\xff\xfb\x90\x64", b"caff\0\1"])
    | st.just(b"RIFF\xff\xff\xff\xffWAVEfmt "),
    tail=st.binary(max_size=500),
)
def test_noise_after_the_first_bytes_of_a_sound_is_read_or_refused(head: bytes, tail: bytes) -> None:
    survives(head + tail)


def test_a_truncated_file_is_read_as_far_as_it_goes_or_refused() -> None:
    samples = tone(2, channels=2)
    wav = saved(samples)
    assert np.array_equal(read_recording(wav[: len(wav) // 2]).samples, read_recording(wav).samples[:, :47_994])
    mp3 = saved(samples, "MP3", "MPEG_LAYER_III")
    recording = read_recording(mp3[: len(mp3) // 2])
    count = recording.samples.shape[1]
    assert 40_000 < count < 50_000
    assert recording.notes == (f"it ends after {count} of the 96000 samples that it promises",)
    flac = saved(samples, "FLAC")
    with pytest.raises(InputError, match=r"the sound is damaged: flac decoder lost sync$"):
        read_recording(flac[: len(flac) // 2])


def test_what_libsndfile_leaves_of_an_mp3_file_without_a_header_is_noted() -> None:
    quiet_then_loud = np.concatenate([tone(2), np.random.default_rng(1).uniform(-0.3, 0.3, (1, 96_000))], axis=1)
    mp3 = saved(quiet_then_loud, "MP3", "MPEG_LAYER_III")
    assert read_recording(mp3).notes == ()
    headless = mp3[mp3.index(mp3[:2], 4) :]
    recording = read_recording(headless)
    assert recording.samples.shape[1] < 170_000
    assert "bytes are left" in recording.notes[0]


def test_a_recording_that_memory_would_not_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waveform, "_MAX_VALUES", 2**17)
    assert read_recording(saved(np.zeros((2, 2**16)), "FLAC")).samples.size == 2**17
    with pytest.raises(InputError, match="the sound is too long: it has more than 131072 samples"):
        read_recording(saved(np.zeros((2, 2**16 + 1)), "FLAC"))


def test_arrays_of_floats_and_integers_become_channels() -> None:
    one = samples_array(np.array([0.5, -1.5]), 48_000)
    assert (one.dtype, one.tolist()) == (np.dtype(np.float32), [[0.5, -1.5]])
    assert samples_array(np.array([[2**14, -(2**15)], [0, 1]], np.int16), 8_000).tolist() == [[0.5, -1], [0, 2**-15]]
    assert samples_array(np.array([2**30, -(2**31)], np.int32), 8_000).tolist() == [[0.5, -1]]
    assert samples_array(np.ones((2, 3), np.float16)[::-1, ::2], 8_000).flags.c_contiguous


@pytest.mark.parametrize(
    ("samples", "rate", "text"),
    [
        (np.zeros(0), 48_000, r"at least one sample, not \[0\]"),
        (np.zeros((0, 5)), 48_000, r"at least one sample, not \[0, 5\]"),
        (np.zeros(()), 48_000, r"at least one sample, not \[\]"),
        (np.zeros((1, 2, 3)), 48_000, r"\[N\] or \[C, N\]"),
        (np.zeros((1025, 2000)), 48_000, r"at most 1024 channels, not \[1025, 2000\]"),
        (np.zeros(9, np.complex64), 48_000, "floats, int16 or int32, not complex64"),
        (np.zeros(9, np.uint8), 48_000, "not uint8"),
        (np.zeros(9, np.int64), 48_000, "not int64"),
        (np.zeros(9, bool), 48_000, "not bool"),
        (np.array(["a"]), 48_000, "not <U1"),
        (np.array([0, np.nan]), 48_000, "samples that are not numbers"),
        (np.array([0, np.inf]), 48_000, "samples that are not numbers"),
        (np.array([0, 1e300]), 48_000, "samples that are not numbers"),
        (np.array([0, -1e6]), 48_000, r"up to 1e\+06, where full scale is 1"),
        (np.zeros(9), 0, "not 0$"),
        (np.zeros(9), -8_000, "not -8000$"),
        (np.zeros(9), 2**40, "not 1099511627776$"),
        (np.zeros(9), 44_100.0, "not 44100.0$"),
    ],
)
def test_other_arrays_and_rates_are_refused(samples: NDArray[np.generic], rate: int, text: str) -> None:
    with pytest.raises(InputError, match=text):
        samples_array(samples, rate)


def test_names_of_sounds() -> None:
    assert all(map(is_sound_name, ["a.wav", "b/c.FLAC", "d.mp3", "e.opus", "f.aiff"]))
    assert not any(map(is_sound_name, ["wav", "a.vq", "a.png", "a.txt", "a.mp4", "a.wav.txt"]))


@pytest.mark.parametrize("shape", [(9, 1), (16_000, 2), (100, 8)])
def test_arrays_with_channels_last_are_recognised(shape: tuple[int, int]) -> None:
    samples = np.random.default_rng(1).uniform(-1, 1, shape).astype(np.float32)
    np.testing.assert_array_equal(samples_array(samples, 16_000), samples.T)


@pytest.mark.parametrize("shape", [(8, 1), (8, 7), (2, 2), (64, 64), (64, 9_000)])
def test_arrays_with_channels_first_stay(shape: tuple[int, int]) -> None:
    samples = np.zeros(shape, np.float32)
    assert samples_array(samples, 16_000).shape == shape


def test_arrays_that_could_be_both_are_refused() -> None:
    with pytest.raises(InputError, match=r"\[C, N\], channels first: \[500, 12\] seem to be the wrong way round"):
        samples_array(np.zeros((500, 12)), 16_000)
