"""Where the clone has what tests read, and how other processes import what this one does."""

from __future__ import annotations

import os
from pathlib import Path

import vqcodec

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
    "PYTHONPATH",
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
# For processes that `python -P` starts: the package that is tested, which may be an installed one, then these helpers.
PYTHONPATH = os.pathsep.join([str(Path(vqcodec.__file__).parents[1]), str(ROOT)])
