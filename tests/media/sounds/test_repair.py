"""Damaged sounds that other programs read are read, with a note."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitstream.errors import InputError
from tests.helpers.sounds import saved, tone
from vqcodec.media.sounds.recordings import read_recording
from vqcodec.media.sounds.repair import first_mpeg_frame, ogg_chain, wav_patch

TONE = tone(rate=16_000)
WAV = saved(TONE, rate=16_000)
SIZES = 0, 2, 36, len(WAV) - 44, len(WAV) - 8, len(WAV), 2**31 - 1, 2**32 - 1


def wav(riff: int, data: int, tail: bytes = b"") -> bytes:
    """The tone, with these two sizes in the header."""
    return WAV[:4] + struct.pack("<I", riff) + WAV[8:40] + struct.pack("<I", data) + WAV[44:] + tail


@pytest.mark.parametrize("riff", SIZES)
@pytest.mark.parametrize("data", [size for size in SIZES if size not in (2, 36)])
def test_wav_of_any_size_is_read_to_the_end(riff: int, data: int, tmp_path: Path) -> None:
    (tmp_path / "tone.wav").write_bytes(wav(riff, data))
    recording = read_recording(tmp_path / "tone.wav")
    np.testing.assert_allclose(recording.samples, TONE, atol=1e-4)
    assert recording.notes == (("its header says that it has no samples: it is read to the end",) if data == 0 else ())


def test_wav_with_chunks_before_its_samples() -> None:
    chunk = b"LIST" + struct.pack("<I", 5) + b"INFO1\0"
    data = wav(0, 0)
    recording = read_recording(data[:36] + chunk + data[36:])
    np.testing.assert_allclose(recording.samples, TONE, atol=1e-4)


def test_big_endian_wav() -> None:
    swapped = np.frombuffer(WAV[44:], "<i2").astype(">i2").tobytes()
    head = (
        b"RIFX" + bytes(4) + b"WAVEfmt " + struct.pack(">IHHIIHH", 16, 1, 1, 16_000, 32_000, 2, 16) + b"data" + bytes(4)
    )
    np.testing.assert_allclose(read_recording(head + swapped).samples, TONE, atol=1e-4)


def test_wav_without_samples_has_none() -> None:
    for tail in (b"", b"LIST" + struct.pack("<I", 4) + b"INFO"):
        data = wav(36, 0)[:44] + tail
        assert wav_patch(io.BytesIO(data), len(data)) is None
        with pytest.raises(InputError, match="no samples"):
            read_recording(data)


def test_mpeg_behind_something_else() -> None:
    mp3 = saved(TONE, "MP3", "MPEG_LAYER_III", 16_000)
    whole = read_recording(mp3)
    for start in (bytes(4096), b"\xff" * 99, bytes(300_000), b"<html>" * 100):
        recording = read_recording(start + mp3)
        np.testing.assert_array_equal(recording.samples, whole.samples)
        assert recording.notes == (f"the {len(start)} bytes before its MPEG frames are left out", *whole.notes)


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_mpeg_frames_are_found(rate: int, channels: int) -> None:
    mp3 = saved(tone(1, channels, rate), "MP3", "MPEG_LAYER_III", rate)
    assert first_mpeg_frame(io.BytesIO(mp3)) == 0
    assert first_mpeg_frame(io.BytesIO(bytes(1000) + mp3)) == 1000


@settings(max_examples=30)
@given(st.binary(max_size=3000))
def test_mpeg_frames_are_not_found_in_noise(data: bytes) -> None:
    assert first_mpeg_frame(io.BytesIO(data)) is None


def test_a_cut_mp3_is_read_as_far_as_it_goes(capfd: pytest.CaptureFixture[str]) -> None:
    mp3 = saved(tone(3, rate=16_000), "MP3", "MPEG_LAYER_III", 16_000)
    for part in (0.4, 0.9):
        recording = read_recording(mp3[: int(part * len(mp3))])
        assert (part - 0.2) * 48_000 < recording.samples.shape[1] < 48_000
        assert len(recording.notes) == 1
    assert capfd.readouterr().err == ""  # the decoder's warnings


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_a_chain_of_streams_is_noted(subtype: str) -> None:
    ogg = saved(tone(2), "OGG", subtype)
    assert [ogg_chain(io.BytesIO(data), len(data)) for data in (ogg, 3 * ogg, WAV)] == [1, 3, 0]
    recording = read_recording(2 * ogg)
    assert recording.samples.shape == (1, 96_000)
    assert recording.notes == ("only its first 2.0 s are used: it has 2 streams, one after the other",)
    assert read_recording(ogg).notes == ()


def test_flac_without_a_length_promises_nothing() -> None:
    flac = bytearray(saved(TONE, "FLAC", rate=16_000))
    flac[21] &= 0xF0
    flac[22:26] = bytes(4)
    recording = read_recording(bytes(flac))
    assert (recording.samples.shape, recording.notes) == (TONE.shape, ())
