"""Folders with files for commands."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.helpers.commands import PHOTO, VOICE, fill


@pytest.fixture
def folder(tmp_path: Path, tiny_model: Path) -> Path:
    """A folder with `photo.png`, `photo.vq`, and `old`."""
    return fill(tmp_path, tiny_model)


@pytest.fixture
def bundled(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, tiny_model: Path, tiny_voice: Path
) -> Path:
    """Let the small models be the bundled ones; their folder."""
    weights = tmp_path_factory.mktemp("weights")
    shutil.copy(tiny_model, weights / "photo.safetensors")
    shutil.copy(tiny_voice, weights / "speech.safetensors")
    monkeypatch.setattr("vqcodec.model.bundled.WEIGHTS", weights)
    return weights


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A folder of pictures and sounds."""
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    for name, data in (("a.png", PHOTO), ("sub/b.png", PHOTO), ("sub/v.wav", VOICE), ("notes.txt", b"notes")):
        (folder / name).write_bytes(data)
    return folder
