"""What is used when nothing is asked for; here, so that the command line needs no heavy import to say it."""

from __future__ import annotations

__all__ = ["DEFAULT_MODEL", "DEFAULT_QUALITY"]

DEFAULT_MODEL = "photo"
DEFAULT_QUALITY = 60.0
