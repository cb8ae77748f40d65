"""Model files with other contents: arrays and settings that were replaced."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, settings
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from bitstream import ModelError
from tests.helpers.pictures import pictures
from vqcodec import Codec
from vqcodec.codec.loading import for_pictures
from vqcodec.model.file import MAX_BYTES
from vqcodec.model.model import load_model
from vqcodec.model.packed_integers import pack_integers, unpack_integers

__all__ = ["NORMATIVE", "Arrays", "arrays_of", "metadata_of", "rewritten", "signed", "use", "with_tmp_path"]

Arrays = dict[str, NDArray[Any]]

NORMATIVE = ("codewords", "sizes", "prior/")  # what the fingerprint covers

with_tmp_path = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)


def metadata_of(path: Path) -> dict[str, str]:
    with safe_open(path, framework="numpy") as file:
        found: dict[str, str] = file.metadata()
    return found


def arrays_of(path: Path) -> Arrays:
    """The arrays of a file, their integers unpacked."""
    return unpack_integers(load_file(path), metadata_of(path)["shapes"], MAX_BYTES)


def rewritten(
    source: Path, folder: Path, arrays: Mapping[str, NDArray[Any] | None] | None = None, **config: Any
) -> Path:
    """A copy with some arrays replaced (None leaves one out), and some settings of its configuration."""
    kept = {name: array for name, array in {**arrays_of(source), **(arrays or {})}.items() if array is not None}
    metadata = metadata_of(source)
    changed = json.loads(metadata["config"])
    for name, value in config.items():
        both = isinstance(value, dict) and isinstance(changed.get(name), dict)
        changed[name] = changed[name] | value if both else value
    target = folder / "rewritten.safetensors"
    packed, shapes = pack_integers(kept)
    contiguous = {name: np.ascontiguousarray(array) for name, array in packed.items()}
    save_file(contiguous, target, metadata | {"config": json.dumps(changed), "shapes": shapes})
    return signed(target)


def signed(path: Path) -> Path:
    """The file, which has the fingerprint of its arrays now, if all else is right."""
    try:
        load_model(path)
    except ModelError as error:
        if found := re.search("its fingerprint is ([0-9a-f]{16})", str(error)):
            save_file(load_file(path), path, metadata_of(path) | {"fingerprint": found[1]})
    return path


def use(codec: Codec) -> None:
    """Everything that a model of pictures is for."""
    codec = for_pictures(codec)
    codec.decompress(codec.compress(pictures(1, 20, seed=1)[0]))
