"""Pillow writes `.vq` files."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.commands import SIZE, vq_of
from vqcodec import ImageCodec


def test_pictures_are_saved_in_every_way(tmp_path: Path, photo: Image.Image, tiny_codec: ImageCodec) -> None:
    photo.save(tmp_path / "path.vq")
    photo.save(str(tmp_path / "name.VQ"), quality=40)
    memory = io.BytesIO()
    photo.save(memory, format="vq", quality=np.float32(40))
    assert (tmp_path / "path.vq").read_bytes() == tiny_codec.compress(photo)
    assert (tmp_path / "name.VQ").read_bytes() == memory.getvalue() == tiny_codec.compress(photo, 40)
    image = Image.open(tmp_path / "path.vq")
    image.save(tmp_path / "path.vq", quality=1)  # over the file that it comes from
    decoded = tiny_codec.decompress(tiny_codec.compress(photo))
    assert (tmp_path / "path.vq").read_bytes() == tiny_codec.compress(decoded, 1)


def test_a_model_can_be_named(tmp_path: Path, photo: Image.Image, bundled: Path, tiny_model: Path) -> None:
    (bundled / "photo.safetensors").unlink()
    with pytest.raises(OSError, match="no model 'photo'"):
        photo.save(tmp_path / "new.vq")
    assert not (tmp_path / "new.vq").exists()
    photo.save(tmp_path / "new.vq", model=tiny_model)
    assert (tmp_path / "new.vq").read_bytes() == vq_of(tiny_model)
    image = Image.open(tmp_path / "new.vq")
    assert image.size == SIZE
    with pytest.raises(OSError, match="written with model"):
        image.load()


@pytest.mark.parametrize("quality", [0, 101, float("nan"), "keep", None])
def test_a_wrong_quality(tmp_path: Path, photo: Image.Image, quality: object) -> None:
    with pytest.raises(ValueError, match="quality must be"):
        photo.save(tmp_path / "new.vq", quality=quality)
    assert list(tmp_path.iterdir()) == []


def test_a_model_for_sound_writes_no_pictures(tmp_path: Path, photo: Image.Image, tiny_voice: Path) -> None:
    with pytest.raises(OSError, match="the model is for sound"):
        photo.save(tmp_path / "new.vq", model=tiny_voice)
