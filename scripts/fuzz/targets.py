"""The targets by name. What each of them needs is imported when it is asked for."""

from __future__ import annotations

from .target import Target

__all__ = ["NAMES", "target_of"]

NAMES = ("containers", "decodes", "models")


def target_of(name: str) -> Target:
    """One of NAMES."""
    if name == "containers":
        from .containers import containers

        return containers()
    if name == "decodes":
        from .decodes import decodes

        return decodes()
    from .models import models

    return models()
