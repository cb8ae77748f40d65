"""The codecs for sounds: vqcodec with a model, and Opus."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitstream import InputError
from vqcodec.codec.audio import AudioCodec
from vqcodec.codec.loading import for_sound
from vqcodec.defaults import DEFAULT_AUDIO_MODEL, EVALUATED_RATES, EVALUATED_SOUND_CODECS, Effort
from vqcodec.evaluation.shared.codecs import LOADED, EvaluatedCodec, choose_codecs, evaluated_model
from vqcodec.evaluation.sounds.enhanced_opus import OPUSES
from vqcodec.evaluation.sounds.rate_distortion import SoundCoder

__all__ = ["SoundModelCoder", "choose_sound_codecs"]


@dataclass(frozen=True)
class SoundModelCoder:
    """`vqcodec.AudioCodec`, by the name or path of its model: every process loads it once."""

    model: str

    def load(self) -> None:
        """Load the model."""
        LOADED.named(self.model)

    def compress(self, samples: NDArray[np.float32], sample_rate: int, kbps: float) -> bytes:
        """The bytes of a `.vq` file of `[C, N]`; a target beyond the model's range gives the nearest file."""
        codec = self._codec
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            try:
                return codec.compress(samples, sample_rate, kbps=kbps)
            except InputError:  # no file is so small
                return codec.compress(samples, sample_rate, quality=1)

    def decompress(self, data: bytes) -> tuple[NDArray[np.float32], int]:
        """The sound of a `.vq` file, `[C, M]`, and its sample rate."""
        return self._codec.decompress(data)

    def payload_bytes(self, data: bytes) -> int:
        """The whole file."""
        return len(data)

    @property
    def _codec(self) -> AudioCodec:
        return for_sound(LOADED.named(self.model))


def choose_sound_codecs(
    names: Sequence[str] | None, targets: Sequence[float] | None, model: str | None, _: Effort
) -> tuple[list[EvaluatedCodec[SoundCoder]], list[str]]:
    """The codecs of these names, and notes on those that are not available.

    Args:
        names: of the codecs; None stands for all that are available.
        targets: of vqcodec, in kbit/s; Opus has its own.
        model: of vqcodec, its name or path.

    Raises:
        InputError: a codec was named that is not for sounds, or not available.
        ModelError: as for `vqcodec.load`, or the model is for pictures.
    """

    def ours() -> EvaluatedCodec[SoundCoder]:
        name = model or DEFAULT_AUDIO_MODEL
        for_sound(LOADED.named(name))
        coder: SoundCoder = SoundModelCoder(name)
        return evaluated_model(coder, name, targets or EVALUATED_RATES)

    return choose_codecs(names, EVALUATED_SOUND_CODECS, OPUSES, ours)
