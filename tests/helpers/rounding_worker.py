"""Codes and decodes under every rounding mode of the processor, and with denormal numbers flushed to zero.

It prints a line of JSON: for each mode what was computed, as hashes, and whether the mode was in force.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

from bitstream import ImageSource, decode_alpha, encode_alpha, unpack
from tests.helpers.codecs import EitherCodec, load_either
from tests.helpers.exactness_worker import exact_results, hashed
from tests.helpers.paths import GOLDEN_FOLDERS, GOLDEN_MODELS
from vqcodec import AudioCodec, Codec, Indices
from vqcodec.codec.cache import CodecCache

# What fesetround takes for each mode, from fenv.h: downward, upward, toward zero.
DIRECTIONS = (0x400, 0x800, 0xC00) if platform.machine() in ("x86_64", "AMD64") else (0x800000, 0x400000, 0xC00000)
DOWN, UP, ZERO = DIRECTIONS
MODES = {"nearest": (0, False), "down": (DOWN, False), "up": (UP, False), "zero": (ZERO, False)}
MODES |= {"flushed": (0, True), "down, flushed": (DOWN, True)}
SMALLEST = np.full(1, 5e-324)


@contextmanager
def processor(rounding: int, flushed: bool) -> Iterator[None]:
    """The block runs with this rounding mode, and with denormal numbers taken for 0 and made 0, or not."""
    libm = ctypes.CDLL("libm.so.6")
    assert libm.fesetround(rounding) == 0
    torch.set_flush_denormal(flushed)
    try:
        yield
    finally:
        libm.fesetround(0)
        torch.set_flush_denormal(False)


def in_force() -> list[bool]:
    """Whether 1/10 is below the number nearest to it, -1/10 above, and the smallest number is 0."""
    ten, tenth = np.full(1, 10.0), float.fromhex("0x1.999999999999ap-4")
    return [bool(1 / ten < tenth), bool(-1 / ten > -tenth), not (SMALLEST * 1).any()]


def golden() -> Iterator[tuple[str, Codec, Indices, bytes]]:
    """Every golden file that is whole: its name, codec, indices and bytes. Models are loaded anew."""
    codecs = CodecCache()
    for folder in GOLDEN_FOLDERS:
        for path in sorted(folder.glob("*.vq")):
            if path.stem != "cut":
                data = path.read_bytes()
                codec = codecs.for_file(unpack(data), GOLDEN_MODELS)
                yield f"{folder.name}/{path.name}", codec, codec.read(data), data


def files() -> dict[str, str]:
    """The indices of the golden files, their alpha, and what they are written to, as hashes."""
    found = {}
    for name, codec, indices, data in golden():
        assert codec.write(indices) == data, name
        found[name] = hashlib.sha256(indices.values.astype("<i4").tobytes()).hexdigest()
        if indices.chunks.alpha:
            assert isinstance(indices.source, ImageSource)
            alpha = decode_alpha(indices.chunks.alpha, indices.source.height, indices.source.width)
            assert encode_alpha(alpha) == indices.chunks.alpha, name
            found[f"{name}, alpha"] = hashed(alpha)
    return found


def drawn(codec: EitherCodec) -> str:
    """Indices that are drawn from the tables."""
    chosen = codec.sample(1, 0.125) if isinstance(codec, AudioCodec) else codec.sample(1, 40, 60)
    return hashed(chosen[0].values)


def made(codec: EitherCodec) -> Callable[[], bytes]:
    """What writes a file of latents as the mode makes them: its choices may be others, but any mode decodes them."""
    rng = np.random.default_rng(7)
    if isinstance(codec, AudioCodec):
        samples = rng.normal(0, 0.1, 3000)
        return lambda: codec.compress(samples, 16_000)
    picture = rng.integers(0, 256, (40, 60, 4)).astype(np.uint8)
    return lambda: codec.compress(picture)


def main(paths: list[str]) -> None:
    report, written = {}, []
    for name, mode in MODES.items():
        with processor(*mode):
            report[name] = {"in force": in_force(), "files": files()}
            for path in paths:
                codec = load_either(path)
                report[name][Path(path).name] = [exact_results(codec), drawn(codec)]
                written.append((path, made(codec)()))
    for path, data in written:
        codec = load_either(path)
        assert codec.write(codec.read(data)) == data
    print(json.dumps(report))


if __name__ == "__main__":
    main(sys.argv[1:])
