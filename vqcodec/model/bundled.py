"""The bundled models, and what the header of a model file says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bitstream.errors import FingerprintError, ModelError
from vqcodec.model.config import Modality
from vqcodec.model.file import read_header

__all__ = ["ModelInfo", "bundled_models", "describe_model", "find_model", "find_model_of"]

WEIGHTS = Path(__file__).parents[1] / "weights"


@dataclass(frozen=True)
class ModelInfo:
    """What the header of a model file says."""

    name: str
    path: Path
    modality: Modality
    bytes: int
    fingerprint: str
    planes: int
    description: str


def describe_model(path: Path) -> ModelInfo:
    """What the header of a model file says. The rest of the file is not read.

    Raises:
        ModelError: it is missing, or not a model file.
    """
    config, metadata = read_header(path)
    planes, size, fingerprint = sum(config.prior.planes), path.stat().st_size, metadata["fingerprint"]
    return ModelInfo(path.stem, path, config.modality, size, fingerprint, planes, config.description)


def bundled_models() -> list[ModelInfo]:
    """The models that ship with the package."""
    return [describe_model(path) for path in _bundled_paths()]


def find_model(name: str | Path) -> Path:
    """The path of a model: a bundled one by its name, or a file.

    Raises:
        ModelError: there is none.
    """
    for path in _bundled_paths():
        if path.stem == str(name):
            return path
    if Path(name).is_file():
        return Path(name)
    known = ", ".join(path.stem for path in _bundled_paths()) or "none"
    raise ModelError(f"no model {str(name)!r} (bundled: {known}), and no file of that name")


def find_model_of(fingerprint: bytes, models: Sequence[Path] = ()) -> Path:
    """The path of the model with this fingerprint, among `models` first, then the bundled ones.

    Raises:
        FingerprintError: there is none.
        ModelError: one of `models` is not there, or not a model file.
    """
    wanted = fingerprint.hex()
    for path in (*models, *_bundled_paths()):  # of one hard half, a model that is named may have the better decoder
        if describe_model(path).fingerprint == wanted:
            return path
    raise FingerprintError(f"the file was written with model {wanted}, which is not bundled: name it with --model")


def _bundled_paths() -> list[Path]:
    return sorted(WEIGHTS.glob("*.safetensors"), key=lambda path: path.stem)
