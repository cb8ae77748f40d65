"""What a file is, from its first bytes."""

from __future__ import annotations

import io
import os
import re
import threading
from pathlib import Path

import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bitstream.errors import InputError, VqcodecError
from tests.helpers.commands import PHOTO
from tests.helpers.sounds import EXACT, LOSSY, saved, tone
from vqcodec.cli.original import Original, open_original
from vqcodec.media.sounds.kinds import HEAD, is_sound
from vqcodec.media.sounds.recordings import RecordingReader

SOUNDS = {f"{name} {subtype}": saved(tone(), name, subtype) for name, subtype in (*EXACT, *LOSSY, ("AIFF", "FLOAT"))}


def big_endian(name: str) -> bytes:
    memory = io.BytesIO()
    soundfile.write(memory, tone().T, 48_000, "PCM_16", "BIG" if name == "WAV" else "LITTLE", name)
    return memory.getvalue()


SOUNDS |= {"RIFX": big_endian("WAV"), "dns.": big_endian("AU"), "tagged": b"ID3\4\0\0" + bytes(20)}
UNREAD = {
    "AAC": b"\xff\xf1\x50\x80",
    "MPEG-4": b"\0\0\0\x20ftypM4A \0\0\0\0",
    "MPEG-4 (AAC": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom",
    "film": b"RIFF\x10\0\0\0AVI LIST",
    "AMR": b"#!AMR\n",
    "Windows Media": b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9",
    "Matroska": b"\x1a\x45\xdf\xa3\x9f",
    "MIDI": b"MThd\0\0\0\6",
    "WavPack": b"wvpk\0\0\0\0",
}
SOUNDS |= UNREAD
# Those that only libsndfile knows, and those of which it finds frames behind something else.
SAVED = {
    name: saved(tone(), name, subtype, 16_000)
    for name, subtype in (
        ("NIST", "PCM_16"),
        ("VOC", "PCM_16"),
        ("IRCAM", "FLOAT"),
        ("PAF", "PCM_16"),
        ("AVR", "PCM_16"),
    )
}
SAVED |= {name: saved(tone(), name, "PCM_16", 16_000) for name in ("HTK", "SVX", "MAT4", "PVF", "SDS", "MPC2K")}
SAVED |= {"XI": saved(tone(), "XI", "DPCM_16", 44_100), "WVE": saved(tone(), "WVE", "ALAW", 8_000)}
MP3 = saved(tone(), "MP3", "MPEG_LAYER_III")
SAVED |= {"MP3 behind zeros": bytes(4096) + MP3, "MP3 behind text": b"HTTP/1.1 200 OK\r\n" * 10 + MP3}

OTHERS = {
    "empty": b"",
    "text": b"just text\n",
    "UTF-16": "just text\n".encode("utf-16"),
    "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    "AVIF": b"\0\0\0\x20ftypavif\0\0\0\0avifmif1",
    "JPEG 2000 file": b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 ",
    "IFF picture": b"FORM\0\0\0\x10ILBMBMHD",
    "JPEG 2000": b"\xff\x4f\xff\x51\0\x2f",
    "JPEG XL": b"\xff\x0a" + bytes(20),
    "zeros": bytes(HEAD),
}


@pytest.mark.parametrize("kind", SOUNDS)
def test_sounds(kind: str) -> None:
    assert is_sound(SOUNDS[kind][:HEAD])


@pytest.mark.parametrize("kind", OTHERS)
def test_what_is_no_sound(kind: str) -> None:
    assert not is_sound(OTHERS[kind][:HEAD])


@pytest.mark.filterwarnings("ignore:.* image format is deprecated")
def test_pictures_of_every_format_that_pillow_writes() -> None:
    Image.init()
    written = set()
    for name in Image.SAVE:
        for mode in ("RGB", "L", "1"):
            memory = io.BytesIO()
            try:
                Image.new(mode, (64, 64)).save(memory, name)
            except (OSError, ValueError, KeyError, TypeError, NotImplementedError):  # the last: plug-ins
                continue
            assert not is_sound(memory.getvalue()[:HEAD]), (name, mode)
            written.add(name)
    assert {"PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "PPM", "TGA"} <= written


@given(st.sampled_from(sorted(SOUNDS)), st.binary(max_size=HEAD))
def test_what_tells_a_sound_is_at_its_beginning(kind: str, rest: bytes) -> None:
    whole = SOUNDS[kind][:HEAD]
    enough = next(size for size in range(HEAD + 1) if is_sound(whole[:size]))
    assert enough >= 2
    assert is_sound(whole[:enough] + rest)


def test_a_path_is_not_read_whole(tmp_path: Path) -> None:
    (tmp_path / "tone").write_bytes(saved(tone()))
    (tmp_path / "photo").write_bytes(PHOTO)
    sound, picture = (open_original(str(tmp_path / name)) for name in ("tone", "photo"))
    assert (sound.is_sound, sound.content) == (True, str(tmp_path / "tone"))
    assert (picture.is_sound, picture.content) == (False, str(tmp_path / "photo"))


@pytest.mark.posix
def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    pipe, data = tmp_path / "pipe", saved(tone())
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(data,))
    writer.start()
    found = open_original(str(pipe))
    writer.join()
    assert (found.is_sound, found.content) == (True, data)
    with pytest.raises(VqcodecError, match=f"^{pipe}: wrong$"), found.naming():
        raise VqcodecError("wrong")


@pytest.mark.parametrize("kind", SAVED)
def test_what_libsndfile_reads_and_pillow_does_not_is_sound(kind: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(SAVED[kind])
    for content in (str(tmp_path / "file"), SAVED[kind]):
        original = Original("name", content)
        assert original.is_sound
        with RecordingReader(original.content) as reader:
            assert sum(block.shape[1] for block in reader.blocks()) >= 8_000


@pytest.mark.parametrize("kind", UNREAD)
def test_a_sound_that_is_not_read_is_named(kind: str) -> None:
    assert Original("name", UNREAD[kind]).is_sound
    with pytest.raises(InputError, match=f"it is .*{re.escape(kind)}.*, which libsndfile does not read: make a WAV"):
        RecordingReader(UNREAD[kind])


@pytest.mark.parametrize(
    "data", [PHOTO, PHOTO[:100], b"", b"just text\n" * 999, bytes(10_000), b"\xff\xfb\x90\xc4" * 99]
)
def test_what_is_no_sound_is_a_picture(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(data)
    known = is_sound(data[:HEAD])
    assert Original("name", data).is_sound == known
    assert Original("name", str(tmp_path / "file")).is_sound == known
