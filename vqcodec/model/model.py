"""A model on disk: one safetensors file with everything, its configuration as JSON in the header.

    codewords, sizes, prior/...                float16, ints   the normative part: it decides what indices of files mean
    encoder/..., decoder/..., likelihood/...   float16, int8   the networks: better ones may replace them
    thumbnail/...                              float16         of pictures: makes small versions, may be missing
    metric, code_bits                          floats          how an encoder chooses codes

The fingerprint is a hash of the normative part as it is in memory. A model without an encoder reads files and writes
none.
Model files are read as hostile input: see `vqcodec.model.file`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from bitstream.errors import ModelError
from vqcodec.model.config import ModelConfig, to_json
from vqcodec.model.file import FORMAT, NETWORKS, PER_CODE, read_arrays, read_header
from vqcodec.model.packed_codes import pack_codes
from vqcodec.model.packed_integers import pack_integers
from vqcodec.model.packed_kernels import pack_networks, unpack_networks
from vqcodec.prior import pixelcnn_arrays, wavenet_arrays
from vqcodec.prior.pixelcnn import PixelCNN
from vqcodec.prior.wavenet import WaveNet
from vqcodec.system.bounds import check_cost
from vqcodec.system.files import atomic_write
from vqcodec.transform.codebooks import Codebooks

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Model", "load_model"]


@dataclass(frozen=True)
class Model:
    """A model in memory.

    Attributes:
        config: its shapes and settings.
        codebooks: from latents to indices and back.
        prior: the exact prior of the indices, for the modality.
        networks: weights "encoder/...", "decoder/..." and "likelihood/..." in float32; those of the encoder may be
            missing.
    """

    config: ModelConfig
    codebooks: Codebooks
    prior: PixelCNN | WaveNet
    networks: Mapping[str, NDArray[Any]] = field(repr=False)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All arrays of the file; those of codes are not packed, `[R, P, K, ...]`."""
        arrays = pack_networks(self.networks) | self._normative_arrays()
        arrays["metric"] = self.codebooks.metric
        arrays["code_bits"] = self.codebooks.code_bits.astype(np.float16)
        return arrays

    def _normative_arrays(self) -> dict[str, NDArray[Any]]:
        if isinstance(self.prior, PixelCNN):
            parts = pixelcnn_arrays.to_arrays(self.prior)
        else:
            parts = wavenet_arrays.to_arrays(self.prior)
        arrays = {f"prior/{name}": array for name, array in parts.items()}
        arrays["codewords"] = self.codebooks.codewords.astype(np.float16)
        arrays["sizes"] = self.codebooks.sizes.astype(np.int16)
        return arrays

    @cached_property
    def fingerprint(self) -> bytes:
        """8 bytes that name the normative part."""
        digest = hashlib.sha256(f"{self.config.normative}\n".encode())
        for name, array in sorted(self._normative_arrays().items()):
            digest.update(f"{name} {array.dtype.name} {array.shape}\n".encode())
            digest.update(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
        return digest.digest()[:8]

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        arrays, sizes = self.arrays(), self.codebooks.sizes
        metadata = {
            "format": FORMAT,
            "config": to_json(self.config),
            "fingerprint": self.fingerprint.hex(),
            "alphabet": str(self.codebooks.codewords.shape[2]),
        }
        arrays |= {name: pack_codes(arrays[name], sizes) for name in PER_CODE}
        arrays, metadata["shapes"] = pack_integers(arrays)
        with atomic_write(path, force=True) as file:
            file.write(save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, metadata))


def load_model(path: Path) -> Model:
    """Read and check a model file.

    Raises:
        ModelError: it is missing or damaged, takes too much work or memory, or might not decode exactly.
    """
    config, metadata = read_header(path)
    arrays = read_arrays(path, config, metadata)
    try:
        networks = unpack_networks({name: array for name, array in arrays.items() if name.startswith(NETWORKS)})
        codebooks = Codebooks(
            codewords=arrays["codewords"].astype(np.float32),
            sizes=arrays["sizes"].astype(np.intp),
            metric=arrays["metric"],
            code_bits=arrays["code_bits"].astype(np.float32),
        )
        parts = {name.removeprefix("prior/"): array for name, array in arrays.items() if name.startswith("prior/")}
        prior = _prior_of(config, parts, codebooks.sizes)
        check_cost(prior.cost, *config.covered)
    except KeyError as error:
        raise ModelError(f"{path}: array {error} is missing") from None
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None
    model, claimed = Model(config, codebooks, prior, networks), metadata["fingerprint"]
    if model.fingerprint.hex() != claimed:
        raise ModelError(f"{path}: damaged: its fingerprint is {model.fingerprint.hex()}, its header says {claimed}")
    return model


def _prior_of(config: ModelConfig, arrays: Mapping[str, NDArray[Any]], sizes: NDArray[np.intp]) -> PixelCNN | WaveNet:
    from_arrays = pixelcnn_arrays.from_arrays if config.modality == "image" else wavenet_arrays.from_arrays
    return from_arrays(arrays, config.prior.planes, config.prior.streams, sizes)
