"""Sounds that callers from Python give, as arrays or files -> blocks of samples."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from bitstream.errors import InputError
from vqcodec.media.sounds.arrays import samples_array
from vqcodec.media.sounds.recordings import RecordingReader
from vqcodec.system.arguments import whole_number

__all__ = ["SamplesOrFile", "recorded"]

Samples = NDArray[np.float32]
SamplesOrFile = NDArray[np.generic] | bytes | str | os.PathLike[str]


@contextmanager
def recorded(samples: SamplesOrFile, sample_rate: int | None) -> Iterator[tuple[Iterable[Samples], int]]:
    """The blocks and the sample rate of an array, or of a file; UserWarnings say what is lost when that is read."""
    given = None if sample_rate is None else whole_number(sample_rate, "a sample rate")
    if not isinstance(samples, (bytes, str, os.PathLike)):
        if given is None:
            raise InputError("samples need a sample rate")
        yield [samples_array(samples, given)], given
        return
    with RecordingReader(samples) as reader:
        if given not in (None, reader.sample_rate):
            raise InputError(f"the file has {reader.sample_rate} samples a second, not {given}")
        yield reader.blocks(), reader.sample_rate
        for text in reader.notes:
            warnings.warn(text, stacklevel=4)
