"""A model on disk: one safetensors file with everything, its configuration as JSON in the header.

    encoder/..., decoder/..., likelihood/...   float16         the soft half: may be replaced by a better one
    codewords, sizes, prior/...           float16, ints    the hard half: what the indices of a file mean

The fingerprint is a hash of the hard half. Model files are read as hostile input: safetensors only, every shape and
bound checked.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from cattrs import Converter
from cattrs.errors import BaseValidationError
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from bitstream.errors import ModelError
from vqcodec.files import atomic_write
from vqcodec.image.config import AutoencoderConfig, PriorConfig
from vqcodec.image.prior import PixelCNN
from vqcodec.image.prior_tensors import prior_from_tensors, prior_to_tensors
from vqcodec.nn.codebooks import Codebooks
from vqcodec.quality import Setting

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

__all__ = ["Model", "ModelConfig", "ModelInfo", "bundled_models", "find_model", "load_model"]

WEIGHTS = Path(__file__).parent / "weights"
MAX_BYTES = 1 << 28
HARD = ("codewords", "sizes", "prior/")
SOFT = ("encoder/", "decoder/", "likelihood/")
TYPES = {"sizes": np.int16, "metric": np.float32}  # of arrays outside of the prior; all others are float16

_converter = Converter(forbid_extra_keys=True)


@dataclass(frozen=True)
class ModelConfig:
    """What a model is, beside its weights.

    Attributes:
        autoencoder: the shape of encoder and decoder.
        prior: the shape of the prior.
        quality: the settings of quality 1..100, evenly spaced.
        description: a line for people.
        decoder_version: counts the pixel decoders that were released for the same hard half.
    """

    autoencoder: AutoencoderConfig
    prior: PriorConfig
    quality: tuple[Setting, ...]
    description: str = ""
    decoder_version: int = 1

    def __post_init__(self) -> None:
        if not self.quality or not 0 <= self.decoder_version < 2**32:
            raise ValueError("a model has settings for its qualities, and a version from 0 to 2**32 - 1")


@dataclass(frozen=True)
class ModelInfo:
    """What the header of a model file says."""

    name: str
    path: Path
    modality: str
    bytes: int
    fingerprint: str
    planes: int
    description: str


@dataclass(frozen=True)
class Model:
    """A model in memory.

    Attributes:
        config: see there.
        codebooks: from latents to indices and back.
        prior: the exact prior of the indices.
        networks: weights of "encoder/...", "decoder/..." and "likelihood/...".
    """

    config: ModelConfig
    codebooks: Codebooks
    prior: PixelCNN
    networks: Mapping[str, NDArray[Any]] = field(repr=False)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All arrays of the file."""
        arrays: dict[str, NDArray[Any]] = {name: array.astype(np.float16) for name, array in self.networks.items()}
        arrays["codewords"] = self.codebooks.codewords.astype(np.float16)
        arrays["sizes"] = self.codebooks.sizes.astype(np.int16)
        arrays["metric"] = self.codebooks.metric
        arrays["code_bits"] = self.codebooks.code_bits.astype(np.float16)
        return arrays | {f"prior/{name}": array for name, array in prior_to_tensors(self.prior).items()}

    @cached_property
    def fingerprint(self) -> bytes:
        """8 bytes that name the hard half, with the order of its planes and the pixels that an index stands for."""
        order, stride = self.config.prior, self.config.autoencoder.stride
        digest = hashlib.sha256(f"{order.planes} {order.layers} {stride}\n".encode())
        for name, array in sorted(self.arrays().items()):
            if name.startswith(HARD):
                digest.update(f"{name} {array.dtype.name} {array.shape}\n".encode())
                digest.update(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
        return digest.digest()[:8]

    def state(self, network: str) -> dict[str, torch.Tensor]:
        """The weights of "encoder", "decoder" or "likelihood", in float32."""
        import torch

        prefix = network + "/"
        return {
            name.removeprefix(prefix): torch.from_numpy(array.astype(np.float32))
            for name, array in self.networks.items()
            if name.startswith(prefix)
        }

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        metadata = {
            "format": "vqcodec-model-1",
            "config": json.dumps(_converter.unstructure(self.config)),
            "fingerprint": self.fingerprint.hex(),
        }
        with atomic_write(path, force=True) as file:
            file.write(save({name: np.ascontiguousarray(array) for name, array in self.arrays().items()}, metadata))


def load_model(path: Path) -> Model:
    """Read and check a model file.

    Raises:
        ModelError: it is missing, damaged, or could not be trusted to decode exactly.
    """
    config, _, arrays = _read(path, with_arrays=True)
    for name, array in arrays.items():
        if not name.startswith("prior/") and array.dtype != TYPES.get(name, np.float16):
            raise ModelError(f"{path}: array {name} has the type {array.dtype}")
    try:
        sizes = arrays["sizes"].astype(np.intp)
        codebooks = Codebooks(
            codewords=arrays["codewords"].astype(np.float32),
            sizes=sizes,
            metric=arrays["metric"].astype(np.float32),
            code_bits=arrays["code_bits"].astype(np.float32),
        )
    except KeyError as error:
        raise ModelError(f"{path}: array {error} is missing") from None
    parts = {name.removeprefix("prior/"): array for name, array in arrays.items() if name.startswith("prior/")}
    prior = prior_from_tensors(parts, config.prior.planes, config.prior.layers, sizes)
    _, planes, _, dimension = codebooks.codewords.shape
    shape = config.autoencoder
    fits = shape.rates == len(sizes) > max(each.rate_point for each in config.quality)
    # The networks are built from the configuration, which could ask for more memory than there is.
    encoder = sum(array.size for name, array in arrays.items() if name.startswith("encoder/"))
    if not fits or planes * dimension != shape.latent_channels or encoder != shape.encoder_parameters:
        raise ModelError(f"{path}: the parts of the model do not fit together")
    networks = {name: array for name, array in arrays.items() if name.startswith(SOFT)}
    return Model(config, codebooks, prior, networks)


def _read(path: Path, with_arrays: bool) -> tuple[ModelConfig, str, dict[str, NDArray[Any]]]:
    """Configuration, fingerprint as written, and arrays of a model file."""
    if not path.is_file():
        raise ModelError(f"no model at {path}")
    if path.stat().st_size > MAX_BYTES:
        raise ModelError(f"{path}: larger than any model may be")
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()} if with_arrays else {}  # noqa: SIM118
        if metadata.get("format") != "vqcodec-model-1":
            raise ModelError(f"{path}: not a model file of vqcodec")
        config = _converter.structure(json.loads(metadata["config"]), ModelConfig)
    except (
        SafetensorError,
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
        BaseValidationError,
    ):
        raise ModelError(f"{path}: damaged, or not a model file of vqcodec") from None
    return config, metadata.get("fingerprint", ""), arrays


def bundled_models() -> list[ModelInfo]:
    """The models that ship with the package."""
    found = []
    for path in sorted(WEIGHTS.glob("*.safetensors")):
        config, fingerprint, _ = _read(path, with_arrays=False)
        planes, size = sum(config.prior.planes), path.stat().st_size
        found.append(ModelInfo(path.stem, path, "image", size, fingerprint, planes, config.description))
    return found


def find_model(name: str | Path) -> Path:
    """The path of a bundled model, by its name, or of a model file.

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
