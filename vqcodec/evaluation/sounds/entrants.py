"""What is measured on sounds: vqcodec with a model, and Opus."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

import vqcodec
from bitstream import InputError
from vqcodec.codec.loading import for_sound
from vqcodec.defaults import DEFAULT_AUDIO_MODEL, EVALUATED_RATES, EVALUATED_SOUND_CODECS, Effort
from vqcodec.evaluation.pictures.entrants import Entrant, choose_among, entrant_of_model
from vqcodec.evaluation.sounds.enhanced_opus import OPUSES
from vqcodec.evaluation.sounds.rate_distortion import SoundCodec

__all__ = ["choose_sound_entrants"]


@dataclass(frozen=True)
class SoundModelCodec:
    """`vqcodec.AudioCodec` by the name of its model: it loads where it is used, once in each process."""

    model: str

    def load(self) -> None:
        """Load the model."""
        _load(self.model)

    def compress(self, samples: NDArray[np.float32], sample_rate: int, kbps: float) -> bytes:
        """The bytes of a `.vq` file; a target out of the model's range gives the end of this."""
        codec = _load(self.model)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            try:
                return codec.compress(samples, sample_rate, kbps=kbps)
            except InputError:  # no file is so small
                return codec.compress(samples, sample_rate, quality=1)

    def decompress(self, data: bytes) -> tuple[NDArray[np.float32], int]:
        """The sound of a `.vq` file."""
        return _load(self.model).decompress(data)

    def payload_bytes(self, data: bytes) -> int:
        """The whole file."""
        return len(data)


@cache
def _load(model: str) -> vqcodec.AudioCodec:
    return for_sound(vqcodec.load(model))


def choose_sound_entrants(
    names: Sequence[str] | None, rates: Sequence[float] | None, model: str | None, _: Effort
) -> tuple[list[Entrant[SoundCodec]], list[str]]:
    """The codecs for sounds of these names, and notes on those that are missing; None stands for all that are there.

    Raises:
        InputError: a codec that was named is not available.
        ModelError: as for `vqcodec.load`, or the model is for pictures.
    """

    def ours() -> Entrant[SoundCodec]:
        name = model or DEFAULT_AUDIO_MODEL
        return entrant_of_model(SoundModelCodec(name), name, _load(name).model, rates or EVALUATED_RATES)

    return choose_among(names, EVALUATED_SOUND_CODECS, OPUSES, ours)
