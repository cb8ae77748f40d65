"""The command line with pictures of all modes, with transparency and with metadata."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from tests.helpers.commands import run, succeed
from tests.helpers.pictures import pictures, same_pixels
from vqcodec.media.pictures.modes import MODES

PHOTO = Image.fromarray(pictures(1, 64, seed=6)[0][:40, :60])
MAKE, ORIENTATION = 0x010F, 0x0112
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def original(mode: str) -> Image.Image:
    """The photograph in a mode; alpha has a hole."""
    if mode == "I;16":
        return Image.fromarray(np.asarray(PHOTO.convert("L")).astype(np.uint16) * 257)
    image = PHOTO.convert(mode)
    if mode.endswith("A"):
        image.getchannel("A")
        hole = Image.new("L", PHOTO.size, 255)
        hole.paste(0, (10, 10, 30, 30))
        image.putalpha(hole)
    return image


@pytest.mark.parametrize("mode", MODES)
def test_the_mode_comes_back(tmp_path: Path, tiny_model: Path, mode: str) -> None:
    original(mode).save(tmp_path / "in.tif")
    compressed = run("compress", tmp_path / "in.tif", tmp_path / "a.vq", "-m", tiny_model)
    assert compressed.exit_code == 0
    notes = "of its 16 bits a channel, 8 are kept" if mode == "I;16" else ""
    assert compressed.stderr == (f"vqcodec: note: {tmp_path / 'in.tif'}: {notes}\n" if notes else "")
    succeed("decompress", tmp_path / "a.vq", tmp_path / "out.tif", "-m", tiny_model)
    with Image.open(tmp_path / "out.tif") as found:
        assert (found.mode, found.size) == (mode, PHOTO.size)
        if mode.endswith("A"):
            assert same_pixels(found.getchannel("A"), original(mode).getchannel("A"))


def test_what_the_output_lacks_is_noted(tmp_path: Path, tiny_model: Path) -> None:
    original("RGBA").save(tmp_path / "in.png")
    succeed("compress", tmp_path / "in.png", tmp_path / "a.vq", "-m", tiny_model)
    for target, text in (("out.jpg", "JPEG does not hold RGBA"), ("out.gif", "256 colours")):
        result = run("decompress", tmp_path / "a.vq", tmp_path / target, "-m", tiny_model)
        assert result.exit_code == 0
        assert result.stderr.startswith(f"vqcodec: note: {tmp_path / target}: ")
        assert text in result.stderr
        assert Image.open(tmp_path / target).size == PHOTO.size


@pytest.mark.parametrize("suffix", [".webp", ".avif", ".jp2", ".gif", ".ico", ".pdf", ".tga"])
def test_any_format_of_pillow_is_written(tmp_path: Path, tiny_model: Path, suffix: str) -> None:
    PHOTO.save(tmp_path / "in.png")
    succeed("compress", tmp_path / "in.png", tmp_path / "a.vq", "-m", tiny_model)
    assert run("decompress", tmp_path / "a.vq", tmp_path / f"out{suffix}", "-m", tiny_model).exit_code == 0
    assert (tmp_path / f"out{suffix}").stat().st_size > 100


def test_animations_give_their_first_frame(tmp_path: Path, tiny_model: Path) -> None:
    memory = io.BytesIO()
    PHOTO.save(memory, "WEBP", lossless=True, save_all=True, append_images=[Image.new("RGB", PHOTO.size)])
    result = run("compress", "-", tmp_path / "a.vq", "-m", tiny_model, stdin=memory.getvalue())
    assert (result.exit_code, result.stderr) == (0, "vqcodec: note: -: only the first of 2 frames is used\n")


def described() -> bytes:
    memory, exif = io.BytesIO(), Image.Exif()
    exif[MAKE], exif[ORIENTATION] = "camera", 6
    PHOTO.save(memory, "JPEG", exif=exif, icc_profile=PROFILE, xmp=b"<xmp/>")
    return memory.getvalue()


def test_metadata_are_kept_when_asked_for(tmp_path: Path, tiny_model: Path) -> None:
    succeed("compress", "--keep-metadata", "-", tmp_path / "kept.vq", "-m", tiny_model, stdin=described())
    succeed("compress", "-", tmp_path / "plain.vq", "-m", tiny_model, stdin=described())
    for name in ("kept", "plain"):
        succeed("decompress", tmp_path / f"{name}.vq", tmp_path / f"{name}.png", "-m", tiny_model)
    with Image.open(tmp_path / "kept.png") as kept, Image.open(tmp_path / "plain.png") as plain:
        kept.load()
        assert kept.size == plain.size == (40, 60)  # upright
        assert same_pixels(kept, plain)
        assert (kept.info["icc_profile"], kept.info["xmp"]) == (PROFILE, b"<xmp/>")
        assert kept.getexif()[MAKE] == "camera"
        assert kept.getexif().get(ORIENTATION, 1) == 1
        assert not plain.info.keys() & {"icc_profile", "exif", "xmp"}


def test_metadata_of_sound_are_none(tiny_voice: Path) -> None:
    result = run("compress", "--keep-metadata", "-", "-", "-m", tiny_voice, stdin=b"RIFF\0\0\0\0WAVEfmt ")
    assert result.exit_code == 2
    assert "--keep-metadata is for pictures" in result.stderr


def test_info_tells_what_is_in_a_file(tmp_path: Path, tiny_model: Path) -> None:
    image = original("LA")
    image.save(tmp_path / "in.png", icc_profile=b"", exif=Image.Exif())
    succeed("compress", "--keep-metadata", tmp_path / "in.png", tmp_path / "a.vq", "-m", tiny_model)
    found = json.loads(succeed("info", tmp_path / "a.vq", "--json").stdout)
    assert (found["colour"], found["metadata_bytes"]) == ("grey", 0)
    assert 0 < found["alpha_bytes"] < 60
    assert f"60 x 40 pixels, grey, alpha ({found['alpha_bytes']} bytes)\n" in succeed("info", tmp_path / "a.vq").stdout
    succeed("compress", "--keep-metadata", "-", tmp_path / "b.vq", "-m", tiny_model, stdin=described())
    found = json.loads(succeed("info", tmp_path / "b.vq", "--json").stdout)
    assert found["colour"] == "rgb"
    assert f"RGB, metadata ({found['metadata_bytes']} bytes)\n" in succeed("info", tmp_path / "b.vq").stdout
