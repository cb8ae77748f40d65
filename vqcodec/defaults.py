"""What is used when nothing is asked for; here, so that the command line needs no heavy import to say it."""

from __future__ import annotations

from typing import Literal

__all__ = [
    "DEFAULT_AUDIO_MODEL",
    "DEFAULT_EFFORT",
    "DEFAULT_MODEL",
    "DEFAULT_QUALITY",
    "EFFORTS",
    "EVALUATED_CODECS",
    "EVALUATED_QUALITIES",
    "EVALUATED_RATES",
    "EVALUATED_SOUND_CODECS",
    "Effort",
]

DEFAULT_MODEL = "photo"
DEFAULT_AUDIO_MODEL = "speech"
DEFAULT_QUALITY = 60.0

# How long the codes of a picture are searched for.
Effort = Literal["fast", "normal", "high"]
EFFORTS: tuple[Effort, ...] = ("fast", "normal", "high")
DEFAULT_EFFORT: Effort = "fast"

# What `vqcodec eval rd` measures, of pictures and of sounds. Rates are in kbit/s.
EVALUATED_CODECS = ("vqcodec", "jpeg", "mozjpeg", "webp", "avif", "avif6", "jxl")
EVALUATED_QUALITIES = tuple(float(quality) for quality in range(5, 100, 10))
EVALUATED_SOUND_CODECS = ("vqcodec", "opus")
EVALUATED_RATES = (0.6, 0.8, 1.0, 1.5, 2.0, 3.0, 4.0)
