"""Pillow with a small model, and a file to open."""

from __future__ import annotations

import io
import shutil
from functools import cache
from pathlib import Path

import pytest
from PIL import Image

from tests.helpers.commands import PHOTO, vq_of
from vqcodec import pillow as pillow_plugin
from vqcodec.codec.cache import CodecCache


@pytest.fixture(autouse=True)
def bundled(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    """Let the small model be the bundled one."""
    weights = tmp_path_factory.mktemp("weights")
    shutil.copy(tiny_model, weights / "photo.safetensors")
    monkeypatch.setattr("vqcodec.model.bundled.WEIGHTS", weights)
    monkeypatch.setattr(pillow_plugin, "_codecs", cache(CodecCache))
    return weights


@pytest.fixture
def photo() -> Image.Image:
    return Image.open(io.BytesIO(PHOTO))


@pytest.fixture
def file(tmp_path: Path, tiny_model: Path) -> Path:
    """A `.vq` file."""
    (tmp_path / "photo.vq").write_bytes(vq_of(tiny_model))
    return tmp_path / "photo.vq"
