"""What a file is, from its first bytes."""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path

import pytest
import soundfile
from commands import PHOTO
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from waves import EXACT, LOSSY, saved, tone

from bitstream.errors import VqcodecError
from vqcodec.cli.original import HEAD, is_sound, open_original

SOUNDS = {f"{name} {subtype}": saved(tone(), name, subtype) for name, subtype in (*EXACT, *LOSSY, ("AIFF", "FLOAT"))}


def big_endian(name: str) -> bytes:
    memory = io.BytesIO()
    soundfile.write(memory, tone().T, 48_000, "PCM_16", "BIG" if name == "WAV" else "LITTLE", name)
    return memory.getvalue()


SOUNDS |= {"RIFX": big_endian("WAV"), "dns.": big_endian("AU"), "tagged": b"ID3\4\0\0" + bytes(20)}
SOUNDS |= {"AAC": b"\xff\xf1\x50\x80", "M4A": b"\0\0\0\x20ftypM4A \0\0\0\0"}

OTHERS = {
    "empty": b"",
    "text": b"just text\n",
    "UTF-16": "just text\n".encode("utf-16"),
    "AVI": b"RIFF\x10\0\0\0AVI LIST",
    "MP4": b"\0\0\0\x20ftypisom\0\0\0\0",
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
