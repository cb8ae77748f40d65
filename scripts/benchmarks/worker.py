"""Work within a process: priors and networks. `compare` runs this file with the package of any commit.

It therefore imports nothing from scripts, and takes of vqcodec only what has long been there.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import soundfile
from PIL import Image

import vqcodec

__all__ = ["prior_works", "works_of"]

Works = dict[str, Callable[[], Any]]


def prior_works(prior: Any, indices: Any) -> Works:
    """Decoding, encoding and code lengths of indices, by an entropy model."""
    values, rate_point = indices.values, indices.rate_point
    streams = prior.encode(values, rate_point)
    return {
        "decode": lambda: prior.decode(streams, rate_point, *values.shape[1:]),
        "encode": lambda: prior.encode(values, rate_point),
        "code lengths": lambda: prior.bits(values, rate_point),
    }


def works_of(codec: Any, *original: Any) -> Works:
    """All that is timed of a codec.

    Args:
        codec: for pictures or sound.
        original: what `compress` takes: pixels, or samples and their rate.
    """
    indices = codec.read(codec.compress(*original))
    # Before there was a kernel, the reference in numpy was all there was.
    prior = getattr(codec, "entropy_model", codec.model.prior)
    works = {f"prior: {name}": work for name, work in prior_works(prior, indices).items()}
    works["networks: encode"] = lambda: codec.encode(*original, rate_point=indices.rate_point)
    works["networks: decode"] = lambda: codec.decode(indices)
    return works


def serve() -> None:
    """Tell the names of all works, then run those that standard input names, and tell what each took.

    That is seconds by the clock, and processor time.
    """
    picture, sound = sys.argv[1:]
    with Image.open(picture) as image:
        pixels = np.asarray(image.convert("RGB"))
    samples, rate = soundfile.read(sound, dtype="float32", always_2d=True)
    both = {
        "picture": works_of(vqcodec.load("photo"), pixels),
        "speech": works_of(vqcodec.load("speech"), samples.T, rate),
    }
    works = {f"{kind}, {name}": work for kind, found in both.items() for name, work in found.items()}
    print(json.dumps(list(works)), flush=True)
    for line in sys.stdin:
        started = time.perf_counter(), time.process_time()
        works[line.rstrip("\n")]()
        print(time.perf_counter() - started[0], time.process_time() - started[1], flush=True)


if __name__ == "__main__":
    serve()
