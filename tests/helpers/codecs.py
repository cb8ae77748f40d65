"""Codecs of either modality."""

from __future__ import annotations

from pathlib import Path

from vqcodec import AudioCodec, Codec, ImageCodec, load

__all__ = ["EitherCodec", "either", "load_either"]

EitherCodec = ImageCodec | AudioCodec


def either(codec: Codec) -> EitherCodec:
    """The codec, which is of one of the two."""
    assert isinstance(codec, EitherCodec)
    return codec


def load_either(model: str | Path) -> EitherCodec:
    """The codec of a model that may be of either modality."""
    return either(load(model))
