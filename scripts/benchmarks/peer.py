"""A codec of pictures whose speed is measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PIL import Image

__all__ = ["Peer"]


@dataclass(frozen=True)
class Peer:
    """A codec of pictures, or its networks alone.

    Attributes:
        name: for people, with all that its speed depends on.
        encode: an RGB picture to anything that `decode` takes: bytes, if it is a file.
        decode: that to a picture.
    """

    name: str
    encode: Callable[[Image.Image], Any]
    decode: Callable[[Any], Image.Image]
