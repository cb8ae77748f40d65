"""Opus through its programs, and the packets of Ogg files."""

from __future__ import annotations

import io
import shutil
import struct
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.sound_reports import needs_opus
from tests.helpers.sounds import voices

pytest.importorskip("pesq", reason="needs vqcodec[eval]")

from bitstream.errors import InputError
from vqcodec.evaluation.shared.codecs import choose_codecs
from vqcodec.evaluation.sounds.enhanced_opus import OPUSES, PACKAGE
from vqcodec.evaluation.sounds.opus import OPUS, packets

needs_enhancement = pytest.mark.skipif(not OPUSES[-1].available, reason=f"there is no {PACKAGE} for Node here")


def ogg(wanted: list[bytes], segments: int) -> bytes:
    """Pages of at most so many segments each."""
    lacing, body = [], b"".join(wanted)
    for packet in wanted:
        lacing += [255] * (len(packet) // 255) + [len(packet) % 255]
    file, start = io.BytesIO(), 0
    for first in range(0, len(lacing), segments):
        lengths = lacing[first : first + segments]
        file.write(b"OggS" + struct.pack("<BBqIIIB", 0, 0, 0, 1, first, 0, len(lengths)) + bytes(lengths))
        file.write(body[start : start + sum(lengths)])
        start += sum(lengths)
    return file.getvalue()


one_packet = st.binary(max_size=3) | st.sampled_from([254, 255, 256, 700]).map(bytes)
packet_lists = st.lists(one_packet, min_size=1, max_size=9)


@given(packet_lists, st.integers(1, 255))
def test_packets_come_back_from_pages(wanted: list[bytes], segments: int) -> None:
    assert packets(ogg(wanted, segments)) == wanted


@given(packet_lists, st.data())
def test_files_that_are_cut_or_damaged(wanted: list[bytes], data: st.DataObject) -> None:
    file = ogg(wanted, 3)
    cut = file[: data.draw(st.integers(0, len(file) - 1))]
    try:
        found = packets(cut)
    except InputError:
        pass
    else:
        assert found == wanted[: len(found)]  # it ends with a page
    damaged = bytearray(file)
    damaged[data.draw(st.integers(0, len(file) - 1))] ^= data.draw(st.integers(1, 255))
    with suppress(InputError):
        packets(bytes(damaged))


@needs_opus
@pytest.mark.parametrize(
    ("channels", "rate", "kbps"), [(1, 16_000, 24), (2, 44_100, 24), (1, 8_000, 24), (1, 1_000, 24), (3, 16_000, 96)]
)
def test_a_sound_comes_back(channels: int, rate: int, kbps: int) -> None:
    original = voices(channels, 2 * rate, seed=1)
    data = OPUS.compress(original, rate, kbps)
    decoded, decoded_rate = OPUS.decompress(data)
    assert decoded_rate == 48_000
    assert decoded.shape == (channels, 96_000)
    assert decoded.dtype == np.float32
    assert 0.2 < decoded.std() / original.std() < 2
    assert data == OPUS.compress(original, rate, kbps)


@needs_opus
def test_the_payload_is_all_but_pages_and_headers() -> None:
    sizes = []
    for kbps in OPUS.qualities:
        data = OPUS.compress(voices(1, 32_000, seed=1), 16_000, kbps)
        found = packets(data)
        assert (found[0][:8], found[1][:8]) == (b"OpusHead", b"OpusTags")
        pages = data.count(b"OggS")
        segments = sum(len(packet) // 255 + 1 for packet in found)
        assert len(data) - OPUS.payload_bytes(data) == 27 * pages + segments + len(found[0]) + len(found[1])
        sizes.append(OPUS.payload_bytes(data))
    assert sizes == sorted(set(sizes))
    assert 0.5 < 8 * sizes[0] / 2000 / OPUS.qualities[0] < 1.5


@needs_opus
def test_what_the_programs_say_is_told() -> None:
    with pytest.raises(InputError, match="opusenc: "):
        OPUS.compress(np.zeros((300, 900), np.float32), 16_000, 24)
    with pytest.raises(InputError, match="opusdec: "):
        OPUS.decompress(ogg([b"OpusHead" + bytes(99), b"OpusTags"], 1))
    assert "libopus" in OPUS.description
    assert "--serial 1" in OPUS.version


@needs_enhancement
@pytest.mark.parametrize(("channels", "kbps"), [(1, 12), (2, 24), (3, 96)])
def test_an_enhanced_sound_is_another_one(channels: int, kbps: float) -> None:
    original = voices(channels, 32_000, seed=1)
    plain = replace(OPUS, options=OPUSES[1].options)
    data = plain.compress(original, 16_000, kbps)
    expected, _ = plain.decompress(data)
    found = []
    for opus in OPUSES[1:]:
        assert opus.compress(original, 16_000, kbps) == data
        decoded, rate = opus.decompress(data)
        assert (rate, decoded.dtype, len(decoded)) == (48_000, np.dtype(np.float32), channels)
        both = decoded[:, : expected.shape[1]]
        assert np.corrcoef(both.ravel(), expected.ravel())[0, 1] > 0.8
        found.append(both)
    assert not np.array_equal(found[0], found[1])
    with pytest.raises(InputError, match="node: "):
        OPUSES[1].decompress(ogg([b"OpusHead" + bytes(99), b"OpusTags", b"\xff" * 9], 1))


def test_without_the_enhancement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vqcodec.evaluation.sounds.opus.Opus.available", property(lambda opus: not opus.variant))
    monkeypatch.setattr("vqcodec.evaluation.sounds.enhanced_opus.EnhancedOpus.available", property(lambda _: False))
    codecs, notes = choose_codecs(["opus"], ["opus"], OPUSES, lambda: pytest.fail("not asked for"))
    assert [each.title for each in codecs] == ["Opus"]
    assert len(notes) == 1
    assert notes[0].startswith("Opus (LACE, NoLACE) is left out")
    assert f"npm install {PACKAGE}" in notes[0]


def test_without_the_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda program: None)
    assert not OPUS.available
    codecs, notes = choose_codecs(None, ["opus"], [OPUS], lambda: pytest.fail("not asked for"))
    assert codecs == []
    assert "opus-tools" in notes[0]
    with pytest.raises(InputError, match="opus-tools"):
        choose_codecs(["opus"], ["opus"], [OPUS], lambda: pytest.fail("not asked for"))
