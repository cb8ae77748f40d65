"""Numbers of bytes, as people read them."""

from __future__ import annotations

__all__ = ["readable_size"]


def readable_size(count: float) -> str:
    """So many bytes, in three digits."""
    for unit, scale in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= 0.9995 * scale:  # below that three digits do not round up to it
            return f"{count / scale:.3g} {unit}"
    return f"{count:.0f} bytes"
