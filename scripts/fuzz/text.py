"""What docs/FORMAT.md says of a file: the second decoder of tests/second_decoder, which was written from it alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bitstream import VqcodecError
from tests.second_decoder.alpha import read_alpha
from tests.second_decoder.byte_reader import FormatError
from tests.second_decoder.container import Picture, Sound, read_container
from tests.second_decoder.indices import decode_indices
from tests.second_decoder.metadata import read_metadata
from tests.second_decoder.model_file import ModelFile
from tests.second_decoder.overlay import read_overlay

from .target import demand

__all__ = [
    "FormatError",
    "ModelFile",
    "Picture",
    "Sound",
    "decode_indices",
    "read_alpha",
    "read_container",
    "read_metadata",
    "read_overlay",
    "same",
]


def same(read: Callable[[], Any], by_the_text: Callable[[], Any]) -> Any:
    """What both decoders give; the error of `read` if both refuse, and Finding if they do not agree."""
    try:
        expected = by_the_text()
    except FormatError:
        expected = None
    try:
        found = read()
    except VqcodecError as error:
        demand(expected is None, f"what is right is refused: {error}")
        raise
    demand(expected is not None, "what is wrong is accepted")
    demand(np.array_equal(found, expected), "something is read as something else than it is")
    return found
