"""The bundled models, and what the header of a model file says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bitstream.errors import ModelError
from vqcodec.model.config import Modality
from vqcodec.model.file import read_header

__all__ = ["ModelInfo", "bundled_models", "describe_model", "find_model"]

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
    planes, size, fingerprint = sum(config.prior.planes), path.stat().st_size, metadata.get("fingerprint", "")
    return ModelInfo(path.stem, path, config.modality, size, fingerprint, planes, config.description)


def bundled_models() -> list[ModelInfo]:
    """The models that ship with the package."""
    return [describe_model(path) for path in sorted(WEIGHTS.glob("*.safetensors"), key=lambda path: path.stem)]


def find_model(name: str | Path) -> Path:
    """The path of a model: a bundled one by its name, or a file.

    Raises:
        ModelError: there is none.
    """
    for info in bundled_models():
        if info.name == str(name):
            return info.path
    if Path(name).is_file():
        return Path(name)
    known = ", ".join(info.name for info in bundled_models()) or "none"
    raise ModelError(f"no model {str(name)!r} (bundled: {known}), and no file of that name")
