"""What is used when nothing is asked for; here, so that the command line needs no heavy import to say it."""

from __future__ import annotations

__all__ = ["DEFAULT_MODEL", "DEFAULT_QUALITY", "EVALUATED_CODECS", "EVALUATED_QUALITIES"]

DEFAULT_MODEL = "photo"
DEFAULT_QUALITY = 60.0

# What `vqcodec eval rd` measures.
EVALUATED_CODECS = ("vqcodec", "jpeg", "webp", "avif", "jxl")
EVALUATED_QUALITIES = tuple(float(quality) for quality in range(5, 100, 10))
