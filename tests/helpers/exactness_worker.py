"""One cell of the exactness matrix: a process that codes under the settings that its environment asks for.

It prints a line of JSON: what it computed, as hashes. After a line on its standard input it reads the files of all
cells, and prints another one: the indices that it found, as hashes.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tests.helpers.codecs import EitherCodec, load_either
from tests.helpers.cpu_features import FEATURES
from tests.helpers.priors import random_indices
from vqcodec import AudioCodec
from vqcodec.prior.pixelcnn import PixelCNN
from vqcodec.prior.wavenet import WaveNet

HEIGHT, WIDTH = 3, 4


def hashed(*parts: Any) -> str:
    """Of bytes, or of arrays with their types and shapes."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            digest.update(f"{part.dtype} {part.shape}".encode())
        digest.update(part if isinstance(part, bytes) else np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()[:16]


def tables(prior: PixelCNN | WaveNet, indices: np.ndarray, rate: int) -> list[np.ndarray]:
    """All frequency tables of indices."""
    found: list[np.ndarray] = []
    if isinstance(prior, WaveNet):
        for _, hidden in prior.hidden(indices, rate):
            found += [table for _, table in prior._heads[rate](hidden, range(len(hidden)))]
        return found
    for network, planes, own in prior.hidden(indices, rate):
        found += prior._tables(network, planes, own, rate).values()
    return found


def exact_results(codec: EitherCodec) -> dict[str, str]:
    """Hashes that must be the same in all cells."""
    prior, results = codec.model.prior, {"fingerprint": codec.model.fingerprint.hex()}
    for rate in {0, len(prior.sizes) - 1}:
        indices = random_indices(prior, rate, HEIGHT, WIDTH)
        results[f"tables at {rate}"] = hashed(*tables(prior, indices, rate))
        for batch in [(None,), (1,)] if isinstance(prior, PixelCNN) else [()]:
            streams = prior.encode(indices, rate, *batch)
            decoded = prior.decode(streams, rate, HEIGHT, WIDTH, *batch)
            assert (decoded == indices).all()
            results[f"streams at {rate} in batches of {batch}"] = hashed(*streams)
        # The kernel of the cell, or numpy once more.
        streams = codec.entropy_model.encode(indices, rate)
        assert (codec.entropy_model.decode(streams, rate, HEIGHT, WIDTH) == indices).all()
        results[f"streams of the kernel at {rate}"] = hashed(*streams)
        chances = [each.astype(np.int64) for *_, each in codec.entropy_model.chances(indices, rate)]
        costs = [each for *_, each in codec.entropy_model.costs(indices, rate)]
        results[f"likelihoods of the kernel at {rate}"] = hashed(*chances, *costs)
    return results


def write_files(codec: EitherCodec, folder: Path, prefix: str) -> dict[str, str]:
    """Compress the picture, or the voice; the name of each file, and the hash of its indices."""
    written = {}
    for quality in (1, 100):
        path = folder / f"{prefix} {quality}.vq"
        chosen = codec.settings(quality)
        if isinstance(codec, AudioCodec):
            indices = codec.encode(np.load(folder / "voice.npy"), 22_050, chosen.lambda_, chosen.rate_point)
        else:
            indices = codec.encode(np.load(folder / "picture.npy"), chosen.lambda_, chosen.rate_point)
        path.write_bytes(codec.write(indices))
        written[path.name] = hashed(indices.values)
    return written


def main(cell: str, precision: str, folder: Path) -> None:
    torch.set_float32_matmul_precision(precision)
    codecs = {path.stem: load_either(path) for path in sorted(folder.glob("*.safetensors"))}
    files: dict[str, str] = {}
    report = {
        "capability": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "evaluation": type(next(iter(codecs.values())).entropy_model).__module__,
        "simd": sorted(name for name, used in FEATURES.items() if used),
        "exact": {name: exact_results(codec) for name, codec in codecs.items()},
        "files": files,
    }
    for name, codec in codecs.items():
        files |= write_files(codec, folder, f"{name} {cell}")
    print(json.dumps(report), flush=True)
    sys.stdin.readline()
    found = {}
    for path in sorted(folder.glob("*.vq")):
        codec = codecs[path.name.split()[0]]
        indices = codec.read(path.read_bytes())
        codec.decode(indices)
        found[path.name] = hashed(indices.values)
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
