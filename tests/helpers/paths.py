"""Where the clone has what tests read."""

from __future__ import annotations

from pathlib import Path

__all__ = [
    "COFFEE",
    "FORMAT",
    "GOLDEN_FOLDERS",
    "GOLDEN_IMAGE_MODEL",
    "GOLDEN_MODELS",
    "GOLDEN_MODES",
    "GOLDEN_PICTURES",
    "GOLDEN_SOUNDS",
    "GOLDEN_SOUND_MODEL",
    "ROOT",
]

ROOT = Path(__file__).resolve().parents[2]
COFFEE = ROOT / "examples" / "coffee.png"
FORMAT = ROOT / "docs" / "FORMAT.md"
GOLDEN = ROOT / "tests" / "data" / "golden"
GOLDEN_FOLDERS = GOLDEN_PICTURES, GOLDEN_MODES, GOLDEN_SOUNDS = GOLDEN / "pictures", GOLDEN / "modes", GOLDEN / "sounds"
GOLDEN_IMAGE_MODEL = GOLDEN_PICTURES / "tiny.safetensors"
GOLDEN_SOUND_MODEL = GOLDEN_SOUNDS / "voice.safetensors"
GOLDEN_MODELS = (GOLDEN_IMAGE_MODEL, GOLDEN_SOUND_MODEL)
