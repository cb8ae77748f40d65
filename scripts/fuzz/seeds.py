"""The files that fuzzing begins with: of every kind that the project writes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .model_file import Array, read_model_file, write_model_file

__all__ = ["GOLDEN", "ROOT", "damaged_files", "golden_files", "model_files"]

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data"
GOLDEN = [DATA / "golden" / name for name in ("pictures", "modes", "sounds")]
MODELS = (DATA / "golden" / "pictures" / "tiny.safetensors", DATA / "golden" / "sounds" / "voice.safetensors")


def golden_files() -> list[bytes]:
    """The golden `.vq` files: pictures of all modes, with alpha and metadata, at a smaller scale and cut; and sound."""
    return [path.read_bytes() for folder in GOLDEN for path in sorted(folder.glob("*.vq"))]


def damaged_files() -> list[bytes]:
    """Files that are mostly damaged, in ways that libFuzzer found to matter, or that fuzzing has found."""
    return [path.read_bytes() for path in sorted((DATA / "damaged").glob("*.vq"))]


def model_files() -> list[bytes]:
    """The golden models, whose kernels have 16 bits, and the same with kernels of 8 bits, as bundled models have them.

    They are made without the code that is fuzzed, which may not be able to load them.
    """
    golden = [path.read_bytes() for path in MODELS]
    return golden + [_with_kernels_of_8_bits(data) for data in golden]


def _with_kernels_of_8_bits(data: bytes) -> bytes:
    """A model file in which the kernels within the networks are packed integers, with a scale an output channel."""
    file = read_model_file(data)
    for name, array in list(file.arrays.items()):
        if not name.startswith(("encoder/", "decoder/layers.")) or len(array.shape) != 4:
            continue
        kernel = array.values().astype(np.float32)
        largest = np.abs(kernel).max((1, 2, 3))
        scale = np.where(largest, largest / 127, 1).astype(np.float16)
        whole = np.rint(kernel / scale[:, None, None, None]).clip(-127, 127).astype(np.int8)
        file.arrays[name] = Array("I8", array.shape, whole.tobytes(), packed=True)
        file.arrays[f"{name}.scale"] = Array("F16", [len(scale)], scale.tobytes())
    return write_model_file(file)
