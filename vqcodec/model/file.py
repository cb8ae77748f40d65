"""The contents of a model file, read as hostile input: sizes and configuration are checked before arrays are inflated.

The header of the safetensors file has the configuration of the model as JSON, and type and shape of each array. Arrays
of codes are stored without gaps (`packed_codes`), and those of 8 bits compressed (`packed_integers`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from bitstream.errors import ModelError
from vqcodec.model.config import ModelConfig, from_json
from vqcodec.model.packed_codes import unpack_codes
from vqcodec.model.packed_integers import unpack_integers, unpacked_shapes
from vqcodec.model.packed_kernels import SCALE
from vqcodec.system.bounds import MOST_CODE_VALUES

__all__ = ["FORMAT", "MAX_BYTES", "MAX_HEADER", "NETWORKS", "PER_CODE", "read_arrays", "read_header"]

Arrays = dict[str, NDArray[Any]]
Shapes = Mapping[str, tuple[int, ...]]

MAX_BYTES = 1 << 28  # of the file, and of its arrays when they are unpacked
MAX_HEADER = 1 << 20  # bytes: twelve times the largest so far. Parsed, a header takes up to thirty times its size.
MOST_CODES = 1 << 15  # of an alphabet
FORMAT = "vqcodec-model-2"
NETWORKS = ("encoder/", "decoder/", "likelihood/", "thumbnail/")
PER_CODE = ("codewords", "code_bits", "prior/values")
TYPES = {"sizes": np.int16, "metric": np.float32}  # of arrays outside of prior and networks; others: float16
NAME = re.compile(r"(metric|code_bits|codewords|sizes|(prior|encoder|decoder|likelihood|thumbnail)/[a-z0-9_./]{1,100})")
FINGERPRINT = re.compile(r"[0-9a-f]{16}")


def read_header(path: Path) -> tuple[ModelConfig, dict[str, str]]:
    """The configuration of a model file, and all texts of its header. The rest of the file is not read.

    Raises:
        ModelError: it is missing, damaged, or not a model file.
    """
    if not path.is_file():
        raise ModelError(f"no model at {path}")
    if path.stat().st_size > MAX_BYTES:
        raise ModelError(f"{path}: larger than a model may be, {MAX_BYTES} bytes")
    try:
        with path.open("rb") as start:
            if int.from_bytes(start.read(8), "little") > MAX_HEADER:
                raise _damaged(path)
        with safe_open(path, framework="numpy") as file:
            metadata, names = file.metadata() or {}, list(file.keys())
        if metadata.get("format") != FORMAT:
            raise ModelError(f"{path}: not a model file of vqcodec")
        config = from_json(metadata["config"])
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, AttributeError):
        raise _damaged(path) from None
    # Names end up in errors, and so on terminals: unknown ones are escaped.
    for name in names:
        if not NAME.fullmatch(name):
            raise ModelError(f"{path}: array {name[:40]!a} does not belong to a model")
    if not FINGERPRINT.fullmatch(metadata.get("fingerprint", "")):
        raise _damaged(path)
    return config, metadata


def read_arrays(path: Path, config: ModelConfig, metadata: Mapping[str, str]) -> Arrays:
    """The arrays of a model file with this header, unpacked; those of codes are `[R, P, K, ...]`.

    Raises:
        ModelError: they are damaged, do not fit the configuration, or are too large.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, AttributeError):
        raise _damaged(path) from None
    for name, array in arrays.items():
        if not name.startswith(("prior/", *NETWORKS)) and array.dtype != TYPES.get(name, np.float16):
            raise ModelError(f"{path}: array {name} has the type {array.dtype}")
    try:
        return _unpacked(arrays, config, metadata)
    except KeyError as error:
        raise ModelError(f"{path}: array {error} is missing") from None
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None


def _unpacked(arrays: Arrays, config: ModelConfig, metadata: Mapping[str, str]) -> Arrays:
    """The arrays, unpacked; KeyError for one that is missing."""
    alphabet = metadata.get("alphabet", "")
    if not alphabet.isdecimal() or len(alphabet) > len(str(MOST_CODES)) or not 0 < int(alphabet) <= MOST_CODES:
        raise ModelError(f"the largest alphabet of the model is not a number from 1 to {MOST_CODES}")
    shapes = metadata.get("shapes", "{}")
    _check_shapes(unpacked_shapes(arrays, shapes, MAX_BYTES), config)
    whole = unpack_integers(arrays, shapes, MAX_BYTES)
    return whole | {
        name: unpack_codes(whole[name], whole["sizes"], int(alphabet), MOST_CODE_VALUES) for name in PER_CODE
    }


def _check_shapes(shapes: Shapes, config: ModelConfig) -> None:
    """Compare shapes with the configuration. Those of the prior's layers are left to the prior.

    Raises:
        KeyError: an array is missing.
        ModelError: they do not fit.
    """
    autoencoder, planes = config.autoencoder, sum(config.prior.planes)
    codes, dimension = shapes["code_bits"], autoencoder.latent_channels // planes
    fits = dimension * planes == autoencoder.latent_channels
    fits &= shapes["sizes"] == (autoencoder.rate_points, planes)
    fits &= shapes["metric"] == (autoencoder.rate_points, planes, dimension)
    fits &= len(codes) == 1
    fits &= shapes["codewords"] == (*codes, dimension) and shapes["prior/values"][:-1] == codes
    # The networks are built from the configuration, which could ask for more memory than there is.
    fits &= _size(shapes, "encoder/") in (autoencoder.encoder_parameters, 0)
    fits &= _size(shapes, "decoder/") == autoencoder.decoder_parameters
    if not fits:
        raise ModelError("the parts of the model do not fit together")


def _size(shapes: Shapes, prefix: str) -> int:
    """Weights and biases of a network, without the scales of its kernels."""
    own = (shape for name, shape in shapes.items() if name.startswith(prefix) and not name.endswith(SCALE))
    return sum(math.prod(shape) for shape in own)


def _damaged(path: Path) -> ModelError:
    return ModelError(f"{path}: damaged, or not a model file of vqcodec")
