"""The files that fuzzing begins with: of every kind that the project writes."""

from __future__ import annotations

import tempfile
from pathlib import Path

__all__ = ["GOLDEN", "ROOT", "damaged_files", "golden_files", "model_files"]

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
GOLDEN = (TESTS / "golden", TESTS / "golden_modes", TESTS / "golden_sound")
MODELS = (TESTS / "golden" / "tiny.safetensors", TESTS / "golden_sound" / "voice.safetensors")


def golden_files() -> list[bytes]:
    """The golden `.vq` files: pictures of all modes, with alpha and metadata, at a smaller scale and cut; and sound."""
    return [path.read_bytes() for folder in GOLDEN for path in sorted(folder.glob("*.vq"))]


def damaged_files() -> list[bytes]:
    """Files that are mostly damaged, in ways that libFuzzer found to matter, or that fuzzing has found."""
    return [path.read_bytes() for path in sorted((TESTS / "corpus").glob("*.vq"))]


def model_files() -> list[bytes]:
    """Small models, with kernels of 16 bits as golden files have them, and of 8 bits as the bundled models have."""
    from vqcodec.model import load_model

    found = [path.read_bytes() for path in MODELS]
    with tempfile.TemporaryDirectory() as folder:
        for path in MODELS:
            packed = Path(folder) / path.name
            load_model(path).save(packed)
            found.append(packed.read_bytes())
    return found
