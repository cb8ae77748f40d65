from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tiny import save_tiny_model

from vqcodec import Codec, load


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """Small networks are slower on several threads."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The path of a small seeded model file."""
    return save_tiny_model(tmp_path_factory.mktemp("model") / "tiny.safetensors")


@pytest.fixture(scope="session")
def tiny_codec(tiny_model: Path) -> Codec:
    return load(tiny_model)
