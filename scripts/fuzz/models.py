"""Model files: what loads is exact and finite, is saved as it was, and codes something small."""

from __future__ import annotations

import re
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitstream import ModelError
from vqcodec import AudioCodec, Codec, ImageCodec
from vqcodec.codec.loading import codec_of
from vqcodec.model.model import Model, load_model

from .model_file import read_model_file, write_model_file
from .model_mutations import EXACT, LARGEST_INPUT, mutate_model
from .seeds import model_files
from .target import MIB, Target, demand

__all__ = ["models"]

MEMORY, MEMORY_A_BYTE = 64 * MIB, 110  # of a model, as docs/FORMAT.md says
RNG = np.random.default_rng(0)
PICTURE = RNG.integers(0, 256, (48, 64, 3), dtype=np.uint8)
SOUND = RNG.normal(0, 0.1, 700).astype(np.float32)
SOUND_RATE = 16_000


def models() -> Target:
    """Loading of models, and a short use of them."""
    return Target(
        whole=model_files(),
        damaged=(),
        mutate=mutate_model,
        judge=partial(judge, tempfile.TemporaryDirectory()),
        refusals=(ModelError,),
        memory=MEMORY,
        memory_a_byte=MEMORY_A_BYTE,
        seconds=1,
        batch=100,
    )


def judge(folder: tempfile.TemporaryDirectory[str], data: bytes) -> None:
    """Load a model, and use it."""
    path = Path(folder.name) / "model.safetensors"
    path.write_bytes(data)
    codec = codec_of(_load(path))  # `load` would look at the bundled models, too
    arrays = _arrays(data)
    _judge_exactness(arrays)
    demand(all(np.isfinite(each).all() for each in arrays.values() if each.dtype.kind == "f"), "a value is not finite")
    _judge_saving(codec, Path(folder.name) / "saved.safetensors")
    _judge_coding(codec)


def _load(path: Path) -> Model:
    """Load a model; if nothing but its fingerprint is wrong, with the right one, as hostile files have it."""
    try:
        return load_model(path)
    except ModelError as error:
        found = re.search("its fingerprint is ([0-9a-f]{16})", str(error))
        if found is None:
            raise
    file = read_model_file(path.read_bytes())
    file.metadata["fingerprint"] = found[1]
    path.write_bytes(write_model_file(file))
    return load_model(path)


def _arrays(data: bytes) -> dict[str, NDArray[Any]]:
    """The arrays of a model that was loaded."""
    return {name: array.values() for name, array in read_model_file(data).arrays.items()}


def _judge_exactness(arrays: dict[str, NDArray[Any]]) -> None:
    """`sum |w| max |a| + |b|` stays below 2**23 for every output of every layer of the prior."""
    for name in arrays:
        if name.startswith("prior/") and name.endswith("/weight"):
            weight = arrays[name].astype(np.int64)
            bias = arrays[name.removesuffix("weight") + "bias"].astype(np.int64)
            sums = LARGEST_INPUT * np.abs(weight).sum(0) + np.abs(bias).max(0)
            demand(sums.max(initial=0) < EXACT, f"{name} may leave the range in which sums are exact")


def _judge_saving(codec: Codec, path: Path) -> None:
    """What is saved loads, has the same normative part, and is saved as it is."""
    codec.model.save(path)
    saved = read_model_file(path.read_bytes())
    again = load_model(path)
    demand(again.fingerprint == codec.model.fingerprint, "a model is saved as another one")
    again.save(path)
    demand(read_model_file(path.read_bytes()) == saved, "a model that was saved is saved otherwise")


def _judge_coding(codec: Codec) -> None:
    """Indices come back, and have the size of what they are of."""
    if isinstance(codec, AudioCodec):
        data = codec.compress(SOUND, SOUND_RATE)
        samples, _ = codec.decompress(data)
        demand(samples.shape == (1, len(SOUND)), "the recording has another length")
    elif isinstance(codec, ImageCodec):
        data = codec.compress(PICTURE)
        size = codec.decompress(data).size
        demand(size == PICTURE.shape[1::-1], "the picture has another size")
    demand(codec.write(codec.read(data)) == data, "a file is written as another one")
